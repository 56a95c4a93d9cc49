# SPDX-License-Identifier: MIT
"""CozeLoop's own way: a client by variables alone, which asks for a prompt."""

import cozeloop

client = cozeloop.new_client()
client.get_prompt("none")
client.close()

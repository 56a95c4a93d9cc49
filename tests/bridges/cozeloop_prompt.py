# SPDX-License-Identifier: MIT
"""CozeLoop's own way: a client by variables alone, which asks for a prompt."""

import cozeloop

client = cozeloop.new_client()
assert client.get_prompt("greeting").version == "0.0.1"
client.close()

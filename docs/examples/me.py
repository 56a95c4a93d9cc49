# SPDX-License-Identifier: MIT
# keyturn run work -- python3 me.py: Coze's own way, by variables.
import os

from cozepy import Coze, TokenAuth

coze = Coze(auth=TokenAuth(os.environ["COZE_API_TOKEN"]), base_url=os.environ["COZE_API_BASE"])
print(coze.users.me().user_name)

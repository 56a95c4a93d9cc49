# SPDX-License-Identifier: MIT
# python3 me_for_long.py, with bridges/python: a fresh token at each call.
import sys

from keyturn.coze import connect

coze = connect(sys.argv[1] if len(sys.argv) > 1 else None)
print(coze.users.me().user_name)

# SPDX-License-Identifier: MIT
"""cozepy over a socket that keyturn lends: over_socket.py SOCKET prints who it is and what it hears."""

import sys

import httpx
from cozepy import Coze, Message, SyncHTTPClient, TokenAuth

transport = httpx.HTTPTransport(uds=sys.argv[1])
coze = Coze(
    auth=TokenAuth("keyturn"),
    base_url="http://coze",
    http_client=SyncHTTPClient(transport=transport),
)
stream = coze.chat.stream(
    bot_id="7",
    user_id="me",
    additional_messages=[Message.build_user_question_text("hello")],
)
said = "".join(event.message.content for event in stream if event.event.endswith("delta"))
print(coze.users.me().user_name, said)

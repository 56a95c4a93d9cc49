# SPDX-License-Identifier: MIT
# keyturn run app --app -- python3 jwt_app.py: a program that signs for its service app itself.
import os

from cozepy import Coze, JWTAuth, JWTOAuthApp

with open(os.environ["COZE_JWT_OAUTH_PRIVATE_KEY_FILE_PATH"]) as file:
    private_key = file.read()
base_url = os.environ["COZE_API_BASE"]
app = JWTOAuthApp(
    client_id=os.environ["COZE_JWT_OAUTH_CLIENT_ID"],
    private_key=private_key,
    public_key_id=os.environ["COZE_JWT_OAUTH_PUBLIC_KEY_ID"],
    base_url=base_url,
)
coze = Coze(auth=JWTAuth(oauth_app=app), base_url=base_url)
print(coze.users.me().user_name)

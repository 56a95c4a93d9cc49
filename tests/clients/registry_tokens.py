# SPDX-License-Identifier: MIT
"""The token service of a registry: registry_tokens.py KEY CERTIFICATE USER PASSWORD. It answers the
password with a JWT for what was asked (the distribution specification's token authentication)."""

import base64
import http.server
import json
import subprocess
import sys
import time
import urllib.parse

key, certificate, user, password = sys.argv[1:]
basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
chain = "".join(open(certificate, encoding="ascii").read().splitlines()[1:-1])


def encode(part):
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def sign(claims):
    body = encode({"typ": "JWT", "alg": "RS256", "x5c": [chain]}) + b"." + encode(claims)
    signature = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", key], input=body, stdout=subprocess.PIPE, check=True
    ).stdout
    return (body + b"." + encode(signature)).decode()


def token(query):
    now = int(time.time())
    scopes = [word for scope in query.get("scope", []) for word in scope.split()]
    access = [
        {"type": kind, "name": name, "actions": actions.split(",")}
        for kind, name, actions in (scope.split(":", 2) for scope in scopes)
    ]
    claims = {"iss": "tokens", "sub": user, "aud": "parcels", "jti": str(now), "access": access}
    return sign({**claims, "iat": now - 60, "nbf": now - 60, "exp": now + 600})


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, query, is_right):
        body = json.dumps({"token": token(query), "access_token": token(query)} if is_right else {})
        self.send_response(200 if is_right else 401)
        if not is_right:
            self.send_header("WWW-Authenticate", 'Basic realm="tokens"')
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        self.answer(query, self.headers.get("Authorization") == basic)

    def do_POST(self):
        fields = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answer(fields, fields.get("username") == [user] and fields.get("password") == [password])

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()

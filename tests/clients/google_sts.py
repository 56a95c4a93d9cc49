# SPDX-License-Identifier: MIT
"""A token service (RFC 8693) that exchanges the one token of its argument, as Google's does."""

import http.server
import json
import sys
import urllib.parse

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"


def refusal(fields):
    wanted = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requested_token_type": ACCESS_TOKEN,
        "subject_token_type": JWT,
        "subject_token": sys.argv[1],
    }
    if any(len(values) != 1 for values in fields.values()) or "audience" not in fields:
        return "invalid_request"
    for name, value in wanted.items():
        if fields.get(name) != [value]:
            return "invalid_grant" if name == "subject_token" else "invalid_request"
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        error = refusal(urllib.parse.parse_qs(body))
        answer = {
            "access_token": "ya29.from-the-token-service",
            "issued_token_type": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": 3600,
        }
        print(error or "exchanged", file=sys.stderr, flush=True)
        encoded = json.dumps({"error": error} if error else answer).encode()
        self.send_response(400 if error else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def log_message(self, *arguments):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()

# SPDX-License-Identifier: MIT
"""A registry of npm with one package: pnpm_registry.py TARBALL TOKEN."""

import base64
import hashlib
import http.server
import json
import sys

tarball = open(sys.argv[1], "rb").read()
integrity = "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()


class Registry(http.server.BaseHTTPRequestHandler):
    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.headers.get("Authorization") != f"Bearer {sys.argv[2]}":
            self.answer(401, "application/json", b'{"error":"unauthorized"}')
        elif self.path.endswith(".tgz"):
            self.answer(200, "application/octet-stream", tarball)
        else:
            url = f"http://{self.headers['Host']}/parcel/-/parcel-1.0.0.tgz"
            version = {
                "name": "parcel",
                "version": "1.0.0",
                "dist": {"tarball": url, "integrity": integrity},
            }
            document = {
                "name": "parcel",
                "dist-tags": {"latest": "1.0.0"},
                "versions": {"1.0.0": version},
                "time": {"1.0.0": "2020-01-01T00:00:00.000Z"},
            }
            self.answer(200, "application/json", json.dumps(document).encode())

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
print(server.server_port, flush=True)
server.serve_forever()

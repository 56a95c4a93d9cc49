# SPDX-License-Identifier: MIT
"""Services of one machine, for tools that log in: a registry of images, one of packages, git.

plain_services.py FILE: writes its port into FILE. Each asks for one password or token, and says who
came: the lines of FILE.seen are METHOD PATH STATUS.
"""
import base64
import http.server
import os
import sys

BASIC = "Basic " + base64.b64encode(b"me:real-pass").decode()
BEARER = "Bearer npm_real0123456789abcdef"
REFS = b"0123456789012345678901234567890123456789\trefs/heads/main\n"


class Services(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"{}", kind="application/json", headers=()):
        with open(sys.argv[1] + ".seen", "a", encoding="utf-8") as seen:
            seen.write("%s %s %d\n" % (self.command, self.path, status))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        given = self.headers.get("Authorization")
        path = self.path.split("?")[0]
        if path == "/-/whoami":
            self.answer(200 if given == BEARER else 401, b'{"username":"me"}')
        elif given != BASIC:
            self.answer(401, headers=[("WWW-Authenticate", 'Basic realm="test"')])
        elif path == "/v2/app/tags/list":
            self.answer(200, b'{"name":"app","tags":["one"]}')
        elif path.startswith("/v2"):
            self.answer(200, headers=[("Docker-Distribution-Api-Version", "registry/2.0")])
        elif path == "/code.git/info/refs":
            self.answer(200, REFS, "text/plain")
        else:
            self.answer(404, b"")

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Services)
with open(sys.argv[1] + ".new", "w", encoding="utf-8") as port:
    port.write("%d\n" % server.server_port)
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()

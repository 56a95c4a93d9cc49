# SPDX-License-Identifier: MIT
"""For tests/clients/go.sh: a forge that is reached through itself as a proxy.

usage: go_forge.py DIRECTORY HOST KEY CERTIFICATE TOKEN

Its first line of output is its port. Each CONNECT, whatever host it names, gets TLS of HOST. There a
module's page takes the token as Bearer, and the files of its git repository take it as a password;
each request's path and scheme is a line of stderr.
"""

import base64
import http.server
import os
import ssl
import sys
import urllib.parse

directory, host, key, certificate, token = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self):
        self.send_response(200)
        self.end_headers()
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def has(self, scheme):
        named, _, proof = self.headers.get("Authorization", "").partition(" ")
        print(urllib.parse.urlsplit(self.path).path, named or "none", file=sys.stderr, flush=True)
        if named == "Basic":
            proof = base64.b64decode(proof).decode().partition(":")[2]
        return named == scheme and proof == token

    def page(self):
        path = urllib.parse.urlsplit(self.path).path
        if urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("go-get"):
            if not self.has("Bearer"):
                return 401, "Bearer", b""
            module = host + path
            return 200, None, f'<meta name="go-import" content="{module} git https://{module}.git">'.encode()
        if not self.has("Basic"):
            return 401, 'Basic realm="forge"', b""
        try:
            with open(os.path.join(directory, os.path.normpath(path).lstrip("/")), "rb") as file:
                return 200, None, file.read()
        except OSError:
            return 404, None, b""

    def do_GET(self):
        status, challenge, body = self.page()
        self.send_response(status)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()

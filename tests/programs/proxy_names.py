# SPDX-License-Identifier: MIT
"""
proxy_names.py DIRECTORY ADDRESS CERTIFICATE KEY: a name server on ADDRESS, for which every name is
127.0.0.1, and an HTTPS server there that answers everything. DIRECTORY/mode says what the name server
does: answer, fail or silent. DIRECTORY/port is there when both listen.
"""

import http.server
import os
import socket
import ssl
import sys
import threading

DIRECTORY, ADDRESS, CERTIFICATE, KEY = sys.argv[1:]


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *words):
        pass


def mode():
    with open(DIRECTORY + "/mode") as file:
        return file.read().strip()


def answer(query):
    """RFC 1035, 4.1: the question again, with an address where IPv4's was asked for."""
    end = query.index(b"\0", 12) + 5
    question = query[12:end]
    has_address = mode() == "answer" and question[-4:-2] == b"\0\1"
    flags = b"\x81\x80" if mode() == "answer" else b"\x81\x82"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x7f\0\0\1" if has_address else b""
    return query[:2] + flags + b"\0\1" + bytes((0, has_address)) + b"\0\0\0\0" + question + record


names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind((ADDRESS, 53))
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(DIRECTORY + "/port.new", "w") as file:
    file.write(str(server.server_port))
os.rename(DIRECTORY + "/port.new", DIRECTORY + "/port")
while True:
    query, peer = names.recvfrom(512)
    if mode() != "silent":
        names.sendto(answer(query), peer)

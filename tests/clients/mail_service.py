# SPDX-License-Identifier: MIT
"""What a mail server asks: mail_service.py MAILBOX TOKEN. Tells whose a token is (as RFC 7662 does), and
takes letters by SMTP, which it writes to stderr. Prints the two ports."""

import http.server
import json
import socketserver
import sys
import threading

mailbox, token = sys.argv[1:]


class Introspection(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_good = self.headers.get("Authorization") == f"Bearer {token}"
        answer = {"active": "true", "username": mailbox} if is_good else {"active": "false"}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Letters(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 letters\r\n")
        is_letter = False
        for line in self.rfile:
            if is_letter:
                is_letter = line != b".\r\n"
                print(line.decode().rstrip(), file=sys.stderr, flush=True)
                if not is_letter:
                    self.wfile.write(b"250 kept\r\n")
                continue
            word = line[:4].upper()
            is_letter = word == b"DATA"
            self.wfile.write(b"354 go on\r\n" if is_letter else b"250 letters\r\n")
            if word == b"QUIT":
                return


introspection = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Introspection)
letters = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Letters)
letters.daemon_threads = True
threading.Thread(target=letters.serve_forever, daemon=True).start()
print(introspection.server_port, letters.server_address[1], flush=True)
introspection.serve_forever()

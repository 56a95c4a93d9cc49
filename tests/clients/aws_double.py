# SPDX-License-Identifier: MIT
"""For tests/clients/aws.sh: AWS's STS and S3 over TLS, as far as a signature goes.

usage: aws_double.py KEY CERTIFICATE KEY_ID SECRET

Its first line of output is its port. A request is answered if it is signed by signature version 4 with
that secret, which is computed here by the rules that AWS publishes.
"""

import hashlib
import hmac
import http.server
import re
import ssl
import sys
import urllib.parse

key, certificate, key_id, secret = sys.argv[1:]
NAMESPACE = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
IDENTITY = f"""<GetCallerIdentityResponse {NAMESPACE}><GetCallerIdentityResult>
<Arn>arn:aws:iam::1:user/u</Arn><UserId>u</UserId><Account>1</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
REFUSAL = "<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>"


def sign(key_bytes, text):
    return hmac.new(key_bytes, text.encode(), hashlib.sha256).digest()


def is_signed(method, path, headers, body):
    found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/([^/]+)/aws4_request, "
                         r"SignedHeaders=([^,]+), Signature=([0-9a-f]+)", headers.get("Authorization", ""))
    if not found or found[1] != key_id:
        return False
    place, _, query = path.partition("?")
    names = found[5].split(";")
    pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
    request = "\n".join([
        method, place, "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs),
        *(f"{name}:{' '.join(headers[name].split())}" for name in names), "", found[5],
        headers.get("X-Amz-Content-SHA256") or hashlib.sha256(body).hexdigest()])
    scope = f"{found[2]}/{found[3]}/{found[4]}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", headers["X-Amz-Date"], scope,
                      hashlib.sha256(request.encode()).hexdigest()])
    signer = f"AWS4{secret}".encode()
    for part in (found[2], found[3], found[4], "aws4_request"):
        signer = sign(signer, part)
    return hmac.compare_digest(sign(signer, text).hex(), found[6])


def quote(text):
    return urllib.parse.quote(text, safe="-_.~")


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        passed = is_signed(self.command, self.path, self.headers, body)
        text = "kept by the double" if self.command == "GET" else IDENTITY
        refusal = REFUSAL if self.command == "GET" else f"<ErrorResponse>{REFUSAL}</ErrorResponse>"
        content = (text if passed else refusal).encode()
        self.send_response(200 if passed else 403)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = answer
    do_POST = answer

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()

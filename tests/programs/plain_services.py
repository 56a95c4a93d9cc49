# SPDX-License-Identifier: MIT
"""Services of one machine, for tools that log in: a registry of images, those of npm, cargo and pip,
git, and, as a proxy, github.com with its API.

plain_services.py FILE [CERTIFICATE-AND-KEY]: writes its port into FILE. Each asks for one password or
token, and says who came: the lines of FILE.seen are METHOD PATH STATUS.
"""
import base64
import hashlib
import http.server
import io
import json
import os
import ssl
import sys
import zipfile

BASIC = "Basic " + base64.b64encode(b"me:real-pass").decode()
BEARER = "Bearer npm_real0123456789abcdef"
CARGO = "cargo_real0123456789"
GITHUB = "gho_real0123456789abcdef0123456789abcdef"
# The token counts there; gh gives git a user name of its own.
GITHUB_BASIC = ["Basic " + base64.b64encode(f"{user}:{GITHUB}".encode()).decode()
                for user in ("octo", "x-access-token")]
REPOSITORY = {"id": "1", "name": "empty", "owner": {"login": "octo"}, "hasWikiEnabled": False,
              "viewerPermission": "WRITE", "defaultBranchRef": {"name": "main"}, "parent": None}
REFS = b"0123456789012345678901234567890123456789\trefs/heads/main\n"
IMAGE = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
IMAGE_DIGEST = "sha256:" + hashlib.sha256(IMAGE).hexdigest()
CRATE = {"name": "private-thing", "vers": "1.0.0", "deps": [], "cksum": "0" * 64, "features": {},
         "yanked": False}


def make_wheel():
    info = "parcel-1.0.dist-info"
    bytes_of = io.BytesIO()
    with zipfile.ZipFile(bytes_of, "w") as wheel:
        wheel.writestr("parcel.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: parcel\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL",
                       "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        files = ["parcel.py", f"{info}/METADATA", f"{info}/WHEEL", f"{info}/RECORD"]
        wheel.writestr(f"{info}/RECORD", "".join(file + ",,\n" for file in files))
    return bytes_of.getvalue()


class Services(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host = None  # whom the proxy is asked for; None: nobody

    # docker tries TLS first, and tells by the answer's first bytes that there is none.
    def parse_request(self):
        if self.raw_requestline[:1] != b"\x16":
            return super().parse_request()
        self.wfile.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        self.close_connection = True
        return False

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

    def read_body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def answer_github(self, path):
        given = self.headers.get("Authorization", "")
        if self.host == "github.com":
            refs = b"" if path.startswith("/octo/empty.git/") else REFS
            if given in GITHUB_BASIC:
                self.answer(*((200, refs) if path.endswith("/info/refs") else (404, b"")), "text/plain")
            else:
                self.answer(401, headers=[("WWW-Authenticate", 'Basic realm="GitHub"')])
        elif given != f"token {GITHUB}":
            self.answer(401, b'{"message":"Bad credentials"}')
        elif path.endswith("/graphql"):
            data = {"viewer": {"login": "octo"}, "repository": REPOSITORY}
            self.answer(200, json.dumps({"data": data}).encode())
        else:
            self.answer(200, b'{"login":"octo"}', headers=[("X-OAuth-Scopes", "repo, read:org, gist")])

    def answer_cargo(self, path):
        base = f"http://{self.headers['Host']}"
        if self.headers.get("Authorization") != CARGO:
            self.answer(401)
        elif path == "/crates/config.json":
            config = {"dl": f"{base}/dl", "api": base, "auth-required": True}
            self.answer(200, json.dumps(config).encode())
        else:
            self.answer(200, json.dumps(CRATE).encode() + b"\n", "text/plain")

    def answer_basic(self, path):
        if self.headers.get("Authorization") != BASIC:
            self.answer(401, headers=[("WWW-Authenticate", 'Basic realm="test"')])
        elif path == "/v2/app/tags/list":
            self.answer(200, b'{"name":"app","tags":["one"]}')
        elif path == "/v2/app/manifests/one":
            kind = "application/vnd.docker.distribution.manifest.v2+json"
            blob = {"mediaType": "application/vnd.docker.container.image.v1+json",
                    "size": len(IMAGE), "digest": IMAGE_DIGEST}
            manifest = {"schemaVersion": 2, "mediaType": kind, "config": blob, "layers": []}
            self.answer(200, json.dumps(manifest).encode(), kind)
        elif path == "/v2/app/blobs/" + IMAGE_DIGEST:
            self.answer(200, IMAGE, "application/octet-stream")
        elif path.startswith("/v2"):
            self.answer(200, headers=[("Docker-Distribution-Api-Version", "registry/2.0")])
        elif path.endswith(".git/info/refs"):
            self.answer(200, REFS, "text/plain")
        elif path == "/simple/parcel/":
            self.answer(200, b'<a href="/parcel-1.0-py3-none-any.whl">parcel</a>', "text/html")
        elif path.endswith(".whl"):
            self.answer(200, make_wheel(), "application/zip")
        else:
            self.answer(404, b"")

    def do_GET(self):
        path = self.path.split("?")[0]
        if self.host:
            self.answer_github(path)
        elif path == "/-/whoami":
            given = self.headers.get("Authorization")
            self.answer(200 if given == BEARER else 401, b'{"username":"me"}')
        elif path.startswith("/crates/"):
            self.answer_cargo(path)
        else:
            self.answer_basic(path)

    do_HEAD = do_GET

    def do_POST(self):
        self.read_body()
        if self.host:
            self.answer_github(self.path)
        else:
            self.answer(404)

    # npm login: the user's document holds the password.
    def do_PUT(self):
        document = json.loads(self.read_body() or b"{}")
        passed = (document.get("name"), document.get("password")) == ("me", "real-pass")
        token = {"ok": True, "token": BEARER.split()[1]}
        self.answer(201 if passed else 401, json.dumps(token if passed else {}).encode())

    def do_CONNECT(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2])
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.wfile.flush()
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.host = self.path.split(":")[0]
        self.close_connection = False
        while not self.close_connection:
            self.handle_one_request()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Services)
with open(sys.argv[1] + ".new", "w", encoding="utf-8") as port:
    port.write("%d\n" % server.server_port)
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()

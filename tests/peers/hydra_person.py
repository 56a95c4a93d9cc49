#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Ory Hydra and the pages that it leaves to others: a login and a consent, at each of which a button
# is pressed.
#
#   hydra_person.py PROGRAM DIR GRACE PUBLIC-PORT ADMIN-PORT
#
# GRACE is for how long a spent refresh token is taken. DIR/server.json says where both are. GET
# /reuse logs in a client of its own, presents a refresh token twice and tells both statuses; POST
# /end is an administrator who takes back what the person allowed.

import http.cookiejar
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

program, directory, grace, public_port, admin_port = sys.argv[1:6]
FORM = """<!doctype html><title>%s</title><form method="post" action="%s">
<button id="accept">Go on</button></form>"""
open_url = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def admin(method, path, body=None):
    request = urllib.request.Request(
        f"http://127.0.0.1:{admin_port}/admin{path}", method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"})
    with open_url(request) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def accept(kind, challenge):
    """Where the browser goes on to."""
    path = f"/oauth2/auth/requests/{kind}"
    asked = admin("GET", f"{path}?{kind}_challenge={challenge}")
    said = {"subject": "tester"} if kind == "login" else {"grant_scope": asked["requested_scope"]}
    return admin("PUT", f"{path}/accept?{kind}_challenge={challenge}", said)["redirect_to"]


def token(**fields):
    data = urllib.parse.urlencode(fields).encode()
    try:
        with open_url(f"{issuer}/oauth2/token", data) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None


def reuse():
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)
    redirect = f"http://127.0.0.1:{page_port}/callback"
    asked = urllib.parse.urlencode({
        "response_type": "code", "client_id": "reuse", "redirect_uri": redirect,
        "scope": "openid offline_access", "state": "state-of-tests"})
    with browser.open(f"{issuer}/oauth2/auth?{asked}") as answer:
        code = answer.read().decode()
    first = token(grant_type="authorization_code", client_id="reuse", code=code,
                  redirect_uri=redirect)[1]
    again = {"grant_type": "refresh_token", "client_id": "reuse",
             "refresh_token": first["refresh_token"]}
    return "".join(f"{token(**again)[0]}\n" for time_ in (1, 2))


class Pages(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def page(self, text):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def go(self, kind, fields):
        self.send_response(303)
        self.send_header("Location", accept(kind, fields[kind + "_challenge"][0]))
        self.end_headers()

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        fields = urllib.parse.parse_qs(url.query)
        kind = url.path[1:]
        if kind == "callback":
            return self.page(fields["code"][0])
        if kind == "reuse":
            return self.page(reuse())
        asked = admin("GET", f"/oauth2/auth/requests/{kind}?{url.query}")
        if asked["client"]["client_id"] == "reuse":
            return self.go(kind, fields)
        return self.page(FORM % (kind, self.path.replace("&", "&amp;")))

    def do_POST(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/end":
            admin("DELETE", "/oauth2/auth/sessions/consent?subject=tester&all=true")
            return self.page("")
        return self.go(url.path[1:], urllib.parse.parse_qs(url.query))


def start():
    environment = {
        **os.environ,
        "DSN": "memory",
        "SERVE_PUBLIC_HOST": "127.0.0.1",
        "SERVE_PUBLIC_PORT": public_port,
        "SERVE_ADMIN_HOST": "127.0.0.1",
        "SERVE_ADMIN_PORT": admin_port,
        "URLS_SELF_ISSUER": issuer,
        "URLS_LOGIN": f"http://127.0.0.1:{page_port}/login",
        "URLS_CONSENT": f"http://127.0.0.1:{page_port}/consent",
        "SECRETS_SYSTEM": "a secret of tests alone",
        "OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD": grace,
        "LOG_LEVEL": "warn",
    }
    hydra = subprocess.Popen([program, "serve", "all", "--dev", "--sqa-opt-out"], env=environment)
    threading.Thread(target=lambda: os._exit(hydra.wait()), daemon=True).start()
    return hydra


def wait_for(url):
    for time_ in range(600):
        try:
            return open_url(url).close()
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)


def make_client(name, redirect):
    admin("POST", "/clients", {
        "client_id": name, "redirect_uris": [redirect], "response_types": ["code"],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid offline_access", "token_endpoint_auth_method": "none"})


pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
page_port = pages.server_port
issuer = f"http://127.0.0.1:{public_port}"
hydra = start()
signal.signal(signal.SIGTERM, lambda *words: sys.exit())
try:
    wait_for(f"http://127.0.0.1:{admin_port}/health/ready")
    make_client("native", "http://127.0.0.1/callback")
    make_client("reuse", f"http://127.0.0.1:{page_port}/callback")
    with open(os.path.join(directory, "new.json"), "w", encoding="utf-8") as file:
        json.dump({"issuer": issuer, "person": f"http://127.0.0.1:{page_port}"}, file)
    os.rename(os.path.join(directory, "new.json"), os.path.join(directory, "server.json"))
    pages.serve_forever()
finally:
    hydra.terminate()

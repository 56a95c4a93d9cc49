#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn goauth: go's GOAUTH command, and go itself where it has it (1.24).
set -eu

. "$(dirname "$0")/lib/home.sh"
need openssl python3
home_start
store_token work coze.cn pat_work
answer="$(printf 'https://api.coze.cn\n\nAuthorization: Bearer pat_work\n\n.')"

begin 'without a URL and an account it has nothing to say'
call keyturn goauth
expect_status 0
expect_output ''
expect_said ''

begin "a URL gets its server's header, with the blank line that ends it"
for words in https://api.coze.cn https://api.coze.cn/any/path@v1 work 'work https://api.coze.cn/x'; do
	# shellcheck disable=SC2086
	call keyturn goauth $words
	expect_status 0
	[ "$(cat "$work/out" && echo .)" = "$answer" ] || complain "another answer for $words"
done

begin 'another server gets nothing, also where an account is named'
for words in https://api.coze.com http://api.coze.cn https://api.coze.cn@evil.example \
	'work https://api.coze.com/x' 'work http://api.coze.cn'; do
	# shellcheck disable=SC2086
	call keyturn goauth $words
	expect_status 0
	expect_output ''
done

begin 'a failure is told on stderr alone'
for words in nobody 'nobody https://api.coze.cn' https://; do
	# shellcheck disable=SC2086
	call keyturn goauth $words
	must test "$status" -ne 0
	expect_output ''
	expect_cause_and_remedy
done

if ! GOTOOLCHAIN=local go help goauth >"$work/stage.log" 2>&1; then
	echo '# there is no go with GOAUTH here: its documented form alone was tested'
	finish
fi

openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
	-days 2 -keyout "$work/key.pem" -out "$work/certificate.pem" 2>"$work/stage.log"
cat "$work/key.pem" "$work/certificate.pem" >"$work/both.pem"
cat >"$work/proxy.py" <<'END'
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        passed = self.headers.get("Authorization") == "Bearer pat_proxy"
        body = b"v1.0.0\n"
        if self.path.endswith(".mod"):
            body = b"module example.com/private\n"
        elif not self.path.endswith("/list"):
            body = b'{"Version":"v1.0.0"}'
        self.send_response(200 if passed else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
END
mkfifo "$work/port"
python3 "$work/proxy.py" "$work/both.pem" >"$work/port" 2>"$work/proxy.log" &
proxy=$!
read -r port <"$work/port"
mkdir "$work/module"
printf 'module example.com/here\n\ngo 1.24\n' >"$work/module/go.mod"
versions()
{
	cd "$work/module"
	timeout 100 env GOTOOLCHAIN=local GOFLAGS=-mod=mod GONOSUMDB='*' GOPATH="$work/go" \
		GOCACHE="$work/cache" GOENV=off GOPROXY="https://127.0.0.1:$port" GONOPROXY=none \
		GOPRIVATE= SSL_CERT_FILE="$work/certificate.pem" GOAUTH="keyturn goauth" \
		go list -m -versions example.com/private
}

begin 'go reads a private module proxy with it, and not without a login'
call versions
must test "$status" -ne 0
printf 'pat_proxy\n' | keyturn login proxy --api-base "https://127.0.0.1:$port" --with-token \
	2>"$work/stage.log"
call versions
expect_status 0
expect_output 'example.com/private v1.0.0'
kill "$proxy"

begin 'a password of the whole host answers each of its paths'
input 'url=https://whole.example.com\nusername=me\npassword=of-the-host\n\n'
call keyturn store
for again in 1 2; do
	call keyturn goauth https://whole.example.com/module/@v/list
	expect_status 0
	expect_line 'Authorization: Basic bWU6b2YtdGhlLWhvc3Q='
done

finish

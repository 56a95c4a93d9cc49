#!/bin/sh
# SPDX-License-Identifier: MIT
#
# terraform-credentials-keyturn: the credentials helper of Terraform and OpenTofu, and Terraform where
# there is one.
set -eu

. "$(dirname "$0")/lib/home.sh"
need openssl python3
home_start
store_token work coze.cn pat_work

begin 'the token of a host, and an empty object where there is none'
call terraform-credentials-keyturn get api.coze.cn
expect_status 0
expect_output '{"token":"pat_work"}'
for host in api.coze.com api.coze.cn:8443; do
	call terraform-credentials-keyturn get "$host"
	expect_status 0
	expect_output '{}'
	expect_said ''
done

begin 'a password that git stored is no token, and forget does not touch it'
printf 'url=https://app.example.com\nusername=u\npassword=secret\n\n' | keyturn store
call terraform-credentials-keyturn get app.example.com
expect_output '{}'
call terraform-credentials-keyturn forget app.example.com
expect_status 0
input 'url=https://app.example.com\n\n'
call keyturn get
expect_line password=secret

begin 'store keeps a token, get finds it, forget drops it, twice'
input '{"token":"tf_1"}'
call terraform-credentials-keyturn store registry.example.com:8443
expect_status 0
expect_output ''
call terraform-credentials-keyturn get registry.example.com:8443
expect_output '{"token":"tf_1"}'
for round in 1 2; do
	call terraform-credentials-keyturn forget registry.example.com:8443
	expect_status 0
	expect_output ''
done
call terraform-credentials-keyturn get registry.example.com:8443
expect_output '{}'

begin 'forget does not delete a login'
call terraform-credentials-keyturn forget api.coze.cn
call terraform-credentials-keyturn get api.coze.cn
expect_output '{"token":"pat_work"}'

begin 'an object with more than a token is refused, and bad input too'
for bad in '{"token":"tf_2","more":1}' '{'; do
	input '%s' "$bad"
	call terraform-credentials-keyturn store registry.example.com
	must test "$status" -ne 0
	expect_output ''
	expect_unsaid tf_2
	expect_cause_and_remedy
done
call terraform-credentials-keyturn get registry.example.com
expect_output '{}'
for words in '' 'future a.example' 'get https://a.example'; do
	# shellcheck disable=SC2086
	call terraform-credentials-keyturn $words
	expect_status 2
	expect_output ''
	expect_cause_and_remedy
done

if ! command -v terraform >/dev/null; then
	echo '# there is no terraform here: its documented form alone was tested'
	finish
fi

openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
	-days 2 -keyout "$work/key.pem" -out "$work/certificate.pem" 2>"$work/stage.log"
cat "$work/key.pem" "$work/certificate.pem" >"$work/both.pem"
cat >"$work/modules.py" <<'END'
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.path == "/.well-known/terraform.json"
        print(self.path, self.headers.get("Authorization"), file=sys.stderr, flush=True)
        body = b'{"modules.v1":"/v1/modules/"}' if found else b"{}"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
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
python3 "$work/modules.py" "$work/both.pem" >"$work/port" 2>"$work/seen" &
modules=$!
read -r port <"$work/port"
mkdir -p "$HOME/.terraform.d/plugins" "$work/project"
ln -s "$builddir/tests/bin/terraform-credentials-keyturn" "$HOME/.terraform.d/plugins/"
echo 'credentials_helper "keyturn" {}' >"$HOME/.terraformrc"
printf 'module "m" {\n  source = "127.0.0.1:%s/team/part/any"\n}\n' "$port" >"$work/project/main.tf"

begin 'terraform sends the token to a private module registry, and logout forgets it'
input '{"token":"tf_3"}'
call terraform-credentials-keyturn store "127.0.0.1:$port"
call env CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE="$HOME/.terraformrc" SSL_CERT_FILE="$work/certificate.pem" timeout 60 \
	terraform -chdir="$work/project" init -no-color
must grep -qx '/v1/modules/team/part/any/versions Bearer tf_3' "$work/seen"
call env CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE="$HOME/.terraformrc" timeout 60 terraform logout "127.0.0.1:$port"
expect_status 0
call terraform-credentials-keyturn get "127.0.0.1:$port"
expect_output '{}'
kill "$modules"

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn aws: AWS's credential_process, and its command line where there is one.
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3
home_start
store_token work coze.cn pat_work
store_token other coze.com pat_other

begin 'the answer is one compact object of the account that is named'
call keyturn aws work
expect_status 0
expect_output '{"Version":1,"AccessKeyId":"work","SecretAccessKey":"pat_work"}'
expect_said ''
call keyturn aws other@coze.com
expect_json pat_other SecretAccessKey

begin 'a token that ends is told in ISO 8601'
printf 'url=https://as.example.com\nusername=grant\npassword=at_1\noauth_refresh_token=rt_1\nclient_id=c\ntoken_endpoint=https://as.example.com/token\nkind=oauth\npassword_expiry_utc=%s\n\n' \
	"$(($(date +%s) + 86400))" | keyturn store
call keyturn aws grant
expect_status 0
expect_json at_1 SecretAccessKey
must grep -qE '"Expiration":"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"' "$work/out"

begin 'a failure prints nothing on stdout and no secret on stderr'
for words in nobody 'work other' --json; do
	# shellcheck disable=SC2086
	call keyturn aws $words
	must test "$status" -ne 0
	expect_output ''
	expect_unsaid pat_
done
call keyturn aws nobody
expect_status 1
expect_cause_and_remedy
call env KEYTURN_VAULT="$work/none" KEYTURN_CACHE=off keyturn aws work
expect_status 4
expect_output ''

if ! command -v aws >/dev/null; then
	echo '# there is no aws here: its documented form alone was tested'
	finish
fi

begin "AWS's command line signs with what it is given"
cat >"$work/sts.py" <<'END'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.headers["Authorization"], file=sys.stderr, flush=True)
        body = b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/u</Arn><UserId>u</UserId><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>'
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.handle_request()
END
mkfifo "$work/port"
python3 "$work/sts.py" >"$work/port" 2>"$work/seen" &
server=$!
read -r port <"$work/port"
mkdir "$HOME/.aws"
printf '[default]\nregion=us-east-1\ncredential_process = %s aws work\n' \
	"$builddir/tests/bin/keyturn" >"$HOME/.aws/config"
call timeout 100 aws --endpoint-url "http://127.0.0.1:$port" sts get-caller-identity
expect_status 0
expect_json 1 Account
wait "$server" || complain 'the server was not asked'
must grep -q 'Credential=work/' "$work/seen"

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn netrc, and curl.
set -eu

. "$(dirname "$0")/lib/home.sh"
need curl python3
home_start
store_token work coze.cn pat_work

begin 'one machine, its login and its password'
for service in api.coze.cn https://api.coze.cn/x; do
	call keyturn netrc "$service"
	expect_status 0
	expect_output "$(printf 'machine api.coze.cn\nlogin work\npassword pat_work')"
	expect_said ''
done

begin 'another server gets nothing'
for service in api.coze.com https://api.coze.cn@evil.example; do
	call keyturn netrc "$service"
	expect_status 1
	expect_output ''
	expect_cause_and_remedy
done

begin 'a word that would break the file is refused, and not shown'
for password in 'two words' 'quo"te' 'back\slash' 'num#ber'; do
	printf 'url=https://odd.example.com\nusername=u\npassword=%s\n\n' "$password" | keyturn store
	call keyturn netrc odd.example.com
	must test "$status" -ne 0
	expect_output ''
	expect_unsaid "$password"
	expect_cause_and_remedy
done

begin 'wrong words are usage'
for words in '' --json; do
	# shellcheck disable=SC2086
	call keyturn netrc $words
	expect_status 2
	expect_output ''
done

cat >"$work/server.py" <<'END'
import base64, http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(base64.b64decode(self.headers["Authorization"].split()[1]) + b"\n")
    def log_message(self, *arguments):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.handle_request()
END
mkfifo "$work/port" "$work/netrc"
python3 "$work/server.py" >"$work/port" 2>"$work/server.log" &
read -r port <"$work/port"

begin 'curl sends the login that comes through a pipe'
printf 'url=http://127.0.0.1:%s\nusername=jane\npassword=s1\n\n' "$port" | keyturn store
keyturn netrc "http://127.0.0.1:$port" >"$work/netrc" &
call curl --silent --show-error --max-time 20 --netrc-file "$work/netrc" "http://127.0.0.1:$port/"
expect_status 0
expect_output jane:s1
wait

begin 'a password of the whole host answers each of its paths'
input 'url=https://whole.example.com\nusername=me\npassword=of-the-host\n\n'
call keyturn store
for again in 1 2; do
	call keyturn netrc https://whole.example.com/some/file
	expect_status 0
	expect_line 'password of-the-host'
done

finish

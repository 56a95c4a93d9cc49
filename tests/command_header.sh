#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn header.
set -eu

. "$(dirname "$0")/lib/home.sh"
need curl python3
home_start
store_token work coze.cn pat_work

begin 'it prints one Authorization header'
call keyturn header work
expect_status 0
expect_output 'Authorization: Bearer pat_work'
expect_said ''

begin 'it takes its token from the environment'
call env COZE_API_TOKEN=pat_environment keyturn header --from-env
expect_output 'Authorization: Bearer pat_environment'

begin 'an absent account gives no header'
call keyturn header nobody
expect_status 1
expect_output ''
expect_cause_and_remedy

begin '--json is one object of headers, from the keyring and from the cache'
for cache in off 60; do
	call env KEYTURN_CACHE=$cache keyturn header work --json
	expect_status 0
	expect_output '{"Authorization":"Bearer pat_work"}'
	expect_said ''
done
call env COZE_API_TOKEN='pat_"\' keyturn header --from-env --json
expect_json 'Bearer pat_"\' Authorization
call keyturn header nobody --json
expect_status 1
expect_json not_found error code

begin 'curl sends it'
cat >"$work/server.py" <<'END'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write((self.headers["Authorization"] + "\n").encode())
    def log_message(self, *arguments):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.handle_request()
END
mkfifo "$work/port"
python3 "$work/server.py" >"$work/port" &
read -r port <"$work/port"
keyturn header work | curl --silent --show-error --max-time 10 --header @- \
	"http://127.0.0.1:$port/" >"$work/out" || complain 'curl failed'
wait
expect_output 'Bearer pat_work'

finish

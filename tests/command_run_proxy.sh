#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn run --proxy, with peers that nobody here wrote, before the Coze server under TLS.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
alone "$0" "$@"
need_module @coze/api
refresh_start --tls

# lend_grant NAME: a grant whose server is trusted by its own CA.
lend_grant()
{
	grant "$1" pkce-client.app.coze pkce "ca_file=$COZE_CA"
}

# seen OPERATION MEMBER: of the server's record, one value a line.
seen()
{
	python3 -c '
import json, sys
for line in open(sys.argv[1]):
    entry = json.loads(line)
    if entry["operation"] == sys.argv[2]:
        value = entry.get(sys.argv[3])
        print(value if isinstance(value, str) else json.dumps(value))
' "$work/coze/requests.jsonl" "$1" "$2"
}

ask='curl -s -H "Authorization: Bearer $COZE_API_TOKEN"'
lend_grant work

begin 'a request gets the token on its way, and the command a placeholder'
call keyturn run work --proxy -- sh -c "$ask"' "$COZE_API_BASE/v1/users/me"; echo; env'
expect_status 0
expect_said ''
must grep -q '"user_name":"tester"' "$work/out"
must grep -qx 'COZE_API_TOKEN=ktp_[A-Za-z0-9_-]\{43\}' "$work/out"
must grep -qx 'COZE_API_BASE=http://127.0.0.1:[0-9]*' "$work/out"
must grep -qx 'COZE_BASE_WS_URL=ws://127.0.0.1:[0-9]*' "$work/out"
expect_line NO_PROXY=127.0.0.1,localhost
expect_unsaid czu_
must [ "$(seen me host | tail -n 1)" = "${COZE_API#https://}" ]

begin 'proxies of the environment are not for the address'
call env no_proxy=example.com http_proxy=http://127.0.0.1:1 keyturn run work --proxy -- \
	sh -c "$ask"' "$COZE_API_BASE/v1/users/me"; echo; env'
must grep -q '"user_name":"tester"' "$work/out"
expect_line no_proxy=example.com,127.0.0.1,localhost

begin 'without the placeholder, or from a page, nothing is answered'
call keyturn run work --proxy -- sh -c '
	curl -s "$COZE_API_BASE/v1/users/me"
	curl -s -H "Authorization: Bearer $COZE_API_TOKEN" -H "Origin: http://evil.example" "$COZE_API_BASE/v1/users/me"
	curl -s -H "Authorization: Bearer $COZE_API_TOKEN" -H "Host: evil.example" "$COZE_API_BASE/v1/users/me"
	curl -s -H "Authorization: Bearer $COZE_API_TOKEN" "$COZE_API_BASE/api/permission/oauth2/token"'
must [ "$(grep -c 'keyturn: ' "$work/out")" -eq 4 ]
must grep -q '{"code":4100,"msg":"keyturn: Authorization is missing"}' "$work/out"
must [ "$(seen token path | grep -c .)" -le 1 ]

begin 'pid, signals, exit status and children are the command'"'"'s'
# shellcheck disable=SC2016
call keyturn run work --proxy -- sh -c '
	read -r children </proc/$$/task/$$/children && echo "its children: $children"
	ls /proc/$$/fd | grep -c . ; kill -TERM $$'
expect_status 143
must_not grep 'its children' "$work/out"

# gone: nothing of ours runs any more.
gone()
{
	for turn in $(seq 200); do
		! none_is_left_behind || return 0
		sleep 0.02
	done
	complain "is left behind: $(cat "$work/left")"
}

begin 'the port is closed when the command has ended, however it ended'
# shellcheck disable=SC2016
call keyturn run work --proxy -- sh -c 'echo "${COZE_API_BASE##*:}"; kill -KILL $$'
expect_status 137
gone
must_not curl -s "http://127.0.0.1:$(cat "$work/out")/"

begin 'a room that is killed is replaced, and its port stays'
# shellcheck disable=SC2016
call keyturn run work --proxy -- sh -c "$ask"' "$COZE_API_BASE/v1/users/me" -o /dev/null -w "%{http_code}\n"
	for room in $(pgrep -x keyturn-proxy); do
		grep -qs "HOME=$HOME" "/proc/$room/environ" && kill -KILL "$room"
	done
	'"$ask"' --retry 5 --retry-all-errors --retry-delay 1 "$COZE_API_BASE/v1/users/me" -o /dev/null -w "%{http_code}\n"'
expect_output "$(printf '200\n200')"

begin 'rules, a count and a record'
call keyturn run work --proxy --allow 'GET /v1/users/*' --max-requests 2 --log "$work/log" -- sh -c '
	for path in /v1/users/me /v1/workspaces "/v1/users/me?secret=1" /v1/users/me; do
		curl -s -o /dev/null -w "%{http_code}\n" -H "Authorization: Bearer $COZE_API_TOKEN" "$COZE_API_BASE$path"
	done'
expect_output "$(printf '200\n403\n200\n403')"
must [ "$(sed 's/^[^ ]* //; s/ up=.*//' "$work/log")" = "$(printf 'GET /v1/users/me 200\nGET /v1/workspaces 403\nGET /v1/users/me 200\nGET /v1/users/me 403')" ]
must_not grep secret "$work/log"
must [ "$(stat -c %a "$work/log")" = 600 ]

begin 'options that mean nothing are refused before anything starts'
for options in '--allow GET_/x' '--proxy --allow GET' '--proxy --for 1' '--proxy --max-requests 0' \
	'--proxy --app' '--proxy --tool github' '--max-requests 5'; do
	# shellcheck disable=SC2086
	call keyturn run work $options -- echo ran
	expect_status 125
	expect_output ''
done

begin "three lives of a token, and one that the service forgets: no call of the SDK's fails"
control '{"token_life":3}'
keyturn refresh work 2>/dev/null
mark
keyturn run work --proxy --log "$work/log" -- node "$srcdir/tests/programs/proxy_peer.mjs" 10 \
	>"$work/out" 2>"$work/err" &
peer=$!
until [ "$(seen websocket status | grep -c 101)" -ge 3 ]; do
	kill -0 "$peer" 2>/dev/null || break
	sleep 0.1
done
control '{"forget":"access_tokens"}'
wait "$peer" || complain "the SDK's program failed: $(cat "$work/err")"
expect_json '[]' failed
expect_json false holds_token
must [ "$(json websocket)" -ge 4 ]
must [ "$(json chat)" -ge 4 ]
must [ "$(($(server_count refresh) - refreshes_before))" -ge 3 ]
must grep -q ' retried$' "$work/log"
must [ "$(seen websocket query | sort -u)" = '{"bot_id": "1"}' ]
must_not grep -q ktp_ "$work/coze/requests.jsonl"

begin 'a grant that is dead is told as Coze tells it, with the remedy'
control '{"token_life":900}'
control "{\"revoke\":\"$family\"}"
call keyturn run work --proxy -- true
expect_status 125

finish

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
need strace
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

begin 'a page of the origin that is named may ask, and no other'
call keyturn run work --proxy --allow-origin http://localhost:5173 --max-requests 1 -- sh -c '
	for origin in http://localhost:5173 http://evil.example; do
		curl -s -i -X OPTIONS -H "Origin: $origin" -H "Access-Control-Request-Method: GET" \
			-H "Access-Control-Request-Headers: authorization" "$COZE_API_BASE/v1/users/me"
	done
	curl -s -i -H "Origin: http://localhost:5173" -H "Sec-Fetch-Site: same-site" \
		-H "Authorization: Bearer $COZE_API_TOKEN" "$COZE_API_BASE/v1/users/me"'
must [ "$(sed -n 's/\r$//; s/^HTTP.* \([0-9]*\) .*/\1/p' "$work/out" | tr '\n' ' ')" = '204 403 200 ' ]
must [ "$(grep -c '^Access-Control-Allow-Origin: http://localhost:5173' "$work/out")" -eq 2 ]
must grep -q '^Access-Control-Allow-Headers: authorization' "$work/out"
must grep -q '"user_name":"tester"' "$work/out"
must_not grep -q -i 'access-control-allow-origin: \(\*\|http://evil\)' "$work/out"

begin 'pid, signals, exit status and children are the command'"'"'s'
# shellcheck disable=SC2016
call keyturn run work --proxy -- sh -c '
	read -r children </proc/$$/task/$$/children && echo "its children: $children"
	ls /proc/$$/fd | grep -c . ; kill -TERM $$'
expect_status 143
must_not grep 'its children' "$work/out"

begin 'the port is closed when the command has ended, however it ended'
# shellcheck disable=SC2016
call keyturn run work --proxy -- sh -c 'echo "${COZE_API_BASE##*:}"; kill -KILL $$'
expect_status 137
gone
must_not curl -s "http://127.0.0.1:$(cat "$work/out")/"

begin 'every shape of HTTP passes as it is'
call keyturn run work --proxy -- python3 "$srcdir/tests/programs/proxy_shapes.py"
expect_status 0
expect_output ''

if [ "$(id -u)" -eq 0 ] && ! is_sanitized; then
	begin 'a stream that says nothing holds little memory'
	call keyturn run work --proxy -- python3 "$srcdir/tests/programs/proxy_idle.py" 64
	expect_status 0
	sed 's/^/# /' "$work/out"
fi

begin 'rules, a count and a record'
call keyturn run work --proxy --allow 'GET /v1/users/*' --max-requests 2 --log "$work/log" -- sh -c '
	for path in /v1/users/me /v1/workspaces "/v1/users/me?secret=1" /v1/users/me; do
		curl -s -o /dev/null -w "%{http_code}\n" -H "Authorization: Bearer $COZE_API_TOKEN" "$COZE_API_BASE$path"
	done'
expect_output "$(printf '200\n403\n200\n403')"
must [ "$(sed 's/^[^ ]* //; s/ up=.*//' "$work/log")" = "$(printf 'GET /v1/users/me 200\nGET /v1/workspaces 403\nGET /v1/users/me 200\nGET /v1/users/me 403')" ]
must_not grep secret "$work/log"
must [ "$(stat -c %a "$work/log")" = 600 ]

# A stream that says one thing and then nothing, in the background.
stream=': >"$HOME/stream"
curl -s -N -H "Authorization: Bearer $COZE_API_TOKEN" -d {} "$COZE_API_BASE/v3/chat?events=1&pause=30000" >"$HOME/stream" &
until grep -q event: "$HOME/stream"; do sleep 0.02; done
'

# has_line PATTERN: the record.
has_line()
{
	grep -q "$1" "$work/log"
}

begin 'a request that still runs when the command ends has its line, with the bytes that went'
for end in 'exit 0' 'kill -KILL $$'; do
	: >"$work/log"
	call keyturn run work --proxy --log "$work/log" -- sh -c "$stream$end"
	must wait_until has_line ' POST /v3/chat 200 up=2 down=[1-9]'
	must [ "$(grep -c . "$work/log")" -eq 1 ]
done
gone

begin 'a record that nobody would read is refused before the command starts'
mkfifo "$work/pipe"
call keyturn run work --proxy --log "$work/pipe" -- echo ran
expect_status 125
expect_output ''
expect_cause_and_remedy
call keyturn lend work --socket "$work/lent.sock" --log "$work/pipe"
expect_status 2
expect_cause_and_remedy
exec 9<>"$work/pipe"
call keyturn run work --proxy --log "$work/pipe" -- sh -c "$ask"' "$COZE_API_BASE/v1/users/me"'
head -n 1 <&9 >"$work/log"
exec 9<&-
must has_line ' GET /v1/users/me 200 '

begin 'options that mean nothing are refused before anything starts'
for options in '--allow GET_/x' '--proxy --allow GET' '--proxy --for 1' '--proxy --max-requests 0' \
	'--allow-origin http://x' '--proxy --allow-origin *' '--proxy --allow-origin http://x/' \
	'--proxy --allow-origin x.example' \
	'--proxy --app' '--proxy --tool github' '--max-requests 5'; do
	# shellcheck disable=SC2086
	call keyturn run work $options -- echo ran
	expect_status 125
	expect_output ''
done

begin 'no room is loaded for a command that never starts'
# LeakSanitizer cannot work where strace does.
call env ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" strace -f -qq -e trace=execve -o "$work/trace" \
	keyturn run nobody --proxy -- echo ran
expect_status 125
must grep -q 'execve(".*/keyturn-steward"' "$work/trace"
must_not grep 'execve(".*/keyturn-proxy"' "$work/trace"

begin "three lives of a token, and one that the service forgets: no call of the SDK's fails"
control '{"token_life":3}'
keyturn refresh work 2>/dev/null
mark
keyturn run work --proxy --log "$work/log" -- node "$srcdir/tests/programs/proxy_peer.mjs" 8 \
	>"$work/out" 2>"$work/err" &
peer=$!
has_called()
{
	[ "$(grep -c '"operation":"websocket"' "$work/coze/requests.jsonl")" -ge 3 ]
}
must wait_beside "$peer" has_called
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

# lend OPTION...: in the background, until its socket is there; $lender.
lend()
{
	keyturn lend work --socket "$work/lent.sock" "$@" >"$work/lent" 2>"$work/err" &
	lender=$!
	wait_beside "$lender" test -S "$work/lent.sock" || complain "nothing is lent: $(cat "$work/err")"
}

# over_socket [OPTION...]: the status.
over_socket()
{
	curl -s -o /dev/null -w '%{http_code}' --unix-socket "$work/lent.sock" "$@" http://coze/v1/users/me
}

begin 'a socket lends the account to who may open it, and goes with its lender'
keyturn logout work 2>/dev/null
lend_grant work
lend --allow 'GET /v1/users/me'
must [ "$(stat -c %a "$work/lent.sock")" = 600 ]
must [ "$(over_socket)" = 200 ]
must [ "$(over_socket -H 'Authorization: Bearer keyturn')" = 200 ]
must [ "$(over_socket -H 'Authorization: Bearer pat_other')" = 401 ]
must [ "$(over_socket -X POST)" = 403 ]
call keyturn lend work --socket "$work/lent.sock"
expect_status 5
expect_cause_and_remedy
kill -TERM "$lender"
wait "$lender" || complain 'the lender did not end well'
must_not test -e "$work/lent.sock"
gone

begin 'a request that still runs when the lender is ended has its line'
: >"$work/log"
: >"$work/stream"
lend --log "$work/log"
curl -s -N --unix-socket "$work/lent.sock" -d {} 'http://coze/v3/chat?events=1&pause=30000' >"$work/stream" &
must wait_until grep -q event: "$work/stream"
kill -TERM "$lender"
wait "$lender" || complain 'the lender did not end well'
must wait_until has_line ' POST /v3/chat 200 up=2 down=[1-9]'
gone

begin 'a socket that nobody answers is replaced; one with a placeholder asks for it; a loan ends'
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$work/lent.sock"
lend --placeholder --for 2s
must wait_beside "$lender" test -s "$work/lent"
must [ "$(over_socket)" = 401 ]
must [ "$(over_socket -H "Authorization: Bearer $(sed 's/.*=//' "$work/lent")")" = 200 ]
wait "$lender" || complain 'the loan did not end well'
must_not test -e "$work/lent.sock"
gone

# comes UID: over the socket, as that user.
comes()
{
	setpriv --reuid="$1" --regid="$1" --clear-groups curl -s -o /dev/null -w '%{http_code}' \
		--unix-socket "$work/shared/lent.sock" http://coze/v1/users/me || :
}

begin 'one more user may come to a socket, where he is named, and no third'
for uid in x 0 -1 4294967295; do
	call keyturn lend work --socket "$work/lent.sock" --peer-uid "$uid"
	expect_status 2
	expect_cause_and_remedy
done
if [ "$(id -u)" -eq 0 ]; then
	mkdir "$work/shared"
	chmod 711 "$work" "$work/shared"
	for guest in '' '--peer-uid 64001'; do
		# shellcheck disable=SC2086
		keyturn lend work --socket "$work/shared/lent.sock" $guest 2>"$work/err" &
		lender=$!
		wait_beside "$lender" test -S "$work/shared/lent.sock"
		echo "$(stat -c %a "$work/shared/lent.sock") $(comes 0) $(comes 64001) $(comes 64002)"
		kill -TERM "$lender"
		wait "$lender" || complain 'the lender did not end well'
	done >"$work/out"
	expect_output "$(printf '600 200 000 000\n666 200 200 000')"
	chmod 700 "$work"
	gone
fi

begin 'a place that others could change is refused'
mkdir -m 777 "$work/open"
chmod 777 "$work/open"
call keyturn lend work --socket "$work/open/s"
expect_status 6
expect_cause_and_remedy
echo kept >"$work/file"
call keyturn lend work --socket "$work/file"
expect_status 6
must [ "$(cat "$work/file")" = kept ]
call keyturn lend work --socket "$work/no one's/s"
expect_status 2
expect_said "mkdir -p -m 700 '$work/no one'\''s'"
call keyturn lend work
expect_status 2
expect_cause_and_remedy

if mountpoint -q "$TEST_ALONE"; then
	begin 'what the system trusts is trusted, but not where the account names another authority'
	trust "$COZE_CA"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=other \
		-keyout "$work/other.key" -out "$work/other.pem" 2>"$work/err"
	server_request POST "$COZE_CONTROL/control/mint" '{"kind":"pat","life":3600}' | member access_token >"$work/token"
	for account in system other; do
		# shellcheck disable=SC2046
		keyturn login $account --with-token --expires 30 --api-base "$COZE_API" \
			$([ $account = system ] || echo "--ca-file $work/other.pem") <"$work/token" 2>"$work/err"
		keyturn run $account --proxy -- sh -c "$ask"' "$COZE_API_BASE/v1/users/me"'
	done >"$work/out"
	must grep -q '"user_name":"tester"' "$work/out"
	must grep -q 'keyturn: the server.s certificate is from an authority that is not trusted here"}' "$work/out"
fi

finish

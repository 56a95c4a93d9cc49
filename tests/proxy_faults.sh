#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn run --proxy while something breaks: the room, what serves it, the service, the keyring. And
# what a hostile client sends. KEYTURN_MOMENTS: at how many moments one of its programs is killed.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
alone "$0" "$@"
need faketime
refresh_start --tls
grant work pkce-client.app.coze pkce "ca_file=$COZE_CA"

# In a command: "strike NAME" kills the program of that name that serves this home; "me" asks.
cat >"$work/lib" <<'EOF'
strike()
{
	for process in $(pgrep -x "$1"); do
		! grep -qs "HOME=$HOME" "/proc/$process/environ" || kill -KILL "$process"
	done
}

me()
{
	curl -s --max-time 20 -H "Authorization: Bearer $COZE_API_TOKEN" "$@" "$COZE_API_BASE/v1/users/me"
}

status()
{
	me -o /dev/null -w '%{http_code}\n'
}
EOF

begin 'a room that is killed is replaced, and its address stays'
call keyturn run work --proxy -- sh -c '. "$1"; status; strike keyturn-proxy; status; status' - "$work/lib"
expect_output "$(printf '200\n200\n200')"

begin 'a room that is killed again and again is given up, and its address is nobody else'"'"'s'
call keyturn run work --proxy -- sh -c '. "$1"
	status >/dev/null
	for turn in 1 2 3; do strike keyturn-proxy; status; done; me
	python3 -c "import socket, sys; socket.socket().bind((\"127.0.0.1\", int(sys.argv[1])))" \
		"${COZE_API_BASE##*:}" 2>&1 | grep -c "in use"' - "$work/lib"
must [ "$(grep -cx 200 "$work/out")" -eq 2 ]
must grep -q '^{"code":503,"msg":"keyturn: the proxy broke off .*"}' "$work/out"
must [ "$(tail -n 1 "$work/out")" = 1 ]

begin 'a room that counts is not replaced, for its count is gone'
call keyturn run work --proxy --max-requests 2 -- sh -c '. "$1"; status; strike keyturn-proxy; me; status' - "$work/lib"
must [ "$(sed -n 1p "$work/out")" = 200 ]
must grep -q '^{"code":503,"msg":"keyturn: the proxy broke off, .*--max-requests .*"}' "$work/out"
must [ "$(tail -n 1 "$work/out")" = 503 ]

begin 'a steward that is killed takes nothing that is there already'
call keyturn run work --proxy -- sh -c '. "$1"; status; strike keyturn-steward; status' - "$work/lib"
expect_output "$(printf '200\n200')"

begin 'without a steward a token that is refused is told at once, and what to do'
call keyturn run work --proxy -- sh -c '. "$1"; status; strike keyturn-steward
	curl -s -d "{\"forget\":\"access_tokens\"}" "$2/control" >/dev/null; me; status' - "$work/lib" "$COZE_CONTROL"
must grep -q '{"code":503,"msg":"keyturn: nobody is there .*"}' "$work/out"
must [ "$(tail -n 1 "$work/out")" = 401 ]
keyturn refresh work 2>/dev/null

begin 'a service that cannot be reached is told, and is used again when it can'
call keyturn run work --proxy -- sh -c '. "$1"
	curl -s -d "{\"listening\":false}" "$2/control" >/dev/null; me
	curl -s -d "{\"listening\":true}" "$2/control" >/dev/null; status' - "$work/lib" "$COZE_CONTROL"
must [ "$(cat "$work/out")" = '{"code":502,"msg":"keyturn: the server cannot be reached"}
200' ]

begin 'a name that is not there any more is told'
echo pat_0123456789abcdef0123456789abcdef | keyturn login gone --api-base https://gone.invalid --with-token 2>"$work/err"
call keyturn run gone --proxy -- sh -c '. "$1"; me' - "$work/lib"
must grep -q '{"code":50[24],"msg":"keyturn: the server.s name .*"}' "$work/out"

# Name servers are told by one file for all programs: here it is another one.
if mountpoint -q "$TEST_ALONE" && [ "$(id -u)" -eq 0 ]; then
	begin 'names that cannot be resolved any more are told, and are used again; a lookup that hangs holds no port'
	mkdir "$work/names"
	echo answer >"$work/names/mode"
	address=127.$(($$ / 250 % 250 + 1)).$(($$ % 250 + 1)).53
	echo "nameserver $address" >"$work/names/resolv.conf"
	mount --bind "$work/names/resolv.conf" /etc/resolv.conf
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=service.example \
		-addext subjectAltName=DNS:service.example -keyout "$work/names/key" -out "$work/names/ca" 2>"$work/err"
	python3 "$srcdir/tests/programs/proxy_names.py" "$work/names" "$address" "$work/names/ca" "$work/names/key" &
	names=$!
	wait_until test -s "$work/names/port"
	echo pat_0123456789abcdef0123456789abcdef | keyturn login named --with-token --ca-file "$work/names/ca" \
		--api-base "https://service.example:$(cat "$work/names/port")" 2>"$work/err"
	call keyturn run named --proxy -- sh -c '. "$1"; status
		echo fail >"$2/mode"; status; strike keyturn-proxy; me; status
		echo answer >"$2/mode"; status; strike keyturn-proxy
		echo silent >"$2/mode"; me & sleep 0.5' - "$work/lib" "$work/names"
	gone
	must [ "$(sed 's/}200/}\n200/' "$work/out")" = "$(printf '200\n200\n%s\n502\n200' '{"code":502,"msg":"keyturn: the server'"'"'s name cannot be resolved"}')" ]

	begin 'a name server that says nothing is waited for ten seconds, and that is told'
	echo silent >"$work/names/mode"
	speed=10
	! is_sanitized || speed=5
	call faketime -f "+0x$speed" keyturn run named --proxy -- sh -c '. "$1"; me -w " %{http_code} %{time_total}\n"' - "$work/lib"
	kill "$names"
	umount /etc/resolv.conf
	must grep -q '^{"code":504,"msg":"keyturn: the server.s name .*"}' "$work/out"
	must [ "$(sed -n 's/^ 504 //; s/\..*//; $p' "$work/out")" -ge 9 ]
fi

# bad_server KIND: its address, of those that the test server has beside the good one.
bad_server()
{
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["bad_tls"][sys.argv[2]])' \
		"$work/coze/server.json" "$1"
}

begin 'a server whose certificate or TLS is not good gets no request'
for kind in expired not_yet_valid wrong_host unknown_ca self_signed tls_1_0; do
	echo pat_0123456789abcdef0123456789abcdef |
		keyturn login "$kind" --api-base "$(bad_server "$kind")" --ca-file "$COZE_CA" --with-token 2>"$work/err"
	call keyturn run "$kind" --proxy -- sh -c '. "$1"; me' - "$work/lib"
	sed "s/^/$kind /; s/{.*keyturn: //" "$work/out" >>"$work/verdicts"
done
cat >"$work/expected" <<'EOF'
expired the server's certificate has expired: check this machine's clock"}
not_yet_valid the server's certificate is not valid yet: check this machine's clock"}
wrong_host the server's certificate is for another host"}
unknown_ca the server's certificate is from an authority that is not trusted here"}
self_signed the server's certificate is from an authority that is not trusted here"}
tls_1_0 no TLS connection could be made"}
EOF
must cmp "$work/expected" "$work/verdicts"

begin 'a service that refuses for long is asked for one more token, and no more'
control '{"fault":{"on":"me","kind":"status","status":401,"times":11}}'
mark
call keyturn run work --proxy -- sh -c '. "$1"; for turn in 1 2 3 4 5 6 7 8 9 10; do status; done' - "$work/lib"
must [ "$(sort "$work/out" | uniq -c | tr -s ' ')" = ' 10 401' ]
expect_requests 1
must sh -c 'curl -s "$1/control?brief=1" | grep -q "\"faults_waiting\":\[\]"' - "$COZE_CONTROL"

begin 'tokens that are revoked one soon after the other fail no request'
keyturn refresh work 2>/dev/null
mark
call keyturn run work --proxy -- sh -c '. "$1"; status; for turn in 1 2 3; do
	curl -s -d "{\"forget\":\"access_tokens\"}" "$2/control" >/dev/null; status; done' - "$work/lib" "$COZE_CONTROL"
expect_output "$(printf '200\n200\n200\n200')"
expect_requests 3

begin 'four tokens a minute are given up, and no more'
keyturn refresh work 2>/dev/null
mark
call keyturn run work --proxy -- sh -c '. "$1"; status; for turn in 1 2 3 4 5; do
	curl -s -d "{\"forget\":\"access_tokens\"}" "$2/control" >/dev/null; status; done' - "$work/lib" "$COZE_CONTROL"
expect_output "$(printf '200\n200\n200\n200\n200\n401')"
expect_requests 4
keyturn refresh work 2>/dev/null

begin 'a service that refuses one thing for long and answers another is asked for one more token'
control '{"fault":{"on":"me","kind":"status","status":401,"times":5}}'
mark
call keyturn run work --proxy -- sh -c '. "$1"; for turn in 1 2 3 4; do status
	curl -s -o /dev/null -w "%{http_code}\n" -H "Authorization: Bearer $COZE_API_TOKEN" "$COZE_API_BASE/v1/workspaces?page_num=1&page_size=10"
	done' - "$work/lib"
expect_output "$(printf '401\n200\n401\n200\n401\n200\n401\n200')"
expect_requests 1

begin 'a keyring that was locked meanwhile is told with its remedy, and used again when it is open'
call keyturn run work --proxy -- sh -c '. "$1"; status >/dev/null; strike keyturn-proxy
	mv "$HOME/vault.key" "$HOME/away"; keyturn lock; me
	mv "$HOME/away" "$HOME/vault.key"; status' - "$work/lib"
must grep -q '{"code":503,"msg":"keyturn: .*vault.*"}' "$work/out"
must [ "$(tail -n 1 "$work/out")" = 200 ]

begin 'a token that was revoked while the keyring is locked is renewed soon after that is open'
keyturn refresh work 2>/dev/null
call keyturn run work --proxy -- sh -c '. "$1"; status >/dev/null
	mv "$HOME/vault.key" "$HOME/away"; keyturn lock
	curl -s -d "{\"forget\":\"access_tokens\"}" "$2/control" >/dev/null; me
	mv "$HOME/away" "$HOME/vault.key"; sleep 5.1; status' - "$work/lib" "$COZE_CONTROL"
must grep -q '{"code":503,"msg":"keyturn: .*vault.*"}' "$work/out"
must [ "$(tail -n 1 "$work/out")" = 200 ]

begin 'a grant that died meanwhile is told as Coze tells it, with its remedy'
control '{"token_life":900}'
keyturn refresh work 2>/dev/null
call keyturn run work --proxy -- sh -c '. "$1"; status >/dev/null; strike keyturn-proxy
	curl -s -d "{\"revoke\":\"$3\",\"forget\":\"access_tokens\"}" "$2/control" >/dev/null
	status; keyturn refresh work; strike keyturn-proxy; me' - "$work/lib" "$COZE_CONTROL" "$family"
must grep -q '{"code":4100,"msg":"keyturn: .*keyturn login .*"}' "$work/out"

begin 'a service that breaks off anywhere is told, or its answer is cut as it was'
python3 "$srcdir/tests/programs/proxy_broken.py" --serve >"$work/port" &
broken=$!
wait_beside "$broken" test -s "$work/port"
echo pat_0123456789abcdef0123456789abcdef | keyturn login broken --api-base "http://127.0.0.1:$(cat "$work/port")" \
	--with-token 2>"$work/err"
call keyturn run broken --proxy -- python3 "$srcdir/tests/programs/proxy_broken.py"
expect_status 0
expect_output ''

begin 'a service with a path gets requests below it, and no path of its host beside'
echo pat_0123456789abcdef0123456789abcdef | keyturn login below --with-token \
	--api-base "http://127.0.0.1:$(cat "$work/port")/team" 2>"$work/err"
call keyturn run below --proxy -- sh -c '. "$1"; status; COZE_API_BASE=${COZE_API_BASE%/team}; status; me' - "$work/lib"
must [ "$(sed -n 1,2p "$work/out" | tr '\n' ' ')" = '200 403 ' ]
must grep -q '"msg":"keyturn: the account.s service has a path' "$work/out"

begin "Coze's code for a refused token is any other at another service: nothing is sent twice"
echo app-secret-0123456789 >"$work/secret"
call keyturn login elsewhere --kind client-credentials --client-id app --client-secret-file "$work/secret" \
	--token-endpoint "http://127.0.0.1:$(cat "$work/port")/token"
expect_status 0
call keyturn run elsewhere --proxy -- sh -c '
	curl -s -H "Authorization: Bearer $COZE_API_TOKEN" -X POST "$COZE_API_BASE/refused"; echo'
kill "$broken"
expect_output '{"code":4100,"msg":"asked 1"}'

begin 'killed at any moment: nothing hangs, is left or listens, and no token is presented twice'
keyturn logout work 2>/dev/null
grant work pkce-client.app.coze pkce "ca_file=$COZE_CA"
control '{"token_life":2,"grace":60}'
export COZE_CONTROL
call python3 "$srcdir/tests/programs/proxy_killed.py" "${KEYTURN_MOMENTS:-4}" "${KEYTURN_SEED:-1}"
expect_status 0

begin 'requests of hostile clients are read by another parser as they are by the room'
call node "$srcdir/tests/programs/request_read_alike.mjs" "$builddir/tests/programs/proxy_reads" 3000 "${KEYTURN_SEED:-1}"
expect_status 0
must grep -q '^3000 clients, [0-9]\{3,\} with a request that was passed on, .* 0 read differently$' "$work/out"

finish

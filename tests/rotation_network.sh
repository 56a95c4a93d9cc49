#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A refresh over every network and server that misbehaves (docs/safety.md, 2.3): the stored grant is
# unchanged unless it was rotated, it ends within 31 s and 16 MiB a process, nothing goes elsewhere.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
alone "$0" "$@"
refresh_start --tls
trust "$COZE_CA"

memory=$(amount 16384 1000000) # KiB at most; a sanitizer has its shadow memory beside

# The status of a command, or 99 where it took too long or one of its processes grew too large. Starts
# are no part of the half minute: eight begin at once here, each of three programs, beside others' work,
# and the control is the slowest of eight calls at once.
measured='
import resource, subprocess, sys, time
began = time.monotonic()
status = subprocess.run(sys.argv[3:]).returncode
took = time.monotonic() - began
grown = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
if took > 31 + 4 * float(sys.argv[2]) or grown > int(sys.argv[1]):
    print(round(took, 1), "s,", grown, "KiB", file=sys.stderr)
    status = 99
sys.exit(status)'

control_time=$(python3 -c '
import subprocess, time
began = time.monotonic()
calls = [subprocess.Popen(["keyturn", "list"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
         for call in range(8)]
for call in calls:
    call.wait()
print(time.monotonic() - began)')

refresh()
{
	call python3 -c "$measured" "$memory" "$control_time" keyturn refresh "$1"
}

# What hangs takes its half minute beside the rest, at a server of its own: the faults of that one are
# met by nobody else.
begin 'what hangs is on its way'
coze_server_start "$work/hanging" --tls || exit 1
control '{"grace":600}'
hanging='hang_before_tls hang_after_tls hang hang_after_headers hang_mid_body slow_drip endless_continue'
for kind in $hanging; do
	grant "in-$kind" pkce-client.app.coze pkce "ca_file=$COZE_CA"
done
for kind in $hanging; do
	fault "\"times\":1,\"kind\":\"$kind\""
done
grant in-stopped pkce-client.app.coze pkce "ca_file=$COZE_CA"
fault '"times":1,"kind":"hang"'
pids=
printf 'url=https://silent.example\nusername=in-silent_dns\nclient_id=c\nkind=pkce\noauth_refresh_token=r\n\n' |
	keyturn store
if command -v ip >/dev/null && unshare -nm true 2>/dev/null; then
	(
		hang_status=0
		unshare -nm sh "$srcdir/tests/lib/silent_dns.sh" "$work" python3 -c "$measured" \
			"$memory" "$control_time" keyturn refresh in-silent_dns >"$work/silent_dns.out" \
			2>"$work/silent_dns.err" || hang_status=$?
		echo "$hang_status" >"$work/silent_dns.status"
	) &
	pids="$pids $!"
else
	echo '# a name server that says nothing: not run, without ip or a network of its own'
fi
for kind in $hanging; do
	(
		hang_status=0
		python3 -c "$measured" "$memory" "$control_time" keyturn refresh "in-$kind" >"$work/$kind.out" \
			2>"$work/$kind.err" || hang_status=$?
		echo "$hang_status" >"$work/$kind.status"
	) &
	pids="$pids $!"
done
keyturn refresh in-stopped >"$work/stopped.out" 2>"$work/stopped.err" &
stopped=$!
wait_until pgrep -P "$stopped" -f keyturn-courier
kill -STOP "$(pgrep -P "$stopped" -f keyturn-courier)"
coze_server_use "$work/coze"

begin 'over TLS that the system trusts a grant is renewed'
grant plain
refresh plain
expect_status 0

# bad NAME REQUESTS FAULT: that many requests bring nothing; afterwards the grant renews.
bad()
{
	begin "$1: exit 5, nothing is lost"
	grant "over-$1"
	control '{"grace":600}'
	fault "\"times\":$2,$3"
	refresh "over-$1"
	expect_status 5
	expect_output ''
	expect_cause_and_remedy
	coze_state brief | grep -q '"faults_waiting":\[\]' || complain 'fewer requests were made'
	refresh "over-$1"
	expect_status 0
}

# A request that may have been accepted is sent once more and only once.
for kind in close reset commit_then_drop reset_mid_headers reset_mid_body truncated \
	truncated_json trailing duplicate_keys deep nul big_body gzip big_headers empty \
	garbage garbage_body no_headers html huge_body endless_body endless_headers reset_after_tls; do
	bad "$kind" 2 "\"kind\":\"$kind\""
done
for status in 408 500 502 504; do
	bad "status-$status" 2 "\"kind\":\"status\",\"status\":$status"
done
# Before TLS is done nothing was sent: some of it is tried again at once, as it shows itself.
for kind in reset_before_tls close_before_tls plain_before_tls; do
	begin "$kind: nothing is sent, and nothing is lost"
	grant "over-$kind"
	fault "\"times\":1,\"kind\":\"$kind\""
	refresh "over-$kind"
	must [ "$status" -eq 0 -o "$status" -eq 5 ]
	refresh "over-$kind"
	expect_status 0
done
# A request that was not accepted is not sent again at once.
for status in 400 401 403 404 405 407; do
	bad "page-$status" 1 "\"kind\":\"status\",\"status\":$status"
done
bad error-internal 1 '"kind":"status","status":400,"error":"internal_error"'
bad error-paused 1 '"kind":"status","status":403,"error":"access_deny"'
bad redirect-host 1 "\"kind\":\"redirect\",\"location\":\"https://elsewhere.invalid/\""
for status in 301 302 303 307 308; do
	bad "redirect-$status" 1 \
		"\"kind\":\"redirect\",\"status\":$status,\"location\":\"$COZE_WWW/elsewhere\""
done
bad redirect-file 1 '"kind":"redirect","location":"file:///etc/passwd"'

begin 'none of them was followed'
must_not grep -q elsewhere "$work/coze/requests.jsonl"

# Retry-After: an hour, or what is no time at all, is not waited for; a second is.
for wait in 1000000000 3600; do
	bad "busy-$wait" 1 "\"kind\":\"status\",\"status\":429,\"retry_after\":\"$wait\""
	bad "off-$wait" 1 "\"kind\":\"status\",\"status\":503,\"retry_after\":\"$wait\""
done
for wait in 0 1 -1 junk 'Thu, 01 Jan 1970 00:00:00 GMT'; do
	begin "429 with Retry-After $wait is asked again until it works"
	grant "waits-${wait%%,*}"
	fault "\"kind\":\"status\",\"status\":429,\"retry_after\":\"$wait\",\"times\":1"
	mark
	refresh "waits-${wait%%,*}"
	expect_status 0
	expect_requests 2
done

begin 'every certificate that is not right is exit 5, and nothing is sent'
for name in expired not_yet_valid wrong_host self_signed unknown_ca; do
	endpoint=$(server_field "$work/coze/server.json" bad_tls | node -e '
		process.stdin.on("data", (text) =>
			console.log(JSON.parse(text)[process.argv[1]] ?? ""));' "$name")
	[ -n "$endpoint" ] || continue
	printf 'url=%s\nusername=%s\nclient_id=c\nkind=pkce\noauth_refresh_token=refresh_%s\n\n' \
		"$endpoint" "$name" "$name" | keyturn store || complain "$name was not kept"
	refresh "$name"
	expect_status 5
	expect_cause_and_remedy
	expect_said doctor
	tried="${tried:-}$name "
done
must [ "$(echo "$tried" | wc -w)" -ge 4 ]
must_not grep -q "refresh_\(expired\|wrong_host\|self\)" "$work/coze/requests.jsonl"

begin 'a name that does not resolve, and a port that nobody listens on'
printf 'url=https://nowhere.invalid\nusername=nameless\nclient_id=c\nkind=pkce\noauth_refresh_token=r\n\n' |
	keyturn store
printf 'url=https://127.0.0.1:9\nusername=portless\nclient_id=c\nkind=pkce\noauth_refresh_token=r\n\n' |
	keyturn store
for name in nameless portless; do
	refresh "$name"
	expect_status 5
	expect_cause_and_remedy
	expect_state "$name" ok
done

begin 'what hangs at any phase ends within 31 s, and nothing is lost'
for pid in $pids; do
	wait "$pid"
done
stopped_status=0
wait "$stopped" || stopped_status=$?
coze_server_use "$work/hanging"
# The stopped courier's, where it was stopped before its request.
control '{"forget":"faults"}'
for kind in $hanging; do
	# A request that is cut before half a minute is over is repeated at once, and then works.
	grep -qx '[05]' "$work/$kind.status" ||
		complain "$kind: $(cat "$work/$kind.status" "$work/$kind.err")"
	must [ ! -s "$work/$kind.out" ]
	call keyturn refresh "in-$kind"
	expect_status 0
done

must [ "$(server_count revoked_families)" -eq 0 ]
coze_server_use "$work/coze"

begin 'nor is a courier waited for that does not keep its time, and the message leads on'
must [ "$stopped_status" -eq 5 ]
must [ ! -s "$work/stopped.out" ]
must grep -q 'nothing is lost; check the network' "$work/stopped.err"

if [ -f "$work/silent_dns.status" ]; then
	begin 'a name server that says nothing: exit 5 within 31 s, nothing is lost'
	grep -qx 5 "$work/silent_dns.status" ||
		complain "$(cat "$work/silent_dns.status" "$work/silent_dns.err")"
	must [ ! -s "$work/silent_dns.out" ]
	must grep -q 'silent\|resol\|name\|in time' "$work/silent_dns.err"
	expect_state in-silent_dns ok
fi

begin 'no token was presented where it had been spent, but for a recovery'
must [ "$(server_count revoked_families)" -eq 0 ]

finish

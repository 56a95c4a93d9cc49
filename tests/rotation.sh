#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A grant is renewed once for all who ask, and is never lost: the rows of the tables of what can
# happen between the request and the keyring (docs/safety.md, 2.2 and 2.3).
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
take_turn "$0" "$@"
alone "$0" "$@"
need keyctl strace
refresh_start

callers=${KEYTURN_CALLERS:-$(amount 300 60)}
rounds=${KEYTURN_ROUNDS:-$(amount 100 25)}

# crowd COMMAND...: that many callers at once; their outputs and statuses in $work/crowd.
crowd()
{
	rm -rf "$work/crowd"
	mkdir "$work/crowd"
	for caller in $(seq "$callers"); do
		(
			crowd_status=0
			"$@" >"$work/crowd/$caller.out" 2>"$work/crowd/$caller.err" </dev/null ||
				crowd_status=$?
			echo "$crowd_status" >"$work/crowd/$caller.status"
		) &
		crowd_pids="$crowd_pids $!"
	done
}

# It cannot be plain wait: the server is a child too.
crowd_wait()
{
	for pid in $crowd_pids; do
		wait "$pid" || true
	done
	crowd_pids=
}
crowd_pids=

begin 'a stale token is renewed when it is asked for, and then stays'
grant work
mark
call keyturn token work
expect_token
expect_said ''
cp "$work/out" "$work/first"
call keyturn token work
must cmp -s "$work/out" "$work/first"
expect_requests 1
call keyturn list
must grep -q 'work .* ok ' "$work/out"

begin 'the callers of one moment make one request and get one answer'
grant crowd
control '{"delay_ms":300}'
mark
began=$(now)
crowd keyturn token crowd
crowd_wait
took=$(($(now) - began))
control '{"delay_ms":0}'
expect_requests 1
must [ "$(cat "$work"/crowd/*.status | sort | uniq -c | xargs)" = "$callers 0" ]
must [ "$(sort -u "$work"/crowd/*.out | wc -l)" -eq 1 ]
must is_in_time "$took" 20000

begin 'whoever wants a new token while one is asked for gets that one'
control '{"delay_ms":1000}'
mark
crowd keyturn refresh crowd
crowd_wait
control '{"delay_ms":0}'
must [ "$(cat "$work"/crowd/*.status | sort | uniq -c | xargs)" = "$callers 0" ]
refreshes=$(($(server_count refresh) - refreshes_before))
echo "# $refreshes requests of $callers callers"
must [ "$refreshes" -lt $((callers / 4)) ]

begin 'callers that are killed at random cost a request each at most, and lose nothing'
grant mortal
control '{"hold":true,"grace":60}'
mark
crowd timeout --signal=KILL 60 keyturn token mortal
killed=$((callers / 10))
so_many_wait()
{
	[ "$(pgrep -s 0 -fc '^keyturn token mortal')" -ge "$killed" ]
}
must wait_until so_many_wait
# Some of those that wait, whoever they are.
for pid in $(pgrep -s 0 -f '^keyturn token mortal' | shuf -n "$killed"); do
	kill -KILL "$pid" 2>/dev/null || true
done
control '{"hold":false}'
crowd_wait
must [ "$(cat "$work"/crowd/*.status | grep -cx 137)" -ge 1 ]
must_not grep -qvx '0\|137' "$work"/crowd/*.status
refreshes=$(($(server_count refresh) - refreshes_before))
must [ "$refreshes" -ge 1 ]
must [ "$refreshes" -le $((killed + 1)) ]
must [ "$(cat "$work"/crowd/*.out | sort -u | wc -l)" -eq 1 ]
call keyturn refresh mortal
expect_status 0
control '{"grace":0}'

begin "$rounds rotations in a row: the newest refresh token is kept each time"
grant often
mark
for round in $(seq "$rounds"); do
	keyturn refresh often || complain "round $round failed"
done
expect_requests "$rounds"
must [ "$(server_count refreshes_refused)" -eq 0 ]
must [ "$(keyturn list | grep -c ' often ')" -eq 1 ]
call keyturn token often
expect_token

for kind in pkce web device; do
	begin "git's fill and approve over and over: a grant of kind $kind still renews"
	case $kind in
	web) grant "git-$kind" web-client.app.coze web client_secret=web-secret-1 ;;
	*) grant "git-$kind" "$kind-client.app.coze" "$kind" ;;
	esac
	fill_and_approve "$rounds" "$COZE_API" "git-$kind"
	mark
	call keyturn refresh "git-$kind"
	expect_status 0
	expect_requests 1
done

# killed POINT NAME: a refresh of it that is killed there.
killed()
{
	call env KEYTURN_FAULT="$1:kill" setsid "$faulty" refresh "$2"
	expect_status 137
	expect_output ''
}

for point in locked intent before-sent; do
	begin "killed at $point, nothing was sent: the next call renews plainly"
	grant "at-$point"
	mark
	killed "$point" "at-$point"
	expect_requests 0
	call keyturn token "at-$point"
	expect_token
	expect_requests 1
done

for point in sent answer parsed; do
	begin "killed at $point, within a server's grace: the next call recovers"
	grant "graced-$point"
	control '{"grace":60}'
	killed "$point" "graced-$point"
	call keyturn token "graced-$point"
	expect_token
	call keyturn refresh "graced-$point"
	expect_status 0
	control '{"grace":0}'
done

for point in escrow got stored; do
	begin "killed at $point: the answer is adopted, and no request is made"
	grant "at-$point"
	mark
	killed "$point" "at-$point"
	call keyturn token "at-$point"
	expect_token
	expect_requests 1
	call keyturn refresh "at-$point"
	expect_status 0
	must [ "$(server_count refreshes_refused)" -eq 0 ]
done

begin 'killed at sent before the server saw it: the next call repeats it'
grant unseen
fault '"kind":"reset_before_tls","times":1'
killed sent unseen
mark
call keyturn token unseen
expect_token

begin 'a lost answer that a strict server does not repeat is told with its time, also later'
grant lost
control '{"reuse":"refuse"}'
fault '"kind":"commit_then_drop","times":1'
mark
call keyturn token lost
expect_status 3
expect_output ''
expect_cause_and_remedy
expect_said 'the answer to its renewal was lost at 20'
expect_said 'keyturn login lost'
expect_requests 2
call keyturn token lost
expect_status 3
expect_said 'the answer to its renewal was lost at 20'
expect_requests 2
expect_state lost dead
control '{"reuse":"revoke_family"}'

begin 'an answer that stays away is asked for again at once, then at growing intervals'
grant silent
fault '"kind":"reset","times":9'
mark
call keyturn token silent
expect_status 5
expect_cause_and_remedy
expect_requests 2
expect_state silent unsure
call keyturn token silent
expect_status 5
expect_said 'try again in'
expect_requests 2
call keyturn refresh silent
expect_status 5
expect_requests 3
control '{"listening":true}'
for round in 1 2 3 4 5 6; do
	keyturn refresh silent >"$work/out" 2>&1 || true
done
call keyturn refresh silent
expect_status 0
expect_state silent ok

begin 'a refused grant is dead, is not asked for again, and keeps its refresh token'
grant over
control "{\"revoke\":\"$family\"}"
mark
call keyturn token over
expect_status 3
expect_cause_and_remedy
expect_said 'keyturn login over'
call keyturn token over
expect_status 3
expect_requests 1
expect_state over dead
call keyturn refresh over
expect_status 3
expect_requests 2

begin 'a wrong secret is a setting: exit 3, and the grant is untouched'
grant setting web-client.app.coze web client_secret=wrong
call keyturn token setting
expect_status 3
expect_cause_and_remedy
expect_unsaid wrong
expect_state setting ok

begin 'the text of a server comes to the terminal without its control characters'
grant painted
fault '"kind":"status","status":400,"error":"invalid_grant","text":"\u001b[2Jred\u0007\nline"'
call keyturn token painted
expect_status 3
expect_cause_and_remedy
must_not grep -q "$(printf '[\033\007]')" "$work/err"

for answer in absent null empty; do
	begin "an answer with its refresh token $answer keeps the old one"
	grant "still-$answer"
	control "{\"refresh_token\":\"$answer\",\"rotation\":\"never\"}"
	call keyturn token "still-$answer"
	expect_token
	call keyturn refresh "still-$answer"
	expect_status 0
	control '{"refresh_token":"present","rotation":"always"}'
	call keyturn refresh "still-$answer"
	expect_status 0
done

begin 'a token that is refused over and over is renewed 30 times, then at a pace'
grant refused
mark
for round in $(seq 40); do
	keyturn token refused >"$work/refused" 2>"$work/err" || break
	keyturn reject refused <"$work/refused"
done
must [ "$round" -ge 30 ]
must [ "$round" -le 33 ]
expect_requests $((round - 1))
call keyturn token refused
expect_status 5
expect_cause_and_remedy
call keyturn refresh refused
expect_status 0
call keyturn token refused
expect_token

begin 'more life than a token has: the newest one, a word about it, and no storm'
grant greedy
mark
for round in 1 2 3 4 5; do
	call keyturn token greedy --min-valid 100000
	expect_token
	expect_said 'the newest one'
done
expect_requests 1

begin 'run is given the token there is where a better one cannot be had'
grant runner
control '{"token_life":20}'
call keyturn token runner
cp "$work/out" "$work/first"
control '{"listening":false,"token_life":900}'
sleep 3
# shellcheck disable=SC2016
call keyturn run runner -- sh -c 'echo "$COZE_API_TOKEN"'
expect_output "$(cat "$work/first")"
control '{"listening":true}'

begin 'a courier that cannot be started costs nothing'
grant stranded
mark
# shellcheck disable=SC2016
for program in 'exit 1' 'kill -9 $$' 'sleep 1'; do
	printf '#!/bin/sh\n%s\n' "$program" >"$work/courier"
	chmod +x "$work/courier"
	# shellcheck disable=SC2016
	call unshare --mount sh -c 'mount --bind "$1" "$2" && exec keyturn token stranded' sh \
		"$work/courier" "$builddir/tests/bin/keyturn-courier"
	must [ "$status" -ne 0 ]
	expect_output ''
done
expect_requests 0
call keyturn token stranded
expect_token

# follow COMMAND...: what it and its children run, to $work/trace, until the last of them ends.
# LeakSanitizer cannot work where strace does.
follow()
{
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 timeout 10 \
		strace -f -qq -e trace=execve -o "$work/trace" "$@"
}

begin 'the courier of a refresh gets ready while the keeper does, and there is one'
grant ready
follow keyturn refresh ready
must [ "$(grep -c 'execve(.*keyturn-courier' "$work/trace")" -eq 1 ]
must [ "$(grep -c 'execve(' "$work/trace")" -eq 3 ]

begin 'a courier that is not needed after all ends'
for arguments in 'ready ready' nobody; do
	# shellcheck disable=SC2086
	call follow keyturn refresh $arguments
	must [ "$status" -ne 0 ]
	must [ "$status" -ne 124 ]
	must grep -q 'execve(.*keyturn-courier' "$work/trace"
done

begin 'nobody else is taken for the courier'
grant foreign
mark
cat >"$work/foreign.py" <<-'END'
	import os, socket, subprocess, sys
	ours, theirs = socket.socketpair()
	os.dup2(theirs.fileno(), 211)
	ours.send(os.getpid().to_bytes(4, sys.byteorder))
	status = subprocess.run(["keyturn", "refresh", "foreign"], pass_fds=[211]).returncode
	ours.setblocking(False)
	try:
	    sys.exit("it was told " + str(len(ours.recv(4096))) + " bytes")
	except BlockingIOError:
	    sys.exit(status)
END
must python3 "$work/foreign.py"
expect_requests 1
call keyturn token foreign
expect_token
expect_requests 1

# until_requested: sets the stage for it: $work/requested succeeds once the server has a request.
until_requested()
{
	mark
	cat >"$work/requested" <<-END
	curl -s --noproxy '*' "$COZE_CONTROL/control?brief=1" |
		grep -q '"refresh":$((refreshes_before + 1))[,}]'
	END
}

begin 'Ctrl-C in the middle: the answer is stored, then the signal counts'
grant interrupted
control '{"delay_ms":3000}'
until_requested
python3 -c 'import os, signal, sys
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' \
	setsid keyturn refresh interrupted >"$work/out" 2>"$work/err" &
pid=$!
must wait_until sh "$work/requested"
kill -INT -"$pid"
status=0
wait "$pid" || status=$?
control '{"delay_ms":0}'
expect_status 130
expect_requests 1
call keyturn token interrupted
expect_token
expect_requests 1

begin 'a terminal that closes in the middle: nothing is lost'
grant closed
control '{"delay_ms":3000}'
until_requested
cat >"$work/dialogue" <<-END
spawn keyturn refresh closed
while {[catch {exec sh $work/requested}]} { after 20 }
close
wait
END
expect "$work/dialogue" >/dev/null
control '{"delay_ms":0}'
call keyturn refresh closed
expect_status 0
must [ "$(server_count refreshes_refused)" -le 3 ]

begin 'no secret lies in a file of the state directory, and no process is left'
must_not grep -rqa 'refresh_\|czu_\|web-secret' "${TEST_ALONE:-$HOME}"
desktop_wait none_is_left_behind || complain "$(cat "$work/left")"

finish

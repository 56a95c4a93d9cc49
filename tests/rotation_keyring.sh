#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The keyring fails between the server's answer and the store: the new grant waits in kernel
# memory, the next call saves it, and what a person decided meanwhile is not undone.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
take_turn "$0" "$@"
alone "$0" "$@"
need node python3 curl keyctl secret-tool
home_on_desktop
refresh_serve

# LeakSanitizer stops the process that it looks at, and never ends where that is sent SIGCONT meanwhile.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"

# stopped NAME: a refresh of it that has its answer in escrow and not in the keyring; its pid.
stopped()
{
	KEYTURN_FAULT=got:stop "$faulty" refresh "$1" >"$work/stopped.out" 2>"$work/stopped.err" \
		</dev/null &
	stopped_pid=$!
	desktop_wait is_stopped || complain "the refresh of $1 did not stop"
}

is_stopped()
{
	grep -q '^State:.T' "/proc/$stopped_pid/status"
}

# resumed: its status and what it said, as of a call. The point is passed again at each try.
resumed()
{
	status=0
	while kill -CONT "$stopped_pid" 2>/dev/null; do
		sleep 0.05
	done
	wait "$stopped_pid" || status=$?
	cp "$work/stopped.out" "$work/out"
	cp "$work/stopped.err" "$work/err"
}

has_escrow()
{
	keyctl show @u | grep -q "keyturn:escrow:.*%3A${COZE_API##*:}:.*:$1\$"
}

# saved NAME: the next call saves what waited, without asking the server.
saved()
{
	mark
	call keyturn token "$1"
	expect_token
	expect_requests 0
	must_not has_escrow "$1"
	call keyturn refresh "$1"
	expect_status 0
	must [ "$(server_count presented_spent)" -eq 0 ]
}

unsaved()
{
	expect_status 4
	expect_output ''
	expect_cause_and_remedy
	expect_said 'kept in memory for 24 hours'
	must has_escrow "$1"
}

# default_collection NAME: makes it what new items go to.
default_collection()
{
	dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets \
		org.freedesktop.Secret.Service.SetAlias string:default \
		"objpath:/org/freedesktop/secrets/collection/$1" >"$work/alias" || complain "no $1"
}

# lock_collection PATH
lock_collection()
{
	desktop_call /org/freedesktop/secrets org.freedesktop.Secret.Service.Lock \
		"array:objpath:$1" >"$work/locked" || complain "$1 is not locked"
}

begin 'an item is renewed where it is, though new ones go elsewhere by now'
grant moved
default_collection session
for round in 1 2; do
	call keyturn refresh moved
	expect_status 0
done
must [ "$(keyturn list | grep -c ' moved ')" -eq 1 ]
default_collection login
call keyturn token moved
expect_token

# log_in NAME TOKEN
log_in()
{
	input '%s\n' "$2"
	call keyturn login "$1" --site coze.cn --with-token
}

# is_locked STATUS: that exit status, and the remedy.
is_locked()
{
	expect_status 4
	expect_said 'keyturn unlock'
	expect_cause_and_remedy
}

begin 'a login replaces one that lies open, also where new ones would go to a keyring that is locked'
log_in open pat_open
second=$("$builddir/tests/programs/collection" create second word)
default_collection "${second##*/}"
lock_collection "$second"
log_in open pat_opened
expect_status 0
must [ "$(keyturn token open)" = pat_opened ]
log_in new pat_new
is_locked
call keyturn refresh moved
expect_status 0

begin 'and none is made beside one that may lie in a locked keyring, though new ones could be'
must "$builddir/tests/programs/collection" unlock "$second" word
log_in second pat_second
expect_status 0
default_collection login
lock_collection "$second"
log_in second pat_other
is_locked
log_in new pat_new
is_locked
log_in open pat_open
expect_status 0
must "$builddir/tests/programs/collection" unlock "$second" word
must [ "$(keyturn token second)" = pat_second ]
log_in second pat_other
expect_status 0
log_in new pat_new
expect_status 0
must [ "$(keyturn list | grep -c ' second ')" -eq 1 ]
for account in open second new; do
	must keyturn logout "$account" 2>>"$work/stage.log"
done
must desktop_call "$second" org.freedesktop.Secret.Collection.Delete >"$work/deleted"

begin 'a keyring that is locked between answer and store'
grant locked
stopped locked
must desktop_lock
resumed
unsaved locked
call keyturn token locked
expect_status 4
must desktop_unlock
saved locked

begin 'a keyring daemon that is killed between answer and store, and comes back locked'
grant killed
stopped killed
desktop_kill_daemon || true
resumed
unsaved killed
must desktop_restart_daemon
must desktop_unlock
saved killed

begin 'a keyring daemon that does not answer: within 12 s, and the next call saves it'
grant mute
stopped mute
desktop_stop_daemon
began=$(now)
resumed
must is_in_time $(($(now) - began)) 12000 10000
unsaved mute
desktop_continue
must desktop_wait desktop_has_service
saved mute

begin 'killed while the keyring was locked'
grant died
stopped died
must desktop_lock
kill -KILL "$stopped_pid"
wait "$stopped_pid" 2>/dev/null || true
must has_escrow died
must desktop_unlock
saved died

begin 'a new login meanwhile is not undone by what waits'
grant replaced
stopped replaced
kill -KILL "$stopped_pid"
wait "$stopped_pid" 2>/dev/null || true
must has_escrow replaced
grant replaced
must_not has_escrow replaced
mark
call keyturn token replaced
expect_token
expect_requests 1

begin 'nor is a logout'
grant gone
stopped gone
kill -KILL "$stopped_pid"
wait "$stopped_pid" 2>/dev/null || true
must has_escrow gone
call keyturn logout gone
expect_status 0
must_not has_escrow gone
call keyturn token gone
expect_status 1

begin 'another name given to the account takes with it what waits'
grant before
stopped before
kill -KILL "$stopped_pid"
wait "$stopped_pid" 2>/dev/null || true
call keyturn set before --name after
expect_status 0
saved after

# allowed NAME: a login of it that a person has allowed, and the keyring has not yet.
allowed()
{
	control '{"any_loopback_port":true}'
	: >"$work/stopped.err"
	KEYTURN_FAULT=login-got:stop "$faulty" login "$1" --kind pkce --api-base "$COZE_API" \
		--www-base "$COZE_WWW" --redirect-uri http://127.0.0.1:0/callback \
		--client-id pkce-client.app.coze \
		>"$work/stopped.out" 2>"$work/stopped.err" </dev/null &
	stopped_pid=$!
	wait_beside "$stopped_pid" grep -q response_type= "$work/stopped.err" || complain 'no address was told'
	curl -sL --noproxy '*' -o "$work/page" "$(grep -o 'http.*response_type=.*' "$work/stopped.err")"
	desktop_wait is_stopped || complain "the login of $1 did not stop"
}

has_parked()
{
	keyctl show @u | grep -q "keyturn:escrow-login:.*%3A${COZE_API##*:}:.*:$1\$"
}

control '{"auto_approve":"allow"}'
begin 'a login that was allowed is not lost where the keyring does not take it'
allowed parked
must desktop_lock
resumed
expect_status 4
expect_said 'the login of parked@'
expect_said 'kept in memory for 24 hours'
must has_parked parked
# Another keyring has no part in it.
call env KEYTURN_KEYRING=memory keyturn token parked
expect_status 1
must has_parked parked
must desktop_unlock
mark
call keyturn token parked
expect_token
expect_said 'is saved'
expect_requests 0
must_not has_parked parked
call keyturn refresh parked
expect_status 0
call keyturn token parked
expect_token
expect_said ''

begin 'another login of the account takes its place'
allowed parked
must desktop_lock
resumed
must has_parked parked
must desktop_unlock
grant parked
must_not has_parked parked
call keyturn token parked
expect_token

begin 'an item that another program removed is not brought back'
grant removed
stopped removed
must secret-tool clear username removed
kill -KILL "$stopped_pid"
wait "$stopped_pid" 2>/dev/null || true
call keyturn token removed
expect_status 1

begin 'as many callers as you like, of a desktop keyring: one request, one answer'
grant crowd
control '{"delay_ms":300}'
mark
pids=
mkdir "$work/crowd"
began=$(now)
for caller in $(seq "${KEYTURN_CALLERS:-100}"); do
	keyturn token crowd >"$work/crowd/$caller" 2>&1 </dev/null &
	pids="$pids $!"
done
for pid in $pids; do
	wait "$pid" || complain 'a caller failed'
done
took=$(($(now) - began))
control '{"delay_ms":0}'
expect_requests 1
must [ "$(cat "$work"/crowd/* | sort | uniq -c | wc -l)" -eq 1 ]
must is_in_time "$took" 15000

begin 'one item an account is left'
must [ "$(secret-tool search --all username locked 2>/dev/null | grep -c '^label')" -eq 1 ]
desktop_kill_daemon || true

begin 'a disk that is full between answer and store'
need_mounts 'mount a small disk'
HOME=$work/small
mkdir "$HOME"
mount -t tmpfs -o size=64k none "$HOME"
KEYTURN_KEYRING=vault
export KEYTURN_KEYRING
keyturn vault create --key-file "$work/vault.key" >"$work/log"
grant full
stopped full
cat /dev/zero >"$HOME/ballast" 2>/dev/null || true
resumed
unsaved full
rm "$HOME/ballast"
saved full
umount "$HOME"
HOME=$work

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A request for the keyring's password that is on the screen, and that nobody answers: every caller
# is told what it waits for, has two minutes and an end, and the remedy leads on. Our clock runs
# ten times as fast meanwhile: the keyring's five seconds are still half a one.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
need faketime expect
prompter=${PROMPTER:-$builddir/tests/programs/prompter}
alone "$0" "$@"
home_on_desktop
KEYTURN_CACHE=off
DISPLAY=:77
export KEYTURN_CACHE DISPLAY
store_token main coze.cn pat_main
desktop_kill_daemon || true

# Somebody who takes an hour for each answer.
mkfifo "$work/answers"
"$prompter" 3600000 <"$work/answers" >"$work/prompter.log" 2>&1 &
prompter_pid=$!
exec 9>"$work/answers"
must desktop_wait grep -q '^:' "$work/prompter.log"
for answer in 1 2 3 4 5 6; do
	echo "$DESKTOP_PASSWORD" >&9
done
must desktop_wait sh -c "[ \$(grep -c ready '$work/prompter.log') -eq 6 ]"
GNOME_KEYRING_TEST_PROMPTER=$(head -n 1 "$work/prompter.log")
export GNOME_KEYRING_TEST_PROMPTER
desktop_restart_daemon
fast='faketime -f +0x10'
! is_sanitized || fast='faketime -f +0x5'

# forget_dismissal: as if ten minutes had passed.
forget_dismissal()
{
	find "$TEST_ALONE" -name prompt -exec rm {} +
}

# unanswered COMMAND: at a terminal, with its end.
unanswered()
{
	forget_dismissal
	began=$(now)
	at_terminal "set timeout 60
		spawn $fast sh -c {$1}
		expect {waiting for its password window on your screen}
		expect {nobody answered the desktop keyring's request}
		expect {keyturn unlock}"
	expect_status "${2:-4}"
	must is_in_time $(($(now) - began)) 60000 24000
	must grep -q 'waiting for its password window' "$work/out"
	must grep -q 'nobody answered' "$work/out"
}

begin 'a token at a terminal'
unanswered 'keyturn token main'

if ! is_sanitized; then
	begin 'git'
	unanswered "printf 'protocol=https\\nhost=api.coze.cn\\n\\n' | keyturn get"

	begin 'a login'
	unanswered 'echo pat_new | keyturn login other --site coze.cn --with-token'
fi

begin 'the keyring daemon lives on'
must desktop_has_service >"$work/reply"
must kill -0 "$DESKTOP_DAEMON"

begin 'the remedy leads on: unlock asks at the terminal once nobody saw the window'
at_terminal "set timeout 60
	spawn $fast keyturn unlock
	expect {waiting for its password window on your screen}
	expect {Password of the desktop keyring}
	send {$DESKTOP_PASSWORD}
	send \"\\r\""
expect_status 0
unset DISPLAY
call keyturn token main
expect_output pat_main

kill "$prompter_pid"
finish

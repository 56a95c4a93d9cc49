#!/bin/sh
# SPDX-License-Identifier: MIT
#
# KeePassXC as the desktop's keyring: the real program, without a display that anybody could see.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/providers.sh"
need dbus-daemon dbus-send
provider_need keepassxc
alone "$0" "$@"
home_make
providers_start
collection=/org/freedesktop/secrets/collection/logins

is_locked()
{
	desktop_call "$collection" org.freedesktop.DBus.Properties.Get \
		string:org.freedesktop.Secret.Collection string:Locked | grep -q 'boolean true'
}

begin 'a login is kept without a display: the prompt of a new item is seen through'
must provider_start keepassxc
input 'pat_keepassxc\n'
call keyturn login main --site coze.cn --with-token
expect_status 0
call keyturn token
expect_output pat_keepassxc

begin 'its secret is replaced in its place, 20 times, without a prompt'
for number in $(seq 20); do
	printf 'pat_turn_%s\n' "$number" | keyturn login main --site coze.cn --with-token 2>/dev/null ||
		complain "turn $number"
done
call keyturn token
expect_output pat_turn_20
call env KEYTURN_TRACE=1 sh -c 'echo pat_last | keyturn login main --site coze.cn --with-token'
must grep -q SetSecret "$work/err"
must_not grep -q -e CreateItem -e Prompt "$work/err"

begin 'what looks like a reference to a field is answered as it was stored'
input 'protocol=https\nhost=git.example.com\nusername=u\npassword=x{"a":1}{USERNAME}{PASSWORD}y\n\n'
call keyturn store
expect_status 0
input 'protocol=https\nhost=git.example.com\nusername=u\n\n'
call keyturn get
must grep -qxF 'password=x{"a":1}{USERNAME}{PASSWORD}y' "$work/out"
# It writes its file a moment behind its answer.
must desktop_wait provider_is_at_rest

begin 'doctor names it'
call keyturn doctor
must grep -q '^ok *keyring *provided by KeePassXC' "$work/out"

begin 'a locked database is told as locked, by the name of its program'
call keyturn lock --desktop
expect_status 0
must desktop_wait is_locked
for command in 'token main' 'token nobody' 'list' 'logout main'; do
	call keyturn $command
	expect_status 4
	expect_output ''
	expect_said KeePassXC
	expect_cause_and_remedy
done

begin 'no second item is made for what a locked database holds'
input 'pat_second\n'
call keyturn login main --site coze.cn --with-token
expect_status 4
expect_unsaid pat_second

begin 'a database that is not open is locked, not empty'
provider_end
keepassxc_open
must desktop_wait desktop_has_service
must desktop_wait provider_is_at_rest
call keyturn token main
expect_status 4
expect_output ''
expect_said KeePassXC
expect_cause_and_remedy

begin 'open again it has what was stored'
provider_end
must provider_start keepassxc
call keyturn token main
expect_output pat_last
call keyturn logout main
expect_status 0
call keyturn token main
expect_status 1

finish

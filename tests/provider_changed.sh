#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The desktop's keyring has another provider than the one that keeps the logins: that is told by
# their names, nothing is taken for absent and nothing is stored beside; and two databases of one
# KeePassXC.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/provider_cases.sh"
alone "$0" "$@"
provider_need gnome-keyring
provider_need keepassxc
providers_serve

# expect_elsewhere NAME: exit 4, and the provider that has the logins by its name.
expect_elsewhere()
{
	expect_status 4
	expect_output ''
	expect_said "$1"
	expect_cause_and_remedy
	must_not grep -q 'vault create' "$work/err"
}

provider_start gnome-keyring
store_token main coze.cn pat_gnome
grant me
provider_kill

begin 'a provider that is gone is told by its name'
call keyturn token main
expect_elsewhere 'your logins are in gnome-keyring'

begin 'another one in its place has none of them: nothing is absent'
provider_start keepassxc
for command in 'token main' 'token nobody' list 'logout main' unlock; do
	call keyturn $command
	expect_elsewhere 'your logins are in gnome-keyring'
	expect_said KeePassXC
done
input 'protocol=https\nhost=api.coze.cn\n\n'
call keyturn get
expect_elsewhere 'your logins are in gnome-keyring'

begin 'and nothing is stored beside'
input 'pat_second\n'
call keyturn login main --site coze.cn --with-token --replace
expect_elsewhere gnome-keyring
expect_unsaid pat_second
input 'protocol=https\nhost=git.example.com\nusername=u\npassword=canary_pw\n\n'
call keyturn store
expect_elsewhere gnome-keyring
must [ "$(count_items main)" -eq 0 ]
must [ "$(count_items u)" -eq 0 ]

begin 'doctor says so'
call keyturn doctor
must grep -q 'your logins are in gnome-keyring' "$work/out"

begin 'one that waits for a person at each search as well, in time'
provider_end
keepassxc_open
must desktop_wait desktop_has_service
began=$(now)
call keyturn token main
expect_elsewhere 'your logins are in gnome-keyring'
must is_in_time $(($(now) - began)) 8000 5000
provider_end

begin 'the keyring that was is as it was'
provider_start gnome-keyring
call keyturn token main
expect_output pat_gnome
expect_whole me

begin 'changed between the server answer and the store: the grant waits for its own keyring'
# LeakSanitizer stops the process that it looks at, and never ends where that is sent SIGCONT meanwhile.
ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" KEYTURN_FAULT=got:stop "$faulty" refresh me >"$work/out" 2>"$work/err" </dev/null &
stopped=$!
must desktop_wait grep -q '^State:.T' "/proc/$stopped/status"
provider_kill
provider_start keepassxc
while kill -CONT "$stopped" 2>/dev/null; do
	sleep 0.05
done
status=0
wait "$stopped" || status=$?
expect_status 4
expect_said 'kept in memory for 24 hours'
must [ "$(count_items me)" -eq 0 ]
provider_end
provider_start gnome-keyring
expect_whole me

begin 'who goes over for good types what the message says'
provider_kill
provider_start keepassxc
call keyturn token main
expect_elsewhere gnome-keyring
sh -c "$(sed -n 's/.*: \(rm .*\)/\1/p' "$work/err")"
call keyturn token main
expect_status 1
input 'pat_keepassxc\n'
call keyturn login main --site coze.cn --with-token
expect_status 0
call keyturn token main
expect_output pat_keepassxc

begin 'and the one of before is the other one then'
must desktop_wait [ "$work/logins.kdbx" -nt "$work/logins.xml" ]
provider_end
provider_start gnome-keyring
call keyturn token nobody
expect_elsewhere 'your logins are in KeePassXC'
begin 'that it has an account of the same name does not make it the home of all'
call keyturn show main --json
expect_status 0
call keyturn token nobody
expect_elsewhere 'your logins are in KeePassXC'
provider_kill

begin 'of two databases each keeps its own, whichever is in front'
keepassxc_make second
provider=keepassxc
keepassxc_open logins second
must desktop_wait has_collection /org/freedesktop/secrets/collection/logins
must desktop_wait has_collection /org/freedesktop/secrets/collection/second
call keyturn token main
expect_output pat_keepassxc
input 'pat_newer\n'
call keyturn login main --site coze.cn --with-token
expect_status 0
must [ "$(count_items main)" -eq 1 ]
input 'pat_other\n'
call keyturn login other --site coze.cn --with-token
expect_status 0
must [ "$(count_items other)" -eq 1 ]

begin 'without the second one its login is not absent'
other=$(desktop_call /org/freedesktop/secrets org.freedesktop.Secret.Service.SearchItems \
	dict:string:string:username,other | sed -n 's#.*collection/\([a-z]*\)/.*#\1#p')
must [ -n "$other" ]
left=logins
[ "$other" != logins ] || left=second
provider_end
keepassxc_open "$left"
must desktop_wait has_collection "/org/freedesktop/secrets/collection/$left"
call keyturn token other
expect_status 4
expect_output ''
expect_said "$other"
expect_cause_and_remedy
input 'pat_third\n'
call keyturn login other --site coze.cn --with-token --replace
expect_status 4
must [ "$(count_items other)" -eq 0 ]

begin 'with both again both are there'
provider_end
keepassxc_open second logins
must desktop_wait has_collection /org/freedesktop/secrets/collection/logins
must desktop_wait has_collection /org/freedesktop/secrets/collection/second
call keyturn token main
expect_output pat_newer
call keyturn token other
expect_output pat_other

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# KWallet as the desktop's keyring: a real kwalletd5 or kwalletd6, opened with the login password in
# the way of its own PAM module, and reached through its Secret Service.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/providers.sh"
need dbus-daemon dbus-send
provider_need kwallet
alone "$0" "$@"
home_make
providers_start

begin 'a wallet that login opened keeps a token, and gives it back'
must provider_start kwallet
input 'pat_kwallet\n'
call env DISPLAY=:77 keyturn login main --site coze.cn --with-token
expect_status 0
call keyturn token
expect_status 0
expect_output pat_kwallet

begin 'after the next login the first call has it, without a question'
provider_end
must provider_start kwallet
call env DISPLAY=:77 keyturn token
expect_status 0
expect_output pat_kwallet

begin 'without a display too: a wallet that login opened is opened unasked'
provider_end
must provider_start kwallet
call keyturn token
expect_status 0
expect_output pat_kwallet
input 'pat_rotated\n'
call keyturn login main --site coze.cn --with-token
expect_status 0
call keyturn token
expect_output pat_rotated
call keyturn doctor
must grep -q '^ok *keyring *provided by KWallet' "$work/out"

begin 'each session has a key that both sides make alike, and each answer can be read'
rounds=$(amount 150 20)
for round in $(seq "$rounds"); do
	[ "$(keyturn token 2>"$work/err")" = pat_rotated ] || complain "round $round: $(cat "$work/err")"
done
for round in $(seq $((rounds / 5))); do
	printf 'protocol=https\nhost=h%s.example.com\nusername=u\npassword=p\n\n' "$round" |
		keyturn store 2>"$work/err" || complain "store $round: $(cat "$work/err")"
done
call keyturn list
must [ "$(grep -c 'example.com' "$work/out")" -eq $((rounds / 5)) ]
expect_said ''

begin 'what counts as locked is locked without an error'
provider_end
must provider_start kwallet
call keyturn lock --desktop
expect_status 0

begin 'a wallet that nobody opened is exit 4'
provider_end
"$kwallet" >>"$work/kwallet.log" 2>&1 &
DESKTOP_DAEMON=$!
must desktop_wait desktop_has_service
call setsid keyturn token
expect_status 4
expect_output ''
expect_cause_and_remedy

finish

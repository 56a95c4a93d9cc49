#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn lock and keyturn unlock, over a vault with a passphrase and over the desktop.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
need expect keyctl python3
alone "$0" "$@"
home_make
printf 'open sesame\n' | keyturn vault create --passphrase-file - >"$work/out"
store_token main coze.cn pat_canary

begin 'a vault is open after it was made'
call keyturn token
expect_output pat_canary

begin 'lock closes it'
call keyturn lock
expect_status 0
expect_output ''
if keyctl list @u >"$work/keys" 2>/dev/null; then
	must_not grep -q "$work" "$work/keys"
fi

begin 'what was remembered is forgotten: every way to the token is exit 4'
snapshot >"$work/before"
for verb in token header 'token --min-valid 5'; do
	# shellcheck disable=SC2086
	call keyturn $verb
	expect_status 4
	expect_output ''
	expect_cause_and_remedy
	expect_said 'keyturn unlock'
done
input 'protocol=https\nhost=api.coze.cn\n\n'
call keyturn get
expect_status 4
expect_output ''
call keyturn token --json
expect_status 4
expect_json locked error code
call keyturn list
expect_status 4
call keyturn run -- echo ran
expect_status 125
expect_output ''

begin 'nothing is stored into a locked vault, and nothing is taken for absent'
input 'pat_other\n'
call keyturn login other --site coze.cn --with-token
expect_status 4
expect_cause_and_remedy
expect_unsaid pat_other
input 'protocol=https\nhost=git.example.com\nusername=u\npassword=canary_pw\n\n'
call keyturn store
expect_status 4
expect_unsaid canary_pw
input 'protocol=https\nhost=api.coze.cn\npassword=pat_canary\n\n'
call keyturn erase
expect_status 4
call keyturn logout main
expect_status 4
expect_unchanged

begin 'a locked vault is not asked about where nobody can answer'
call setsid keyturn unlock
expect_status 4
expect_cause_and_remedy
must_not keyturn token 2>"$work/err"

begin 'a wrong passphrase, three times, is exit 4, and the vault stays locked'
at_terminal 'spawn keyturn unlock
	expect "Passphrase"
	send "close sesame\r"
	expect "wrong, try again (2 left)"
	expect "Passphrase"
	send "close sesame\r"
	expect "wrong, try again (1 left)"
	expect "Passphrase"
	send "close sesame\r"'
expect_status 4
expect_unsaid 'close sesame'
call setsid keyturn token
expect_status 4

begin 'a question that is broken off is exit 4'
at_terminal 'spawn keyturn unlock
	expect "Passphrase"
	send "\003"'
expect_status 4

begin 'unlock at a terminal opens it, and does not show what is typed'
at_terminal 'spawn keyturn unlock
	expect "Passphrase"
	send "open sesame\r"'
expect_status 0
expect_unsaid 'open sesame'
call keyturn token
expect_output pat_canary

begin 'so does any call at a terminal, unless KEYTURN_PROMPT=0'
keyturn lock
at_terminal 'spawn env KEYTURN_PROMPT=0 keyturn token'
expect_status 4
at_terminal 'spawn keyturn token
	expect "Passphrase"
	send "open sesame\r"'
expect_status 0
must grep -q pat_canary "$work/out"

begin 'lock and unlock take no account'
call keyturn lock main
expect_status 2
expect_cause_and_remedy
call keyturn unlock main
expect_status 2
expect_cause_and_remedy

begin 'a locked vault can be locked again'
call keyturn lock
expect_status 0
call keyturn lock
expect_status 0

conclude
home_leave
home_make

begin 'where there is no keyring at all nothing is left open, as at the end of a session'
call keyturn lock
expect_status 0
expect_said ''
call keyturn lock --desktop
expect_status 4
expect_cause_and_remedy

begin 'an open vault is closed also where another keyring is the chosen one'
printf 'open sesame\n' | keyturn vault create --passphrase-file - >"$work/out"
mkdir -p "$HOME/.config/keyturn"
echo secret-service >"$HOME/.config/keyturn/keyring"
call keyturn vault status
must grep -q 'open, until keyturn lock' "$work/out"
call keyturn lock
expect_status 0
call keyturn vault status
must_not grep -q 'open, until keyturn lock' "$work/out"

begin 'a vault that cannot be reached may stay open: exit 4'
echo vault >"$HOME/.config/keyturn/keyring"
rm -r "$HOME/.local/share/keyturn/vault"
call keyturn lock
expect_status 4
expect_cause_and_remedy

if ! command -v gnome-keyring-daemon >/dev/null; then
	skip 'there is no gnome-keyring-daemon'
fi
conclude
home_leave
home_on_desktop
store_token main coze.cn pat_desktop

begin 'lock leaves the desktop keyring open, and says so'
call keyturn lock
expect_status 0
expect_said 'keyturn lock --desktop'
must desktop_is_unlocked
call keyturn token
expect_output pat_desktop

begin 'lock --desktop locks it, too'
call keyturn lock --desktop
expect_status 0
must desktop_is_locked
call keyturn token
expect_status 4
expect_output ''
expect_cause_and_remedy

begin 'a completion finds no account in it, and does not ask for it'
call keyturn complete accounts
expect_status 0
expect_output ''
must desktop_is_locked

begin 'once it is open again the token is there'
must desktop_unlock
call keyturn token
expect_output pat_desktop

finish

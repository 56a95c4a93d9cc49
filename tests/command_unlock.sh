#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn unlock at a terminal, without a display: GNOME Keyring by its control socket, and
# --resync, which brings the passwords of keyring and login together.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
need expect python3
alone "$0" "$@"
home_on_desktop
store_token main coze.cn pat_desktop
outcome=$XDG_RUNTIME_DIR/keyturn/unlock-outcome
KEYTURN_CACHE=off
export KEYTURN_CACHE

# left WORD: what the login left.
left()
{
	mkdir -p "${outcome%/*}"
	echo "$1" >"$outcome"
}

begin 'a locked keyring is opened with its password, which is not shown'
must desktop_lock
call keyturn token
expect_status 4
expect_said 'keyturn unlock'
at_terminal "spawn keyturn unlock
	expect \"Password\"
	send \"$DESKTOP_PASSWORD\r\""
expect_status 0
expect_unsaid "$DESKTOP_PASSWORD"
must desktop_is_unlocked
call keyturn token
expect_output pat_desktop

begin 'an open one is not asked for'
call setsid keyturn unlock
expect_status 0
at_terminal 'spawn keyturn unlock'
expect_status 0
must_not grep -q Password "$work/out"

begin 'also where standard input is not the terminal'
must desktop_lock
at_terminal "spawn sh -c \"echo wrong | keyturn unlock\"
	expect \"Password\"
	send \"$DESKTOP_PASSWORD\r\""
expect_status 0
must desktop_is_unlocked

begin 'a wrong password, three times, is exit 4, and it stays locked'
must desktop_lock
at_terminal 'spawn keyturn unlock
	expect "Password"
	send "wrong one\r"
	expect "Password"
	send "wrong two\r"
	expect "Password"
	send "wrong three\r"'
expect_status 4
expect_unsaid 'wrong three'
must desktop_is_locked

begin 'a question that is broken off is exit 4'
at_terminal 'spawn keyturn unlock
	expect "Password"
	send "\003"'
expect_status 4
must desktop_is_locked

begin 'without a terminal, or with KEYTURN_PROMPT=0, nobody is asked'
call setsid keyturn unlock
expect_status 4
expect_cause_and_remedy
at_terminal 'spawn env KEYTURN_PROMPT=0 keyturn unlock'
expect_status 4
must_not grep -q Password "$work/out"
call setsid keyturn unlock --resync
expect_status 2
expect_cause_and_remedy

begin 'what the login left is the reason given, with what mends it'
left no-password
call setsid keyturn token
expect_status 4
expect_cause_and_remedy
expect_said 'without a password'
left no-daemon
call setsid keyturn list
expect_status 4
expect_said 'daemon'
left no-login-keyring
call setsid keyturn header
expect_status 4
expect_said 'no login keyring'
left opened
call setsid keyturn token --json
expect_status 4
must grep -q 'locked since' "$work/out"
left passwords-differ
call setsid keyturn show main
expect_status 4
expect_cause_and_remedy
expect_said 'keyturn unlock --resync'

call setsid keyturn doctor
expect_status 4
must grep -q 'keyturn unlock --resync' "$work/out"

begin 'what nobody may have written there is no reason'
for word in nonsense '' "$(head -c 5000 /dev/zero | tr '\0' o)"; do
	left "$word"
	call setsid keyturn token
	expect_status 4
	expect_said 'keyring is locked'
	must grep -q 'locked$' "$work/err"
done
rm "$outcome"
ln -s /etc/hostname "$outcome"
call setsid keyturn token
must grep -q 'locked$' "$work/err"
rm "$outcome"
mkfifo "$outcome"
call timeout 10 setsid keyturn token
must grep -q 'locked$' "$work/err"
rm "$outcome"

# resync OLD LOGIN AGAIN
resync()
{
	at_terminal "spawn keyturn unlock --resync
		expect \"Old password\"
		send \"$1\r\"
		expect \"login password\"
		send \"$2\r\"
		expect \"again\"
		send \"$3\r\""
}

begin 'two login passwords that differ change nothing'
left passwords-differ
resync "$DESKTOP_PASSWORD" 'fresh one' 'fresh two'
expect_status 2
must desktop_is_locked
must desktop_unlock
must desktop_lock

begin 'a wrong old password changes nothing'
resync 'wrong one' 'fresh one' 'fresh one'
expect_status 4
expect_unsaid 'fresh one'
must desktop_is_locked
must [ "$(cat "$outcome")" = passwords-differ ]

begin 'the right old password: the keyring has the login password, and is open'
resync "$DESKTOP_PASSWORD" 'fresh one' 'fresh one'
expect_status 0
expect_unsaid 'fresh one'
must desktop_is_unlocked
must [ "$(cat "$outcome")" = opened ]
call keyturn token
expect_output pat_desktop
must desktop_lock
must_not desktop_unlock
DESKTOP_PASSWORD='fresh one'
must desktop_unlock

begin 'it can be repeated'
resync 'not this' 'fresh one' 'fresh one'
expect_status 0
must desktop_is_unlocked

begin "deepin's white box keeps its password: it is not changed, and the one remedy is another login"
mkdir -p "$HOME/.local/share/deepin-keyrings-wb"
printf '11' >"$HOME/.local/share/deepin-keyrings-wb/status"
at_terminal 'spawn keyturn unlock --resync'
expect_status 6
must desktop_lock
call keyturn token
expect_status 4
expect_said "deepin's white box keeps its password"
expect_said 'log in to the desktop anew'
rm -r "$HOME/.local/share/deepin-keyrings-wb"

begin 'a keyring that no control socket opens is told so'
must desktop_lock
mv "$XDG_RUNTIME_DIR/keyring/control" "$work/control"
at_terminal 'spawn keyturn unlock
	expect "Password"
	send "fresh one\r"'
expect_status 4
must grep -q 'gnome-keyring-daemon' "$work/out"
mv "$work/control" "$XDG_RUNTIME_DIR/keyring/control"

begin 'a vault gets the login password as well'
KEYTURN_KEYRING=vault
export KEYTURN_KEYRING
printf 'old login' | keyturn vault create --login >"$work/out"
store_token main coze.cn pat_vault
keyturn lock
left passwords-differ
call setsid keyturn token
expect_status 4
expect_said 'keyturn unlock --resync'
at_terminal 'spawn keyturn unlock --resync
	expect "Login password, which opens"
	send "old login\r"
	expect "login password"
	send "new login\r"
	expect "again"
	send "new login\r"'
expect_status 0
keyturn lock
at_terminal 'spawn keyturn unlock
	expect "Login password, which opens"
	send "new login\r"'
expect_status 0
call keyturn token
expect_output pat_vault

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# KeePassXC as the desktop's keyring: the real program, without a display that anybody could see.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
need dbus-daemon dbus-send keepassxc keepassxc-cli
alone "$0" "$@"
home_make
KEYTURN_CACHE=off
QT_QPA_PLATFORM=offscreen
DESKTOP_DIRECTORY=$work/desktop
XDG_RUNTIME_DIR=$work/desktop/run
DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
export KEYTURN_CACHE QT_QPA_PLATFORM XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS
mkdir -p "$XDG_RUNTIME_DIR" "$HOME/.config/keepassxc"
chmod 700 "$XDG_RUNTIME_DIR"
cat >"$HOME/.config/keepassxc/keepassxc.ini" <<'END'
[General]
ConfigVersion=2
SingleInstance=false

[FdoSecrets]
Enabled=true
ShowNotification=false
ConfirmDeleteItem=false
ConfirmAccessItem=false

[GUI]
CheckForUpdates=false
END
# One group, which is shown to the Secret Service.
cat >"$work/logins.xml" <<'END'
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<KeePassFile><Meta><Generator>test</Generator><DatabaseName>Logins</DatabaseName>
<RecycleBinEnabled>False</RecycleBinEnabled><CustomData><Item>
<Key>FDO_SECRETS_EXPOSED_GROUP</Key><Value>{10101010-1010-1010-1010-101010101010}</Value>
</Item></CustomData></Meta><Root><Group><UUID>EBAQEBAQEBAQEBAQEBAQEA==</UUID>
<Name>Root</Name></Group></Root></KeePassFile>
END
printf 'master\nmaster\n' | keepassxc-cli import --set-password --decryption-time 100 \
	"$work/logins.xml" "$work/logins.kdbx" >"$work/import.log" 2>&1
desktop_start_bus
collection=/org/freedesktop/secrets/collection/logins

is_open()
{
	desktop_call "$collection" org.freedesktop.DBus.Properties.Get \
		string:org.freedesktop.Secret.Collection string:Locked | grep -q 'boolean false'
}

is_locked()
{
	desktop_call "$collection" org.freedesktop.DBus.Properties.Get \
		string:org.freedesktop.Secret.Collection string:Locked | grep -q 'boolean true'
}

# is_at_rest: it waits for something to do, and has done nothing for a moment. On a busy machine its
# window takes longer to come than a call to the keyring may take.
is_at_rest()
{
	used=$(cut -d ' ' -f 14,15 "/proc/$DESKTOP_DAEMON/stat")
	sleep 0.3
	[ "$(cut -d ' ' -f 3,14,15 "/proc/$DESKTOP_DAEMON/stat")" = "S $used" ]
}

# start_keepassxc [DATABASE]: opened with its password, or with none.
start_keepassxc()
{
	echo master >"$work/master"
	keepassxc ${1:+--pw-stdin} "$@" <"$work/master" >>"$work/keepassxc.log" 2>&1 &
	DESKTOP_DAEMON=$!
}

end_keepassxc()
{
	kill -TERM "$DESKTOP_DAEMON"
	wait "$DESKTOP_DAEMON" 2>/dev/null || true
}

begin 'a login is kept without a display: the prompt of a new item is seen through'
start_keepassxc "$work/logins.kdbx"
must desktop_wait is_open
must desktop_wait is_at_rest
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
must desktop_wait is_at_rest

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
end_keepassxc
start_keepassxc
must desktop_wait desktop_has_service
must desktop_wait is_at_rest
call keyturn token main
expect_status 4
expect_output ''
expect_said KeePassXC
expect_cause_and_remedy

begin 'open again it has what was stored'
end_keepassxc
start_keepassxc "$work/logins.kdbx"
must desktop_wait is_open
must desktop_wait is_at_rest
call keyturn token main
expect_output pat_last
call keyturn logout main
expect_status 0
call keyturn token main
expect_status 1

finish

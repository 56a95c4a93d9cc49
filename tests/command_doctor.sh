#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn doctor: what is wrong, in which layer, and what to do.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
need python3
alone "$0" "$@"
home_make

# level LAYER: the worst level that --json tells of the layer.
level()
{
	python3 -c '
import json, sys
order = ["failed", "warning", "ok"]
levels = [check["level"] for check in json.load(open(sys.argv[1]))["checks"]
          if check["layer"] == sys.argv[2]]
print(min(levels, key=order.index) if levels else "none")
' "$work/out" "$1"
}

# layer_is LAYER LEVEL
layer_is()
{
	must [ "$(level "$1")" = "$2" ]
}

begin 'without bus and vault the keyring has failed, with both remedies'
call keyturn doctor --json
expect_status 4
expect_json 1 version
layer_is bus warning
layer_is keyring failed
call keyturn doctor
expect_status 4
must grep -q 'keyturn vault create' "$work/out"
expect_said ''

begin 'with a vault everything is well'
keyturn vault create --key-file "$HOME/key" >/dev/null
store_token main coze.cn pat_canary
call keyturn doctor --json
expect_status 0
layer_is bus ok
layer_is keyring ok
layer_is lock ok
layer_is items ok
layer_is vault ok
expect_unsaid canary
call keyturn doctor
expect_status 0
must grep -q '^ok  *items  *1 login can be read$' "$work/out"
must grep -q '^ok  *proxy  *run --proxy works here, and the kernel tells' "$work/out"

# as_on LINE FILE: from now on the system is the one that this file would tell of.
as_on()
{
	printf '%s\n' "$1" >"$work/as"
	must mount --bind "$work/as" "$2"
}

begin 'deepin, whose white box keeps the password of the keyring; elsewhere nothing is said'
call keyturn doctor --json
layer_is system none
mkdir -p "$HOME/.local/share/deepin-keyrings-wb"
printf '01' >"$HOME/.local/share/deepin-keyrings-wb/status"
call keyturn doctor --json
layer_is system none
printf '11' >"$HOME/.local/share/deepin-keyrings-wb/status"
call keyturn doctor
must grep -q '^ok  *system  *deepin' "$work/out"
rm -r "$HOME/.local/share/deepin-keyrings-wb"

if mountpoint -q "$TEST_ALONE"; then
	begin 'Kylin, by its os-release; WSL, by its kernel or its variable'
	for id in 'ID=kylin' 'ID="openkylin"'; do
		as_on "$id" /etc/os-release
		call keyturn doctor
		umount /etc/os-release
		must grep -q '^ok  *system  *the desktop of Kylin' "$work/out"
	done
	as_on 'Linux version 5.15.153.1-microsoft-standard-WSL2 (root@x)' /proc/version
	call keyturn doctor
	umount /proc/version
	expect_status 0
	must grep -q '^ok  *system  *this is WSL' "$work/out"
	call env WSL_DISTRO_NAME=Debian keyturn doctor
	must grep -q '^ok  *system  *this is WSL' "$work/out"
fi

begin 'a token in a file of the shell is found, and is moved as it is said'
printf 'alias ll="ls -l"\n# export COZE_API_TOKEN="pat_****"\nexport COZE_API_TOKEN="pat_canaryA1b2C3d4E5f6G7"\n' \
	>"$HOME/.zshrc"
printf 'ls\ncurl -H "Authorization: Bearer sat_canaryA1b2C3d4E5f6G7"\n' >"$HOME/.bash_history"
call keyturn doctor
expect_status 0
expect_unsaid canary
must [ "$(grep -c 'has a token in plain text' "$work/out")" -eq 2 ]
must [ "$(grep -c 'keyturn import shell' "$work/out")" -eq 2 ]
call keyturn import shell --yes --remove --site coze.cn
expect_status 0
for moved in $(sed -n 's/.*: \([^ ]*\) ([ps]at), .*/\1/p' "$work/out"); do
	must keyturn logout "$moved" 2>/dev/null
done
must [ "$(wc -l <"$HOME/.zshrc")" -eq 3 ]
must_not grep -q canary "$HOME/.zshrc"
must [ "$(cat "$HOME/.bash_history")" = ls ]
call keyturn doctor
must_not grep -q ' shell ' "$work/out"
rm "$HOME/.zshrc" "$HOME/.bash_history"

begin 'an exported token is told'
call env COZE_API_TOKEN=pat_canary keyturn doctor --json
expect_status 0
layer_is shell warning
expect_unsaid canary

begin 'a damaged item is found, and left as it is'
store_token second coze.cn pat_second
for item in "$HOME"/.local/share/keyturn/vault/*-*; do
	printf 'x' | dd of="$item" bs=1 seek=60 conv=notrunc 2>/dev/null
	break
done
snapshot >"$work/before"
call keyturn doctor --json
expect_status 4
layer_is items failed
expect_unchanged
call keyturn list
expect_said 'keyturn doctor'

begin 'a key file that is gone is told as the vault'\''s'
mv "$HOME/key" "$work/key"
keyturn lock
call keyturn doctor --json
expect_status 4
must [ "$(level vault)" != ok ]
mv "$work/key" "$HOME/key"

begin 'a record that names no keyring is found'
echo rubbish >"$HOME/.config/keyturn/keyring"
call keyturn doctor --json
expect_status 4
layer_is keyring failed

begin 'doctor takes no account'
call keyturn doctor main
expect_status 2
expect_cause_and_remedy

if ! command -v gnome-keyring-daemon >/dev/null; then
	skip 'there is no gnome-keyring-daemon'
fi
conclude
home_leave
home_on_desktop
store_token main coze.cn pat_desktop

begin 'a desktop that is well is told so'
call keyturn doctor --json
expect_status 0
layer_is bus ok
layer_is keyring ok
layer_is lock ok
layer_is items ok

begin 'a locked keyring is found in its layer'
must desktop_lock
call keyturn doctor --json
expect_status 4
layer_is keyring ok
layer_is lock failed
must desktop_unlock

begin 'a keyring service that does not answer is found within 6 s'
must desktop_stop_daemon
before=$(now)
call keyturn doctor --json
after=$(now)
expect_status 4
must is_in_time $((after - before)) 6000 5000
must [ "$(level keyring)$(level lock)" != okok ]
must desktop_continue

begin 'a service that is gone is found'
desktop_kill_daemon || true
call keyturn doctor --json
expect_status 4
must [ "$(level keyring)$(level lock)" != okok ]

finish

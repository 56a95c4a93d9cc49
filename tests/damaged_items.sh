#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Damaged items: told of, and in nobody's way: a store and a login replace them, erase and logout
# delete them. Nothing that could not be read again takes the place of what can. Nor is a caller in
# the way that was stopped.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
need dbus-daemon dbus-send gnome-keyring-daemon perl secret-tool
alone "$0" "$@"

# Each keyring in turn is damaged by one of these: damage USERNAME HOST.
damage_vault()
{
	for item in "$HOME"/.local/share/keyturn/vault/*-*; do
		printf 'x' | dd of="$item" bs=1 seek=60 conv=notrunc 2>/dev/null
	done
}

damage_desktop()
{
	printf '{"version":1,"kind":' | secret-tool store --label=damaged \
		xdg:schema org.keyturn.Credential protocol https host "$2" path '' username "$1"
}

# ways_out DAMAGE: of a git password and of a token.
ways_out()
{
	git='protocol=https\nhost=git.example.com\nusername=alice\n'

	begin "$1: a damaged git password is replaced by git's next store"
	KEYTURN_CACHE=off
	export KEYTURN_CACHE
	input "${git}password=first\n\n"
	call keyturn store
	expect_status 0
	"$1" alice git.example.com
	input "${git}\n"
	call keyturn get
	expect_status 4
	expect_output ''
	input "${git}password=second\n\n"
	call keyturn store
	expect_status 0
	input "${git}\n"
	call keyturn get
	must grep -qx 'password=second' "$work/out"

	begin "$1: and deleted by git's erase"
	"$1" alice git.example.com
	input "${git}password=first\n\n"
	call keyturn erase
	expect_status 0
	input "${git}\n"
	call keyturn get
	expect_status 0
	expect_output ''

	begin "$1: a damaged token is told by doctor, and replaced by a login"
	store_token work coze.cn pat_first
	"$1" work api.coze.cn
	call keyturn token work
	expect_status 4
	expect_cause_and_remedy
	call keyturn doctor
	expect_status 4
	must grep -q 'damaged' "$work/out"
	input 'pat_second\n'
	call keyturn login work --site coze.cn --with-token
	expect_status 0
	call keyturn token work
	expect_output pat_second

	begin "$1: and forgotten by logout"
	"$1" work api.coze.cn
	call keyturn logout work@coze.cn
	expect_status 0
	expect_said deleted
	call keyturn doctor
	must_not grep -q 'damaged' "$work/out"
	call keyturn token work
	expect_status 1
}

# keeps_what_is_good: a store that cannot be kept leaves the item as it is, and can be done again.
keeps_what_is_good()
{
	begin "$1: what cannot be kept leaves what is stored"
	input 'protocol=https\nhost=git.example.com\nusername=bob\npassword=good\n\n'
	call keyturn store
	expect_status 0
	for line in 'password_expiry_utc=9223372036854775807' 'password_expiry_utc=9007199254740993' \
		'oauth_refresh_token=r\377'; do
		input "protocol=https\nhost=git.example.com\nusername=bob\npassword=bad\n$line\n\n"
		call keyturn store
		input 'protocol=https\nhost=git.example.com\nusername=bob\n\n'
		call keyturn get
		expect_status 0
		must grep -q -x -e 'password=good' -e 'password=bad' "$work/out"
	done
	input 'protocol=https\nhost=git.example.com\nusername=bob\npassword=better\n\n'
	call keyturn store
	expect_status 0
	input 'protocol=https\nhost=git.example.com\nusername=bob\n\n'
	call keyturn get
	must grep -qx 'password=better' "$work/out"
	call keyturn logout bob
	expect_status 0
}

is_held()
{
	! flock --nonblock "$TEST_ALONE/keyturn/changes" true
}

home_start

# The file of changes is in the state directory, which alone() has mounted.
if [ -n "$TEST_ALONE" ]; then
	begin 'a caller that is stopped while it holds the file of changes holds nobody'
	store_token held coze.cn pat_held
	flock --no-fork "$TEST_ALONE/keyturn/changes" sleep 600 &
	holder=$!
	must desktop_wait is_held
	call timeout 60 keyturn token held
	expect_status 0
	expect_output pat_held
	input 'pat_changed\n'
	call timeout 60 keyturn login held --site coze.cn --with-token
	expect_status 0
	call timeout 60 keyturn token held
	expect_output pat_changed
	kill "$holder"
	call keyturn logout held
	expect_status 0
fi
ways_out damage_vault
keeps_what_is_good vault
conclude
home_leave
home_on_desktop
ways_out damage_desktop
keeps_what_is_good desktop

begin 'desktop: two items of one account are told by doctor, and a login leaves one'
store_token twice coze.cn pat_one
printf '{"version":1,"kind":"pat","protocol":"https","host":"api.coze.cn","path":"",%s}' \
	'"username":"twice","token":"pat_two"' | secret-tool store --label=second \
	xdg:schema org.keyturn.Credential protocol https host api.coze.cn path '' username twice \
	more attributes
call keyturn token twice
expect_status 4
expect_cause_and_remedy
call keyturn doctor
must grep -q 'stored twice' "$work/out"
input 'pat_three\n'
call keyturn login twice --site coze.cn --with-token
expect_status 0
call keyturn token twice
expect_output pat_three
call keyturn doctor
must_not grep -q 'stored twice' "$work/out"

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn import that is killed at any of its system calls, or finds the disk full: no secret is
# lost, none is stored twice, every file is whole, and the next call goes on from there.
# KEYTURN_POINTS: at how many calls.
set -eu

. "$(dirname "$0")/lib/home.sh"
alone "$0" "$@"
need git strace python3
need_mounts 'fill a disk'
strace -qq -e trace=none true 2>/dev/null || skip 'strace may not trace here'
home_make
# LeakSanitizer cannot work where strace does.
export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"
points=${KEYTURN_POINTS:-12}

# A home with sources that are changed, wired and removed, and an empty vault.
fill()
{
	mkdir -p "$HOME/bot" "$HOME/.docker" "$HOME/.cache" "$HOME/.config"
	keyturn vault create --key-file "$HOME/vault.key" >"$work/out" 2>"$work/err"
	printf 'a=1\nexport COZE_API_TOKEN=pat_9fQx2LmV7aZk3BtR8nWc5YhJ\nb=2\n' >"$HOME/.bashrc"
	printf 'COZE_API_TOKEN=sat_9fQx2LmV7aZk3BtR8nWc5YhJ\n' >"$HOME/bot/.env"
	printf 'https://me:one@g.example.com\nhttps://you:two@h.example.com\n' >"$HOME/.git-credentials"
	printf '[credential]\n\thelper = store\n' >"$HOME/.gitconfig"
	printf '{"auths": {"r.example.com": {"auth": "bWU6dGhyZWU="}}}\n' >"$HOME/.docker/config.json"
	printf '{"access_token": "czu_a", "expires_in": 1, "refresh_token": "four"}\n' \
		>"$HOME/.cache/coze_token_1.json"
	printf '{"mcpServers": {"h": {"type": "http", "url": "https://m.example.com/", %s}}}\n' \
		'"headers": {"Authorization": "Bearer five-five"}' >"$HOME/.claude.json"
	printf 'account "p" { auth_uri = "https://p.example.com/a"; token_uri = "https://p.example.com/t"; %s }\n' \
		'client_id = "i"; client_secret = "six";' >"$HOME/.config/pizauth.conf"
}

# Those that are changed.
names='.bashrc bot/.env .git-credentials .gitconfig .docker/config.json .cache/coze_token_1.json
	.claude.json .config/pizauth.conf'

import()
{
	"$@" keyturn import --yes --remove --site coze.cn shell git docker cozepy mcp pizauth "$HOME/bot"
}

# state: files and accounts, as they are.
state()
{
	for name in $names; do
		echo "== $name"
		cat "$HOME/$name" 2>/dev/null || :
	done
	keyturn list --json | python3 -c '
import json, sys
for a in json.load(sys.stdin)["accounts"]:
    print(a["account"], a["service"], a["kind"])' | sort
	keyturn token main@coze.cn
	keyturn token bot@coze.cn
	keyturn token h@m.example.com
	keyturn show p@p.example.com --json | grep -o '"client_id":"i"'
	for url in https://me@g.example.com https://you@h.example.com https://me@r.example.com; do
		printf 'url=%s\n\n' "$url" | keyturn get
	done
}

# is_whole POINT: each file is one that setup and import write, or as it was.
is_whole()
{
	for name in $names; do
		if cmp -s "$HOME/$name" "$work/old/$name"; then
			old=$((old + 1))
		elif cmp -s "$HOME/$name" "$work/new/$name" ||
			{ [ ! -e "$HOME/$name" ] && [ ! -e "$work/new/$name" ]; }; then
			new=$((new + 1))
		elif [ "$name" != .docker/config.json ] ||
			! cmp -s "$HOME/$name" "$work/wired.json"; then
			complain "at $1 $name is neither the old one nor the new one"
		fi
	done
}

# goes_on POINT: the next call comes to what an undisturbed one comes to.
goes_on()
{
	is_whole "$1"
	import call
	expect_status 0
	state >"$work/state" 2>&1
	cmp -s "$work/state" "$work/expected_state" || {
		complain "at $1 the next call comes to something else:"
		diff "$work/expected_state" "$work/state" | sed 's/^/#   /' | head
	}
	must [ -z "$(find "$HOME" -name '*.keyturn')" ]
}

# again: the home as it was.
again()
{
	KEYTURN_KEYRING=vault keyturn lock >/dev/null 2>&1 || :
	find "$HOME" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
	cp -a "$work/old/." "$HOME"
}

begin 'undisturbed'
fill
cp -a "$HOME" "$work/old"
keyturn setup docker --yes >"$work/out" 2>&1
cp "$HOME/.docker/config.json" "$work/wired.json"
again
import strace -qq -o "$work/trace" >"$work/out" 2>"$work/err" || complain 'it fails under strace'
show_call >"$work/shown"
sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' "$work/trace" | awk '{ print $1 ":" ++count[$1] }' |
	grep -v '^keyctl' >"$work/calls"
cp -a "$HOME" "$work/new"
state >"$work/expected_state" 2>&1
must grep -q '^sat_9' "$work/expected_state"
must grep -q '^five-five' "$work/expected_state"
must grep -q client_id "$work/expected_state"
must [ "$(grep -c '^password=' "$work/expected_state")" -eq 3 ]
must_not grep -qF -e one@ -e bWU6 "$work/expected_state"
echo "# $(grep -c '' "$work/calls") system calls"

begin "killed at $points of them"
old=0 new=0
count=$(grep -c '' "$work/calls")
for point in $(awk -v most="$points" -v count="$count" \
	'int(NR * most / count) != int((NR - 1) * most / count)' "$work/calls"); do
	again
	import strace -qq -o "$work/trace" \
		-e "inject=${point%:*}:signal=KILL:when=${point#*:}" >"$work/out" 2>"$work/err" || :
	goes_on "$point"
done
echo "# files: $old times the old one, $new times the new one"
must [ "$old" -gt "$points" ]
must [ "$new" -gt 2 ]

begin 'a disk that is full, and one with room for a little'
small=$work/small
mkdir "$small"
mount -t tmpfs -o size=256k,mode=700 none "$small"
HOME=$small
for room in 0 1 2 3 5 8; do
	again
	dd if=/dev/zero of="$HOME/fill" bs=4096 count=500 >/dev/null 2>&1 || :
	[ "$room" -eq 0 ] || truncate -s "-$((room * 4096))" "$HOME/fill"
	import call
	expect_unsaid pat_9
	is_whole "room $room"
	rm "$HOME/fill"
	goes_on "room $room"
done
umount "$small"
HOME=$work/home

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn vault rekey: nothing older opens what is stored from then on; killed at any of its system
# calls it leaves the old vault or the new one, whole. KEYTURN_POINTS: at how many of them.
set -eu

. "$(dirname "$0")/lib/home.sh"
need strace python3
strace -qq -e trace=none true 2>/dev/null || skip 'strace may not trace here'
home_start
# LeakSanitizer cannot work where strace does.
export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"
points=${KEYTURN_POINTS:-24}
vault=$HOME/.local/share/keyturn/vault
KEYTURN_CACHE=off
export KEYTURN_CACHE

# items: the sealed files of the vault, wherever they lie.
items()
{
	find "$vault" -type f -name '*-*-*' | sort
}

# holds_all: each login is there, with its token.
holds_all()
{
	for account in one two three; do
		[ "$(keyturn token "$account" 2>"$work/err")" = "pat_$account" ] || return 1
	done
	[ "$(keyturn list --json 2>"$work/err" | grep -o '"account":' | wc -l)" -eq 3 ]
}

for account in one two three; do
	store_token "$account" coze.cn "pat_$account"
done
keyturn vault add-key --key-file "$HOME/other.key" --name other 2>"$work/err"

begin 'rekey seals every login with another key, and each way opens it'
cp -R "$vault" "$work/before"
call keyturn vault rekey
expect_status 0
expect_output ''
must holds_all
must [ "$(items | wc -l)" -eq 3 ]
must_not sh -c 'cd "$1" && find . -type f -name "*-*-*" -exec basename {} \; | grep -qf - "$2"' - \
	"$work/before" "$(items >"$work/names" && echo "$work/names")"
keyturn lock
mv "$HOME/vault.key" "$work/vault.key"
must holds_all
mv "$work/vault.key" "$HOME/vault.key"
keyturn lock
must holds_all

begin 'an earlier header with its keys opens no item that is there now'
mkdir -m 700 "$work/stolen"
cp "$work/before/vault.json" "$work/stolen"
for item in $(items); do
	cp "$item" "$work/stolen"
done
call env KEYTURN_VAULT="$work/stolen" KEYTURN_VAULT_KEY_FILE="$HOME/vault.key" keyturn token one
must [ "$status" -ne 0 ]
expect_output ''
KEYTURN_VAULT=$work/stolen keyturn lock

begin 'a way that cannot be had is named, and nothing is changed'
mv "$HOME/other.key" "$work/other.key"
snapshot >"$work/before.sums"
cp "$work/before.sums" "$work/before.list"
mv "$work/before.sums" "$work/before.snapshot"
call keyturn vault rekey
expect_status 4
expect_cause_and_remedy
expect_said 'keyturn vault remove-key'
snapshot | cmp -s - "$work/before.snapshot" || complain 'files changed'
mv "$work/other.key" "$HOME/other.key"

begin 'a damaged login is not thrown away with the old key'
set -- $(items)
cp "$1" "$work/item"
printf 'x' >>"$1"
call keyturn vault rekey
expect_status 4
expect_cause_and_remedy
cp "$work/item" "$1"
must holds_all

begin 'killed at any system call it leaves the old vault or the new one'
rm -rf "$work/before"
cp -R "$vault" "$work/before"
strace -qq -o "$work/trace" keyturn vault rekey 2>"$work/err" || complain 'it fails under strace'
sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' "$work/trace" | awk '{ print $1 ":" ++count[$1] }' >"$work/calls"
total=$(wc -l <"$work/calls")
old=0 new=0 tried=0
# From the second half on there is something to be torn apart.
awk -v points="$points" -v total="$total" 'BEGIN { step = total / points; if (step < 1) step = 1 }
	NR >= next_one { print; next_one += step }' "$work/calls" >"$work/points"
tail -n $((points / 2)) "$work/calls" >>"$work/points"
while read -r point; do
	rm -rf "$vault"
	cp -R "$work/before" "$vault"
	strace -qq -o "$work/trace" -e "inject=${point%:*}:signal=KILL:when=${point#*:}" \
		keyturn vault rekey >"$work/out" 2>"$work/err" || :
	tried=$((tried + 1))
	if cmp -s "$vault/vault.json" "$work/before/vault.json"; then
		old=$((old + 1))
	else
		new=$((new + 1))
	fi
	holds_all || complain "killed at $point the logins are not whole"
done <"$work/points"
echo "# of $total calls killed at $tried: $old times the old vault, $new times the new one"
must [ "$old" -gt 5 ]
must [ "$new" -gt 1 ]

begin 'and the next rekey goes on, and leaves nothing of the others'
call keyturn vault rekey
expect_status 0
must holds_all
must [ "$(find "$vault" -mindepth 1 -maxdepth 1 | wc -l)" -eq 2 ]
must [ "$(items | wc -l)" -eq 3 ]

begin 'callers beside it find every login, and lose none that they store'
: >"$work/stop"
(
	while [ -e "$work/stop" ]; do
		keyturn token one >>"$work/answers" 2>>"$work/refusals" || :
	done
) &
reader=$!
for round in 1 2 3 4 5 6; do
	keyturn vault rekey 2>"$work/err" || complain 'a rekey fails'
	printf 'pat_round%s\n' "$round" | keyturn login "round$round" --site coze.cn --with-token \
		2>>"$work/stage.log" &
	keyturn vault rekey 2>"$work/err" || complain 'a rekey beside a login fails'
	wait $!
done
rm "$work/stop"
wait "$reader"
must [ ! -s "$work/refusals" ]
must [ "$(sort -u "$work/answers")" = pat_one ]
for round in 1 2 3 4 5 6; do
	must [ "$(keyturn token "round$round")" = "pat_round$round" ]
done

finish

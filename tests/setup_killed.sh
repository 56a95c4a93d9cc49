#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn setup that is killed at any of its last system calls: the file is the old or the new one,
# and the next call goes on from there. KEYTURN_POINTS: at how many of them; with sanitizers, at each
# third.
set -eu

. "$(dirname "$0")/lib/home.sh"
need git strace
strace -qq -e trace=none true 2>/dev/null || skip 'strace may not trace here'
home_start
# LeakSanitizer cannot work where strace does.
export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"
points=${KEYTURN_POINTS:-60}
every=$(amount 1 3)
file=$HOME/.gitconfig

# killed CALL:NUMBER OPTION...: keyturn setup ends at this system call of its own.
killed()
{
	point=$1
	shift
	strace -qq -o "$work/trace" -e "inject=${point%:*}:signal=KILL:when=${point#*:}" \
		keyturn setup git --yes "$@" >"$work/out" 2>"$work/err" || :
}

# calls OPTION...: its last system calls, each with how many of its kind there were.
calls()
{
	strace -qq -o "$work/trace" keyturn setup git --yes "$@" >"$work/out" 2>"$work/err" ||
		complain 'it fails under strace'
	sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' "$work/trace" |
		awk '{ print $1 ":" ++count[$1] }' | tail -n "$points" | awk "NR % $every == 0"
}

# is_old_or_new: counts which.
is_old_or_new()
{
	if cmp -s "$file" "$work/old" || { [ ! -e "$file" ] && [ ! -e "$work/old" ]; }; then
		old=$((old + 1))
	elif cmp -s "$file" "$work/new"; then
		new=$((new + 1))
	else
		complain "killed at call $1 it is neither the old nor the new one"
	fi
}

# start: as before setup.
start()
{
	rm -f "$file"
	[ ! -e "$work/old" ] || cp "$work/old" "$file"
}

# finished: setup goes on and undo comes to the old one, and nothing of ours is left.
finished()
{
	call keyturn setup git --yes
	expect_status 0
	must cmp -s "$file" "$work/new"
	call keyturn setup git --yes --undo
	expect_status 0
	start_is_old
	must [ -z "$(find "$HOME" -name '*gitconfig?*' -o -path '*/keyturn/setup*')" ]
}

start_is_old()
{
	if [ -e "$work/old" ]; then
		must cmp -s "$file" "$work/old"
	else
		must [ ! -e "$file" ]
	fi
}

# sweep: both ways, at the last of their system calls.
sweep()
{
	start
	calls >"$work/points"
	cp "$file" "$work/new"
	calls --undo >"$work/undo_points"
	start_is_old
	old=0 new=0
	while read -r point; do
		start
		killed "$point"
		is_old_or_new "$point"
		finished
	done <"$work/points"
	echo "# setup: $old times the old file, $new times the new one"
	must [ "$old" -gt 5 ]
	must [ "$new" -gt 2 ]
	old=0 new=0
	while read -r point; do
		call keyturn setup git --yes
		killed "$point" --undo
		is_old_or_new "$point"
		finished
	done <"$work/undo_points"
	echo "# undo: $old times the old file, $new times the new one"
	must [ "$new" -gt 2 ]
	must [ "$old" -gt 2 ]
}

begin 'a file with another helper'
printf '[user]\n\tname = me\n[credential]\n\thelper = store\n' >"$work/old"
sweep

begin 'a file that is not there'
rm "$work/old"
points=80
sweep

finish

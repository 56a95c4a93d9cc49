#!/bin/sh
# SPDX-License-Identifier: MIT
#
# No secret leaves keyturn but as its answer: not by arguments, environments, messages, traces,
# files or cores, nor in the memory of a program that has ended.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
need python3 strace
alone "$0" "$@"

# Free memory loses its first bytes: what is looked for is the end of the canary.
canary=pat_Zm9vYmFyYmF6cXV4Y2FuYXJ5dGhhdGlzbG9uZ2Vub3VnaA
mark=Y2FuYXJ5dGhhdGlzbG9uZ2Vub3VnaA
request='protocol=https\nhost=api.coze.cn'

# every_command CALL...: CALL in front of each command that meets the secret, with what it needs on
# stdin. The last one forgets it.
every_command()
{
	printf '%s\n' "$canary" >"$work/token"
	printf "$request\n\n" >"$work/request"
	printf "$request\nusername=git\npassword=$canary\n\n" >"$work/credential"
	printf 'COZE_API_TOKEN=%s\n' "$canary" >"$work/env"
	"$@" login --site coze.cn --with-token <"$work/token"
	"$@" token </dev/null
	"$@" token --json </dev/null
	"$@" header </dev/null
	"$@" get <"$work/request"
	"$@" store <"$work/credential"
	"$@" list </dev/null
	"$@" show main --json </dev/null
	"$@" set main --expires 3 </dev/null
	"$@" doctor </dev/null
	"$@" token --env-file "$work/env" </dev/null
	"$@" reject main <"$work/token"
	"$@" erase <"$work/credential"
	"$@" token </dev/null
	"$@" logout main </dev/null
	"$@" logout git </dev/null
}

traced()
{
	strace -f -v -s 100000 -qq -e trace=execve,execveat -o "$work/calls" -A keyturn "$@" \
		>>"$work/answers" 2>>"$work/messages" || true
}

told()
{
	KEYTURN_TRACE=1 keyturn "$@" >>"$work/answers" 2>>"$work/messages" || true
	KEYTURN_TRACE=$work/trace keyturn "$@" >>"$work/answers" 2>>"$work/messages" || true
}

scanned()
{
	python3 "$srcdir/tests/programs/scan_at_exit.py" "$mark" keyturn "$@" \
		2>>"$work/messages" >"$work/scan" && return
	complain "keyturn $1 leaves it in memory, or could not be scanned"
	sed 's/^/#   /' "$work/scan"
}

# The story that is the same with every keyring.
check()
{
	: >"$work/messages"
	: >"$work/answers"

	# Only root sees the arguments of a program that is not dumpable.
	if [ "$(id -u)" = 0 ]; then
		begin "$1: no argument and no environment holds the secret"
		every_command traced
		must grep -q "$mark" "$work/answers"
		must [ "$(grep -c 'keyturn-keeper' "$work/calls")" -ge 10 ]
		must_not grep -q "$mark" "$work/calls"
	fi

	begin "$1: no message and no trace holds it"
	every_command told
	must grep -q 'keyturn trace: ' "$work/messages"
	must [ -s "$work/trace" ]
	must_not grep -q "$mark" "$work/messages" "$work/trace"

	begin "$1: no file holds it"
	store_token main coze.cn "$canary"
	must_not grep -rqaF "$mark" "$HOME" "$TEST_ALONE/."
	keyturn logout main 2>>"$work/messages"

	# Copies that sanitizers keep in a program's memory are no concern of ours.
	[ "$(id -u)" = 0 ] && ! is_sanitized || return 0
	begin "$1: no memory holds it when a command has ended"
	# The scan finds what is there.
	call python3 "$srcdir/tests/programs/scan_at_exit.py" "$mark" python3 -c "x = '$mark'"
	expect_status 1
	for cache in off 900; do
		KEYTURN_CACHE=$cache
		export KEYTURN_CACHE
		every_command scanned
	done
	unset KEYTURN_CACHE
}

home_start
TEST_ALONE=${TEST_ALONE:-$HOME}
strace -qq -e trace=execve -o "$work/calls" true 2>/dev/null || skip 'tracing is not allowed here'
check vault

begin 'a program that crashes with the secret leaves no core'
mkdir "$work/cores"
mkfifo "$work/slow"
(
	cd "$work/cores"
	ulimit -c "$(ulimit -H -c)"
	exec keyturn login --site coze.cn --with-token <"$work/slow" 2>>"$work/messages"
) &
crashing=$!
exec 9>"$work/slow"
printf '%s' "$canary" >&9
# It is the keeper by now, and has read what there was.
desktop_wait grep -q keyturn-keeper "/proc/$crashing/maps" || true
sleep 0.3
kill -ABRT "$crashing"
crash_status=0
wait "$crashing" 2>/dev/null || crash_status=$?
exec 9>&-
must [ "$crash_status" -eq 134 ]
must_not grep -rqaF "$mark" "$work/cores"
must [ -z "$(ls "$work/cores")" ]

if [ "$(id -u)" = 0 ]; then
	begin 'run tells it to the command it runs, and to nothing else'
	store_token main coze.cn "$canary"
	strace -f -v -s 100000 -qq -e trace=execve -o "$work/calls" keyturn run main -- true
	must [ "$(grep -c "$mark" "$work/calls")" -ge 1 ]
	must_not sh -c 'grep "$1" "$2" | grep -v "execve(\"[^\"]*/true\""' - "$mark" "$work/calls"
	must_not sh -c 'sed "s/\], \[.*//" "$2" | grep "$1"' - "$mark" "$work/calls"
fi

conclude
home_leave
need dbus-daemon dbus-send gnome-keyring-daemon perl
home_on_desktop
check desktop

conclude
[ "$(id -u)" = 0 ] || skip 'needs root, to see the arguments of what is not dumpable'
finish

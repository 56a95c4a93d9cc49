# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A test script's own home, the call under test, and what is expected of it.
#
#	. "$(dirname "$0")/lib/home.sh"
#	home_start
#
#	begin 'a token from stdin is kept'
#	input 'pat_one\n'
#	call keyturn login --site coze.cn --with-token
#	expect_status 0
#
#	finish
#
# The home is empty but for a vault that its key file opens. No bus, no display, and nothing of
# the caller's environment that keyturn reads. begin ends the test before it.

# find_source: the directory above this script in which this file lies.
find_source()
{
	srcdir=$(cd "$(dirname "$0")" && pwd)
	until [ -z "$srcdir" ] || [ -f "$srcdir/tests/lib/home.sh" ]; do
		srcdir=${srcdir%/*}
	done
}

# find_build DIRECTORY...: the first of them in which the tests' programs were built.
find_build()
{
	for place in "$@"; do
		[ ! -x "$place/tests/bin/keyturn-keeper" ] || break
		place=
	done
	if [ -z "$place" ]; then
		echo "$0: the programs are not built in any of: $*. In one of these, type:" >&2
		echo "  $srcdir/configure && make test-programs" >&2
		exit 1
	fi
	builddir=$(cd "$place" && pwd)
}

# make says where things are; a script that is called by hand finds them itself.
[ -n "${srcdir:-}" ] || find_source
srcdir=$(cd "$srcdir" && pwd)
if [ -n "${builddir:-}" ]; then
	find_build "$builddir"
else
	find_build . build "$srcdir" "$srcdir/build"
fi
PATH=$builddir/tests/bin:$PATH
: "${KEYTURN_NODE_MODULES:=$srcdir/tests/servers/node_modules}"
export srcdir builddir PATH KEYTURN_NODE_MODULES

# Where there is a terminal, keyturn would ask at it.
if (: </dev/tty) 2>/dev/null; then
	exec setsid --wait sh "$0" "$@"
fi

. "$srcdir/tests/lib/time.sh"
. "$srcdir/tests/lib/port.sh"

: "${TEST_ALONE:=}" "${DESKTOP_BUS:=}" "${DESKTOP_DAEMON:=}" "${DESKTOP_DIRECTORY:=}"
tests_failed=0
test_name=
test_is_ok=true

# take_turn SCRIPT [ARGUMENT...]: one script at a time goes on, also where make runs several: who
# keeps all processors busy with a crowd, or measures what a crowd would stretch.
take_turn()
{
	[ -z "${TURN_TAKEN:-}" ] || return 0
	TURN_TAKEN=yes
	export TURN_TAKEN
	{ : >>"$builddir/tests/turn"; } 2>/dev/null || return 0
	exec flock --close "$builddir/tests/turn" sh "$@"
}

# alone [--keyring] SCRIPT [ARGUMENT...]: locks, gate and journals lie in the state directory of the
# home that passwd names, whatever HOME says; $TEST_ALONE is that directory. Where it can be done,
# this runs the script once more with an empty one mounted there, so that tests that run beside
# each other do not share them. It takes root; with --keyring a user namespace, which has a kernel
# keyring of its own: else what another test changes is forgotten in every home of this user.
alone()
{
	[ -z "$TEST_ALONE" ] || return 0
	TEST_ALONE=$(getent passwd "$(id -u)" | cut -d: -f6)/.local/state
	export TEST_ALONE
	if [ "$1" = --keyring ]; then
		namespaces='--user --map-root-user --mount'
		shift
	elif [ "$(id -u)" -eq 0 ]; then
		namespaces=--mount
	else
		return 0
	fi
	# shellcheck disable=SC2086
	if ! mkdir -p "$TEST_ALONE" || ! unshare $namespaces true 2>/dev/null; then
		echo "# not alone: no namespace is allowed here ($namespaces), as in a chroot"
		return 0
	fi
	# shellcheck disable=SC2016,SC2086
	exec unshare $namespaces sh -c \
		'mount -t tmpfs -o mode=700 none "$TEST_ALONE" && exec sh "$@"' sh "$@"
}

# need_mounts PURPOSE: what this script mounts is seen by nobody else. Only behind alone.
need_mounts()
{
	[ "$(id -u)" -eq 0 ] || skip "needs root, to $1"
	mountpoint -q "$TEST_ALONE" || skip "needs a mount namespace, which is not allowed here, to $1"
}

# home_clean: nothing of the caller's is seen by what is tested.
home_clean()
{
	unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME XDG_RUNTIME_DIR
	unset DBUS_SESSION_BUS_ADDRESS DISPLAY WAYLAND_DISPLAY CREDENTIALS_DIRECTORY
	unset KEYTURN_ACCOUNT KEYTURN_KEYRING KEYTURN_VAULT KEYTURN_VAULT_KEY_FILE KEYTURN_CACHE
	unset KEYTURN_PROMPT KEYTURN_TRACE COZE_API_TOKEN COZE_API_KEY COZE_API_BASE COZE_BASE_URL
	unset GIT_DIR GIT_ASKPASS SSH_ASKPASS SSH_AUTH_SOCK KEYTURN_VAULT_KEY_COMMAND
	GIT_CONFIG_NOSYSTEM=1
	GIT_TERMINAL_PROMPT=0
	LC_ALL=C.UTF-8
	export GIT_CONFIG_NOSYSTEM GIT_TERMINAL_PROMPT LC_ALL
	# faketime and git's suite preload a library of their own.
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
	TEST_NO_MALLOC_CHECK=1
	export ASAN_OPTIONS TEST_NO_MALLOC_CHECK
	umask 077
}

# home_make: a home without a keyring. $work is beside it, for the test's own files.
home_make()
{
	home_clean
	work=$(mktemp -d)
	HOME=$work/home
	mkdir "$HOME"
	export HOME
	: >"$work/in"
	: >"$work/out"
	: >"$work/err"
	trap home_end EXIT
	trap 'exit 1' HUP INT TERM
}

home_start()
{
	home_make
	keyturn vault create --key-file "$HOME/vault.key" >"$work/out"
}

# home_again: another home, for the rest of the script, as home_start makes it.
home_again()
{
	conclude
	home_leave
	home_start
}

# home_on_desktop: like home_start, with a real gnome-keyring instead of a vault. The script has
# to be: . home.sh; . desktop.sh; alone "$0" "$@"; home_on_desktop
home_on_desktop()
{
	need dbus-daemon dbus-send gnome-keyring-daemon perl
	home_make
	desktop_start "$work/desktop" || complain 'no desktop could be started'
}

# The key of an open vault would else stay in the kernel.
home_leave()
{
	KEYTURN_KEYRING=vault keyturn lock >/dev/null 2>&1 || true
	[ -z "$DESKTOP_DIRECTORY" ] || desktop_end || true
	DESKTOP_DIRECTORY=
	# A program of another's may still write there: go counts in a process that it leaves behind.
	rm -rf "$work" || :
}

# show_newest: the end of what was written last in $work, which tells where a script broke off, and often
# why. The shell has no line to tell.
show_newest()
{
	for newest in $(cd "$work" && find . -maxdepth 1 -type f -size +0 -printf '%T@ %f\n' | sort -rn |
		sed -n '1,4s/^[^ ]* //p'); do
		tail -n 5 "$work/$newest" | cut -c 1-300 | tr -cd '[:print:]\n' | sed "s/^/#   $newest: /"
	done
}

# home_end [STATUS]: with the script's, where something else was ended first. A server that was
# started (server.sh) is ended here, so that no script's own trap loses what it came to.
home_end()
{
	home_status=${1:-$?}
	if [ -n "$test_name" ]; then
		echo "not ok $test_name (broken off, exit status $home_status)"
		show_newest
	elif [ "$home_status" -ne 0 ] && [ "$home_status" -ne 77 ] && [ "$tests_failed" -eq 0 ]; then
		echo "# broken off outside of the tests, with exit status $home_status"
		show_newest
	fi
	[ -z "${COZE_PID:-}${OIDC_PID:-}${OAUTH_PID:-}${QUIRKS_PID:-}" ] || server_stop || true
	home_leave
	[ -z "$test_name" ] || exit 1
	exit "$home_status"
}

# gpg_agent_configure DIRECTORY: whoever is asked there types "word".
gpg_agent_configure()
{
	cat >"$work/pinentry" <<-'END'
	#!/bin/sh
	echo OK
	while read -r word rest; do
		[ "$word" != GETPIN ] || echo 'D word'
		echo OK
		[ "$word" != BYE ] || exit
	done
	END
	chmod 700 "$work/pinentry"
	printf '%s\n' "pinentry-program $work/pinentry" 's2k-count 65536' >"$1/gpg-agent.conf"
}

# begin NAME: what follows is this test, until the next begin or finish.
begin()
{
	conclude
	test_name=$1
	test_is_ok=true
}

conclude()
{
	[ -n "$test_name" ] || return 0
	if "$test_is_ok"; then
		echo "ok $test_name"
	else
		echo "not ok $test_name"
		tests_failed=$((tests_failed + 1))
	fi
	test_name=
}

finish()
{
	conclude
	[ "$tests_failed" -eq 0 ] || exit 1
	exit 0
}

# none_is_left_behind: no process of keyturn has this script's home; else they are in $work/left.
# Root alone may read where they have it: else none of this session's counts.
none_is_left_behind()
{
	if [ "$(id -u)" -ne 0 ]; then
		! pgrep -s 0 keyturn >"$work/left"
		return
	fi
	for environ in $(grep -las "HOME=$HOME" /proc/[0-9]*/environ); do
		cat "${environ%environ}comm" 2>/dev/null || :
	done >"$work/processes"
	! grep '^keyturn' "$work/processes" >"$work/left"
}

# gone: as none_is_left_behind, after a wait for it.
gone()
{
	for turn in $(seq 200); do
		! none_is_left_behind || return 0
		sleep 0.02
	done
	complain "is left behind: $(cat "$work/left")"
}

# fill_and_approve ROUNDS URL ACCOUNT: git asks, and tells that it worked, so many times.
fill_and_approve()
{
	for round in $(seq "$1"); do
		printf 'url=%s\nusername=%s\n\n' "$2" "$3" |
			git -c credential.helper= -c credential.helper=keyturn credential fill \
				>"$work/filled" || complain "fill $round failed"
		git -c credential.helper= -c credential.helper=keyturn credential approve \
			<"$work/filled" || complain "approve $round failed"
	done
	rm -f "$work/filled"
}

# skip REASON: a peer is missing for this test and those behind it.
skip()
{
	test_name=
	[ "$tests_failed" -eq 0 ] || exit 1
	echo "skip: $1"
	exit 77
}

# need PROGRAM...
need()
{
	for peer in "$@"; do
		command -v "$peer" >/dev/null || skip "there is no $peer"
	done
}

complain()
{
	test_is_ok=false
	echo "# $test_name: $*"
}

# input FORMAT [ARGUMENT...]: stdin of the next call, as printf writes it.
input()
{
	# shellcheck disable=SC2059
	printf "$@" >"$work/in"
}

# call COMMAND...: its $status; what it printed is in $work/out and $work/err.
call()
{
	status=0
	"$@" <"$work/in" >"$work/out" 2>"$work/err" || status=$?
	: >"$work/in"
}

# must COMMAND...: it succeeds.
must()
{
	"$@" || complain "not so: $*"
}

# must_not COMMAND...: it fails.
must_not()
{
	! "$@" || complain "is so: $*"
}

show_call()
{
	sed 's/^/#   stdout: /' "$work/out" | head -n 20
	sed 's/^/#   stderr: /' "$work/err" | head -n 20
}

expect_status()
{
	[ "$status" -eq "$1" ] && return
	complain "exit status $status, not $1"
	show_call
}

# expect_output TEXT: that line, and nothing else. expect_output '': nothing.
expect_output()
{
	if [ -n "$1" ]; then
		printf '%s\n' "$1" >"$work/expected"
	else
		: >"$work/expected"
	fi
	cmp -s "$work/expected" "$work/out" && return
	complain 'another output was expected'
	sed 's/^/#   expected: /' "$work/expected"
	show_call
}

# expect_line LINE: it stands in the output, whole.
expect_line()
{
	grep -qxF -e "$1" "$work/out" && return
	complain "the output has no line $1"
	show_call
}

# expect_said TEXT: stderr has it. expect_said '': stderr is empty.
expect_said()
{
	if [ -n "$1" ]; then
		grep -qF -e "$1" "$work/err" && return
		complain "stderr does not say: $1"
	else
		[ ! -s "$work/err" ] && return
		complain 'stderr is not empty'
	fi
	show_call
}

# One line for what happened, one for what to do, each of at most 300 bytes and a prefix.
expect_cause_and_remedy()
{
	[ "$(grep -c '' "$work/err")" -eq 2 ] &&
		! grep -qv '^keyturn: .' "$work/err" &&
		! grep -q '.\{310\}' "$work/err" && return
	complain 'stderr is not one line of cause and one of remedy'
	show_call
}

# expect_unsaid TEXT: it stands neither in the output nor in stderr.
expect_unsaid()
{
	! grep -qaF -e "$1" "$work/out" "$work/err" && return
	complain "is echoed: $1"
	show_call
}

# json NAME...: the member of that name in the member of ... of the output's one object; a number
# is a place in a list. Text as it is, everything else as JSON.
json()
{
	python3 -c '
import json, sys
value = json.load(open(sys.argv[1]))
for name in sys.argv[2:]:
    value = value[int(name)] if isinstance(value, list) else value[name]
print(value if isinstance(value, str) else json.dumps(value))
' "$work/out" "$@"
}

# expect_json VALUE NAME...
expect_json()
{
	json_expected=$1
	shift
	json_found=$(json "$@" 2>&1) && [ "$json_found" = "$json_expected" ] && return
	complain "JSON: $* is not $json_expected"
	show_call
}

# snapshot: prints every file below the home, with its content's sum. What a lock leaves is none.
snapshot()
{
	(cd "$HOME" && find . -type f ! -path './.local/state/*' -exec cksum {} + | sort)
}

# expect_unchanged: since snapshot >"$work/before".
expect_unchanged()
{
	snapshot >"$work/after"
	cmp -s "$work/before" "$work/after" || complain 'files below the home changed'
}

# The programs were built with sanitizers, which make them slow and large.
is_sanitized()
{
	readelf --wide --dyn-syms "$builddir/tests/bin/keyturn-keeper" | grep -q __asan_init
}

# amount PLAIN SANITIZED: the one that is meant for these programs.
amount()
{
	if is_sanitized; then
		echo "$2"
	else
		echo "$1"
	fi
}

# login_says PATTERN: stderr of the login in the background, $login, has it; else that one is ended.
login_says()
{
	wait_beside "$login" grep -q -e "$1" "$work/err" && return
	complain "the login does not say: $1"
	show_call
	kill "$login" 2>/dev/null || :
}

# takes_little COMMAND...: less than 16 MiB of memory at its peak.
takes_little()
{
	is_sanitized && return
	peak=$(python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
' "$@")
	[ "$peak" -lt 16384 ] || complain "takes $peak KiB"
}

# crowd COUNT COMMAND...: so many calls at once; $crowd_milliseconds until the last has ended. What
# each came to is a line "STATUS OUTPUT" of $work/crowd; what all said is in $work/err.
crowd()
{
	crowd_count=$1
	shift
	rm -rf "$work/calls"
	mkdir "$work/calls"
	crowd_began=$(now)
	for crowd_member in $(seq "$crowd_count"); do
		crowd_member "$work/calls/$crowd_member" "$@" &
	done
	wait_for_crowd
	crowd_milliseconds=$(($(now) - crowd_began))
	echo "# $crowd_count calls at once: $crowd_milliseconds ms"
	cat "$work"/calls/*.said >"$work/crowd"
	cat "$work"/calls/*.err >"$work/err"
}

crowd_member()
{
	member=$1
	shift
	member_status=0
	"$@" >"$member.out" 2>"$member.err" </dev/null || member_status=$?
	echo "$member_status $(cat "$member.out")" >"$member.said"
}

# Waits for the crowd alone: other programs in the background, such as the desktop, have no end.
wait_for_crowd()
{
	while [ "$(find "$work/calls" -name '*.said' -size +0 | wc -l)" -lt "$crowd_count" ]; do
		sleep 0.02
	done
}

# expect_crowd LINE: every call came to it.
expect_crowd()
{
	[ "$(grep -cxF -e "$1" "$work/crowd")" -eq "$crowd_count" ] && return
	complain "of $crowd_count calls came to:"
	sort "$work/crowd" | uniq -c | sed 's/^/#   /' | head
	sort "$work/err" | uniq -c | sed 's/^/#   stderr: /' | head
}

# at_terminal SCRIPT: a dialogue in expect's language; it ends with the program's exit status, or with 98
# where something that is expected does not come.
at_terminal()
{
	cat >"$work/dialogue" <<-END
	set timeout 20
	set env(TERM) xterm
	rename spawn spawn_alone
	proc spawn {args} {
		uplevel 1 spawn_alone \$args
		uplevel 1 {expect_after timeout { send_error "this did not come within \$timeout s\n"; exit 98 }}
	}
	$1
	expect {
	  timeout { exit 99 }
	  eof
	}
	lassign [wait] pid spawnid os value
	exit \$value
	END
	call expect "$work/dialogue"
}

# store_token NAME SITE TOKEN: sets the stage.
store_token()
{
	printf '%s\n' "$3" | keyturn login "$1" --site "$2" --with-token 2>>"$work/stage.log" ||
		{
			cat "$work/stage.log"
			exit 1
		}
}

# A script that says nothing of it has a state directory of its own all the same: what locks there is a
# vault's, a setup's or a default's of every home.
grep -q '^alone ' "$0" || alone "$0" "$@"

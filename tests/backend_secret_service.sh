#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The desktop's keyring: runs test_backend_secret_service and test_secret_service_turn with a real
# gnome-keyring in each state that it can be in, and test_collections with several collections.
# $TEST_PROGRAM, $TURN_PROGRAM, $COLLECTIONS_PROGRAM and $PROMPTER are the programs, else the build
# tree has them.

. "$(dirname "$0")/lib/home.sh"
need dbus-daemon dbus-send gnome-keyring-daemon secret-tool perl unshare
program=${TEST_PROGRAM:-$builddir/tests/test_backend_secret_service}
turn_program=${TURN_PROGRAM:-$builddir/tests/test_secret_service_turn}
collections=${COLLECTIONS_PROGRAM:-$builddir/tests/test_collections}
prompter=${PROMPTER:-$builddir/tests/programs/prompter}
DESKTOP_SCRIPT=$srcdir/tests/lib/desktop.sh
. "$DESKTOP_SCRIPT"
alone "$0" "$@"
trap desktop_end EXIT
trap 'exit 1' HUP INT TERM
failures=0

fail()
{
	echo "FAILED: $*"
	failures=$((failures + 1))
}

must()
{
	"$@" || fail "$*"
}

# run PROGRAM GLOB [VARIABLE=VALUE...]: its tests of that name; at least one has to be there.
run()
{
	tested=$1
	glob=$2
	shift 2
	env "$@" DESKTOP_DAEMON="$DESKTOP_DAEMON" DESKTOP_DIRECTORY="$DESKTOP_DIRECTORY" \
		DESKTOP_SCRIPT="$DESKTOP_SCRIPT" "$tested" "$glob" \
		>"$DESKTOP_DIRECTORY/log" 2>&1 </dev/null || fail "$glob"
	grep -v -e RUN -e '====' "$DESKTOP_DIRECTORY/log"
	grep -q '  OK' "$DESKTOP_DIRECTORY/log" || fail "$glob: no test ran"
}

tests()
{
	run "$program" "$@"
}

turn_tests()
{
	run "$turn_program" "$@"
}

# The answer to the next request for the password.
answer()
{
	answers=$(grep -c ready "$DESKTOP_DIRECTORY/prompter.log")
	echo "$1" >&9
	must desktop_wait has_answers $((answers + 1))
}

has_answers()
{
	[ "$(grep -c ready "$DESKTOP_DIRECTORY/prompter.log")" = "$1" ]
}

# Somebody at the display, who answers each request as told before, and none else.
tests_with_a_person()
{
	trap '' PIPE
	mkfifo "$DESKTOP_DIRECTORY/answers"
	: >"$DESKTOP_DIRECTORY/prompter.log"
	"$prompter" <"$DESKTOP_DIRECTORY/answers" >"$DESKTOP_DIRECTORY/prompter.log" 2>&1 &
	person=$!
	exec 9>"$DESKTOP_DIRECTORY/answers"
	if ! desktop_wait grep -q '^:' "$DESKTOP_DIRECTORY/prompter.log"; then
		fail 'there is no prompter: libgcr-base-3 is missing'
		return
	fi
	GNOME_KEYRING_TEST_PROMPTER=$(head -n 1 "$DESKTOP_DIRECTORY/prompter.log")
	export GNOME_KEYRING_TEST_PROMPTER
	must desktop_restart_daemon
	answer "$DESKTOP_PASSWORD"
	turn_tests 'asked_*' DISPLAY=:77
	must desktop_lock
	answer ''
	tests 'dismissed_*' DISPLAY=:77
	answer "$DESKTOP_PASSWORD"
	tests 'unlock_*' DISPLAY=:77
	kill "$person" || fail 'there was a request for the password too many'
	wait "$person" 2>/dev/null
	exec 9>&-
	unset GNOME_KEYRING_TEST_PROMPTER
}

keyring_sum()
{
	cksum <"$HOME/.local/share/keyrings/login.keyring"
}

label_of()
{
	secret-tool search --all xdg:schema org.keyturn.Credential username "$1" \
		host api.coze.cn path '' 2>&1 | sed -n 's/^label = //p'
}

must desktop_start "$(mktemp -d)"

tests 'open_*'
[ "$(label_of home)" = 'home at https://api.coze.cn (pat)' ] || fail "label: $(label_of home)"
grep -r -a -l -e pat_one -e pat_two "$HOME" && fail 'a token is in a file in clear'
turn_tests 'crowd_*'

"$collections" >"$DESKTOP_DIRECTORY/log" 2>&1 || fail 'several collections'
grep -v -e RUN -e '====' "$DESKTOP_DIRECTORY/log"
must desktop_wait desktop_is_unlocked

must desktop_lock
sum=$(keyring_sum)
tests 'locked_*'
turn_tests 'locked_*'
[ "$(keyring_sum)" = "$sum" ] || fail 'a locked keyring was written'
tests 'prompt_*' DISPLAY=:77
# The questions above have left nothing that hangs.
must desktop_unlock

must desktop_restart_daemon
tests 'locked_*'
turn_tests 'locked_*'
must desktop_unlock
turn_tests 'crowd_*' KT_TEST_CROWD=10

tests 'lock_*'
must desktop_unlock

turn_tests 'restarted_*'
DESKTOP_DAEMON=$(cat "$DESKTOP_DIRECTORY/daemon.pid")

desktop_stop_daemon
turn_tests 'stopped_service_is_*'
turn_tests 'stopped_service_holds_*'
desktop_continue
must desktop_wait desktop_has_service
turn_tests 'crowd_*' KT_TEST_CROWD=10

turn_tests 'slow_*'

kill -STOP "$DESKTOP_BUS"
turn_tests 'stopped_service_is_*'
kill -CONT "$DESKTOP_BUS"

# The note of an earlier dismissal is removed first.
rm -f "$TEST_ALONE/keyturn/prompt"
tests_with_a_person

turn_tests 'kill_*'
DESKTOP_DAEMON=
turn_tests 'absent_*'
turn_tests 'no_bus_*'

rm -r "$HOME/.local"
must desktop_start_daemon
tests 'fresh_*'

[ "$failures" = 0 ]

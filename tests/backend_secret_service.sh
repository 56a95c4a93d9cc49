#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The desktop's keyring: runs test_backend_secret_service with a real gnome-keyring in each state
# that it can be in. $TEST_PROGRAM is the program, else it lies in the current directory.

srcdir=${srcdir:-.}
program=${TEST_PROGRAM:-./test_backend_secret_service}

for peer in dbus-daemon dbus-send gnome-keyring-daemon secret-tool perl unshare; do
	command -v "$peer" >/dev/null || { echo "skipped: there is no $peer"; exit 77; }
done

DESKTOP_SCRIPT=$srcdir/tests/support/desktop.sh
. "$DESKTOP_SCRIPT"
desktop_alone "$0" "$@"
trap desktop_end EXIT
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

# tests GLOB [VARIABLE=VALUE...]: the tests of that name; at least one has to be there.
tests()
{
	glob=$1
	shift
	env "$@" DESKTOP_DAEMON="$DESKTOP_DAEMON" DESKTOP_DIRECTORY="$DESKTOP_DIRECTORY" \
		DESKTOP_SCRIPT="$DESKTOP_SCRIPT" "$program" "$glob" \
		>"$DESKTOP_DIRECTORY/log" 2>&1 </dev/null || fail "$glob"
	grep -v -e RUN -e '====' "$DESKTOP_DIRECTORY/log"
	grep -q '  OK' "$DESKTOP_DIRECTORY/log" || fail "$glob: no test ran"
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
tests 'crowd_*'

must desktop_lock
sum=$(keyring_sum)
tests 'locked_*'
[ "$(keyring_sum)" = "$sum" ] || fail 'a locked keyring was written'
tests 'prompt_*' DISPLAY=:77
# What was asked of it above has left nothing that hangs.
must desktop_unlock

must desktop_restart_daemon
tests 'locked_*'
must desktop_unlock
tests 'crowd_*' KT_TEST_CROWD=10

tests 'lock_*'
must desktop_unlock

tests 'restarted_*'
DESKTOP_DAEMON=$(cat "$DESKTOP_DIRECTORY/daemon.pid")

desktop_stop_daemon
tests 'stopped_service_is_*'
tests 'stopped_service_holds_*'
desktop_continue
sleep 1
tests 'crowd_*' KT_TEST_CROWD=10

kill -STOP "$DESKTOP_BUS"
tests 'stopped_service_is_*'
kill -CONT "$DESKTOP_BUS"

tests 'kill_*'
DESKTOP_DAEMON=
tests 'absent_*'
tests 'no_bus_*'

rm -r "$HOME/.local"
must desktop_start_daemon
tests 'fresh_*'

[ "$failures" = 0 ]

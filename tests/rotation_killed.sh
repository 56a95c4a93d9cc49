#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A refresh that is killed at any of its system calls. KEYTURN_POINTS: at how many of them.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
alone "$0" "$@"
need strace
strace -qq -e trace=none true 2>/dev/null || skip 'strace may not trace here'
refresh_start

points=${KEYTURN_POINTS:-60}
# LeakSanitizer cannot work where strace does.
ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
KEYTURN_CACHE=off
export KEYTURN_CACHE

# sweep ACCOUNT POINTS GRACE
sweep()
{
	grant "$1"
	control "{\"grace\":$3,\"reuse\":\"refuse\"}"
	# shellcheck disable=SC2089
	KEYTURN_SWEEP_GRANT=". '$srcdir/tests/lib/home.sh'; . '$srcdir/tests/lib/server.sh'
		. '$srcdir/tests/lib/refresh.sh'; work='$work'; grant '$1'"
	# shellcheck disable=SC2090
	export KEYTURN_SWEEP_GRANT COZE_API COZE_CONTROL
	must node "$srcdir/tests/programs/rotation_sweep.mjs" \
		"$builddir/tests/bin/keyturn-keeper" "$COZE_CONTROL" "$work" "$1" "$2" "$3"
}

begin 'with a server that repeats its answer within a grace nothing is lost at all'
sweep graced "$((points * 2 / 3))" 60

begin 'with a strict server only what it spent and did not deliver is'
sweep strict "$((points / 3))" 0

begin 'no process is left, and nothing secret in a file'
# With sanitizers one that ends takes its time.
desktop_wait none_is_left_behind || complain "$(cat "$work/left")"
must_not grep -rqa 'refresh_\|czu_' "${TEST_ALONE:-$HOME}"

finish

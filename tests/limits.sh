#!/bin/sh
# SPDX-License-Identifier: MIT
# The costs of a get that do not depend on the machine: instructions, system calls, libraries, D-Bus
# calls. The limits are those of docs/performance.md; how many libraries the linked ones bring along
# is the distribution's choice (tests/layers.sh has those that are linked).
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/hot.sh"
. "$srcdir/tests/lib/locale.sh"
need dbus-monitor valgrind
is_static || skip 'a door that is linked dynamically, for the sanitizers, cannot be traced'
# Before other programs of this machine, where that may be had, which it may not be within alone:
# under valgrind a call takes many times as long, and the keyring is waited for no longer than without.
[ -n "$TEST_ALONE" ] || renice -n -19 -p $$ >/dev/null 2>&1 || :
alone --keyring "$0" "$@"
home_on_desktop

# measure COMMAND...: its instructions, system calls and libraries, children included.
measure()
{
	valgrind --tool=callgrind --trace-children=yes --callgrind-out-file="$work/callgrind.%p" \
		--log-file="$work/valgrind" "$@" <"$work/request" >"$work/out"
	instructions=$(cat "$work"/callgrind.* | awk '/^(totals|summary):/ { sum[FILENAME] = $2 }
		/^totals:/ { total += $2 } END { print total }')
	rm -f "$work"/callgrind.*
	strace -f -o "$work/trace" "$@" <"$work/request" >"$work/out"
	calls=$(grep -c '^[0-9]* *[a-z]' "$work/trace" || :)
	libraries=$(grep -c 'openat(.*\.so[.0-9]*", .*) = [0-9]' "$work/trace" || :)
	echo "# $test_name: $instructions instructions, $calls system calls, $libraries libraries"
}

# within INSTRUCTIONS CALLS LIBRARIES
within()
{
	must [ "$instructions" -gt 0 ]
	must [ "$instructions" -le "$1" ]
	must [ "$calls" -gt 0 ]
	must [ "$calls" -le "$2" ]
	must [ "$libraries" -le "$3" ]
}

# linked FILE...: how many libraries these are linked with, and those in turn.
linked()
{
	for file in "$@"; do
		ldd "$builddir/tests/bin/$file"
	done | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort -u | wc -l
}

# bus_calls COMMAND...: the methods it calls, from $work/bus.
bus_calls()
{
	dbus-monitor --session type=method_call >"$work/monitor" &
	monitor=$!
	must desktop_wait grep -q NameLost "$work/monitor"
	"$@" <"$work/request" >"$work/out"
	# The bus tells the monitor of all that went before this one.
	dbus-send --session --type=method_call --dest=org.freedesktop.DBus / org.keyturn.Test.Last
	must desktop_wait grep -q 'member=Last' "$work/monitor"
	kill "$monitor"
	wait "$monitor" 2>/dev/null || :
	sed -n 's/.*interface=\(org.freedesktop.Secret[^;]*\|org.freedesktop.DBus.Properties\); member=\([A-Za-z]*\).*/\2/p' \
		"$work/monitor" >"$work/bus"
	echo "# $test_name: $(tr '\n' ' ' <"$work/bus")"
}

begins_warm()
{
	printf 'protocol=https\nhost=api.coze.cn\n\n' >"$work/request"
	store_token work coze.cn pat_one
}

begin 'a hot get'
begins_warm

cp "$work/request" "$work/in"
call keyturn get
measure keyturn get
must grep -qx password=pat_one "$work/out"
within 120000 45 0
bus_calls keyturn get
must [ ! -s "$work/bus" ]

begin 'a hot get in Chinese costs what one in English does'
hot_instructions=$instructions
hot_calls=$calls
language=C.UTF-8
if mountpoint -q "$TEST_ALONE" && locales_add zh_CN.UTF-8; then
	language=zh_CN.UTF-8
fi
LC_ALL=$language
measure keyturn get
must grep -qx password=pat_one "$work/out"
# The environment is that much longer.
within "$((hot_instructions + 300))" "$hot_calls" 0
LC_ALL=C.UTF-8

begin 'a warm get from the desktop keyring'
KEYTURN_CACHE=off
export KEYTURN_CACHE
measure keyturn get
must grep -qx password=pat_one "$work/out"
# The module itself is one more.
within 38000000 850 "$((1 + $(linked keyturn-keeper keyturn-secret-service.so)))"
bus_calls keyturn get
must [ "$(grep -c '^SearchItems$' "$work/bus")" -eq 1 ]
must [ "$(grep -c '^GetSecrets*$' "$work/bus")" -eq 1 ]
must_not grep -q 'CreateItem\|SetSecret\|Set$\|Delete\|Unlock' "$work/bus"

begin 'a warm get from a vault'
HOME=$work/vault
export HOME
unset DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR
mkdir "$HOME"
must keyturn vault create --key-file "$HOME/key" 2>"$work/stage.log" >"$work/stage.log"
begins_warm
measure keyturn get
must grep -qx password=pat_one "$work/out"
within 16000000 240 "$(linked keyturn-keeper)"

begin 'a table in Chinese costs little more than the opening of a catalogue'
LC_ALL=C
measure keyturn list
english_instructions=$instructions
english_calls=$calls
LC_ALL=$language
measure keyturn list
must [ "$(grep -c 状态 "$work/out")" -eq "$([ "$language" = C.UTF-8 ] && echo 0 || echo 1)" ]
within "$((english_instructions + 250000))" "$((english_calls + 35))" "$(linked keyturn-keeper)"

finish

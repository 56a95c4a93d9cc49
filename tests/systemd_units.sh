#!/bin/sh
# SPDX-License-Identifier: MIT
# The user units are sound, and do what they say.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/hot.sh"
alone --keyring "$0" "$@"
need systemd-analyze
home_start
units=$work/units
mkdir "$units"
for unit in "$srcdir"/packaging/systemd/*; do
	name=${unit##*/}
	sed "s,@bindir@,$(dirname "$(command -v keyturn)"),; s,^Documentation=.*,," "$unit" \
		>"$units/${name%.in}"
done

begin 'systemd accepts them'
call env XDG_RUNTIME_DIR="$work" systemd-analyze verify --user --man=no "$units/keyturn-refresh.service" \
	"$units/keyturn-prefetch.service" "$units/keyturn-refresh.timer" "$units/keyturn-lock.service"
expect_status 0
must_not grep keyturn "$work/err"

# action UNIT NAME: runs what the unit runs.
action()
{
	call sh -c "$(sed -n "s/^$2=//p" "$units/$1")"
}

begin 'the timer renews what is due, and asks nobody'
action keyturn-refresh.service ExecStart
expect_said ''
expect_status 0

begin 'the end of the session forgets'
store_token work coze.cn pat_one
call keyturn token
must sh -c 'keyctl show @u | grep -q keyturn:v1:'
action keyturn-lock.service ExecStop
expect_status 0
must_not sh -c 'keyctl show @u | grep -q keyturn:v1:'

finish

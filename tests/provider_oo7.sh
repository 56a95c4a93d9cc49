#!/bin/sh
# SPDX-License-Identifier: MIT
#
# oo7 as the desktop's keyring: tests/lib/provider_cases.sh. Not one of "make check", because
# oo7-daemon (0.7.0-beta) is built from its crate, which takes the network: packaging/check does it.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/provider_cases.sh"
PATH=$PATH:${KEYTURN_OO7:-}
alone "$0" "$@"
need expect
providers_serve
provider_cases oo7 1

has_owner()
{
	! no_service >/dev/null 2>&1
}

# in_the_end COMMAND...: it succeeds; each time before, the keyring was out of reach, and no less.
in_the_end()
{
	call "$@"
	while [ "$status" -eq 4 ]; do
		call "$@"
	done
	expect_status 0
}

begin 'oo7: at a terminal it is opened with its password, after a wrong one'
call keyturn lock --desktop
expect_status 0
call keyturn token me
expect_status 4
expect_said 'run: keyturn unlock'
at_terminal '
spawn keyturn unlock
expect "Password of the desktop keyring: " { send "wrong\r" }
expect "wrong, try again (2 left)"
expect "Password of the desktop keyring: " { send "not a secret\r" }
'
expect_status 0
call keyturn token me
expect_token

begin 'oo7: asked while it loads its keyrings, it never has none of our accounts'
for command in 'token me' 'refresh me'; do
	provider_kill
	printf '%s' "$DESKTOP_PASSWORD" | oo7-daemon --login >>"$work/oo7.log" 2>&1 &
	DESKTOP_DAEMON=$!
	until has_owner; do :; done
	# shellcheck disable=SC2086
	in_the_end keyturn $command
done
expect_whole me

finish

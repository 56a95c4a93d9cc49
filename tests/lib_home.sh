#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The harness of the other scripts: a script in which anything failed, or broke off, fails, and one
# that is skipped is seen to be, whatever it has to put away at its end.
set -eu

. "$srcdir/tests/lib/home.sh"
home_make

# ends_with STATUS LINE...: a test of these lines, with and without a server to stop. The server is
# known to be there first: a signal that comes to a fork before its exec is lost.
ends_with()
{
	wanted=$1
	shift
	# shellcheck disable=SC2016
	for server in : 'sh -c ": >\"\$0\"; exec sleep 60" "$work/there" & OIDC_PID=$!
		until [ -e "$work/there" ]; do sleep 0.01; done'; do
		printf '%s\n' 'set -eu' '. "$srcdir/tests/lib/home.sh"' \
			'. "$srcdir/tests/lib/server.sh"' home_make "$server" 'begin one' "$@" \
			>"$work/script"
		call sh "$work/script"
		expect_status "$wanted"
	done
}

begin 'a script in which all is well succeeds'
ends_with 0 'must true' finish
expect_output 'ok one'

begin 'a script in which something failed fails'
ends_with 1 'must false' finish
ends_with 1 'must false' 'begin two' 'must true' finish
ends_with 1 'must false' 'begin two' 'skip reason'

begin 'a script that breaks off fails'
ends_with 1 false finish
ends_with 1 'exit 0'

begin 'a process that is left behind is seen'
must none_is_left_behind
mkfifo "$work/pipe"
keyturn get <"$work/pipe" >"$work/out" &
exec 3>"$work/pipe"
sleep 0.2
must_not none_is_left_behind
exec 3>&-
wait "$!" || :
must none_is_left_behind

begin 'a script that is skipped says so'
ends_with 77 'skip reason'

finish

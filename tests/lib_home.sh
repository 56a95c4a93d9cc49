#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The harness of the other scripts: a script in which anything failed, or broke off, fails, and one
# that is skipped is seen to be, whatever it has to put away at its end.
set -eu

. "$(dirname "$0")/lib/home.sh"
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

begin 'a script that breaks off fails, and what was written last is shown'
ends_with 1 false finish
ends_with 1 'exit 0'
ends_with 1 'call sh -c "echo the cause >&2"' false finish
expect_line '#   err: the cause'
ends_with 1 'test_name=' 'call sh -c "echo the cause >&2"' 'exit 1'
expect_line '#   err: the cause'

# taken_from STATUS REGISTRY...: what these are to have could not be built.
taken_from()
{
	wanted=$1
	shift
	echo 'compiler: no such type' >"$work/build.log"
	# shellcheck disable=SC2016
	printf '%s\n' 'set -eu' '. "$srcdir/tests/lib/home.sh"' '. "$srcdir/tests/lib/registry.sh"' home_make \
		'reaches_here() { [ -z "${1:-}" ] || [ "$1" = example.com/it ]; }' \
		"reaches_away() { echo '	no route to host'; return 1; }" \
		"must_have it $work/build.log $*" finish >"$work/script"
	call sh "$work/script"
	expect_status "$wanted"
}

begin 'what cannot be had is skipped where its registry is out of reach or does not give it, else it fails'
taken_from 0 here away
expect_line 'skip: the registry of it cannot be reached: away: no route to host'
taken_from 0 here:example.com/another here
taken_from 1 here here:example.com/it
expect_line '#   compiler: no such type'
expect_line 'not ok it is to be had'
for script in bridges clients peers; do
	must grep -q '/tests/lib/registry.sh"$' "$srcdir/tests/$script.sh"
done

# It is a keyturn only when it has become one.
one_is_left_behind()
{
	! none_is_left_behind
}

begin 'a process that is left behind is seen'
must none_is_left_behind
mkfifo "$work/pipe"
keyturn get <"$work/pipe" >"$work/out" &
exec 3>"$work/pipe"
must wait_until one_is_left_behind
must_not none_is_left_behind
exec 3>&-
wait "$!" || :
must none_is_left_behind

begin 'who waits for what a program brings learns that it has ended'
sh -c : &
call wait_beside "$!" test -e "$work/never"
must [ "$status" -ne 0 ]
expect_said "ended before: test -e $work/never"
sh -c ': >"$1"' - "$work/brought" &
call wait_beside "$!" test -e "$work/brought"
expect_status 0
sleep 60 &
login=$!
echo 'all is well' >"$work/err"
must login_says 'all.is'
must kill "$login"

# by_hand DIRECTORY SCRIPT: what a script finds when it is called from there, and not by make.
by_hand()
{
	call env -u srcdir -u builddir sh -c 'cd "$1" && exec sh "$2"' - "$1" "$2"
}

begin 'a script that is called by hand finds the source and the build'
tree=$work/tree
mkdir -p "$tree/tests" "$tree/build/tests/bin"
ln -s "$srcdir/tests/lib" "$tree/tests/lib"
# shellcheck disable=SC2016
printf '%s\n' '. "$(dirname "$0")/lib/home.sh"' 'echo "$srcdir $builddir"' >"$tree/tests/one.sh"
ln -s "$(command -v keyturn-keeper)" "$tree/build/tests/bin/keyturn-keeper"
for place in / "$tree" "$tree/build"; do
	by_hand "$place" "$tree/tests/one.sh"
	expect_output "$tree $tree/build"
done
by_hand "$tree/tests" one.sh
expect_output "$tree $tree/build"

begin 'every script can be called by hand'
# shellcheck disable=SC2016
for script in "$srcdir"/tests/*.sh; do
	grep -qE '^\. "\$\(dirname "\$0"\)/lib/(home|pam_cases)\.sh"$' "$script" ||
		complain "$script takes its surroundings from make"
	[ -x "$script" ] || complain "$script has no run bit, which make wants"
done

begin 'a script that finds no build says what to type'
rm -r "$tree/build"
by_hand "$tree" tests/one.sh
expect_status 1
expect_said "$tree/configure && make test-programs"

begin 'a script that is skipped says so'
ends_with 77 'skip reason'

finish

# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For the tests of the hot path, to be sourced after home.sh: who answered, and with what effort.
#
#	. "$srcdir/tests/lib/hot.sh"
#	alone --keyring "$0" "$@"

need keyctl strace
keyctl show @u >/dev/null 2>&1 || skip 'the kernel keyring is not allowed here'

# The door is static but where it is built with sanitizers; those cannot be traced.
is_static()
{
	! readelf -lW "$(command -v keyturn)" | grep -q INTERP
}

# trace COMMAND...: like call, with its system calls in $work/trace; in the directory $trace_in.
trace_in=.
trace()
{
	call strace -f -o "$work/trace" env -i -C "$trace_in" PATH="$PATH" HOME="$HOME" "$@"
}

# expect_hot: the door answered what was called with trace; expect_warm: the keeper did.
expect_hot()
{
	must_not grep -q 'execve(.*keyturn-keeper' "$work/trace"
}

expect_warm()
{
	must grep -q 'execve(.*keyturn-keeper' "$work/trace"
}

# own_calls: the system calls of the door itself, without those of the env before it.
own_calls()
{
	sed -n '/execve("[^"]*keyturn"/,$p' "$work/trace" | grep -v '^[0-9]* *[+-]\{3\}'
}

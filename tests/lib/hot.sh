# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For the tests of the hot path, to be sourced after home.sh: who answered, and with what effort.
#
#	. "$srcdir/tests/lib/hot.sh"
#	hot_alone "$0" "$@"

need keyctl strace
keyctl show @u >/dev/null 2>&1 || skip 'the kernel keyring is not allowed here'

# A change by another test makes the cache forget in every home of this user. Where it can be done,
# this runs the script once more with a kernel keyring and a state directory of its own.
hot_alone()
{
	[ -z "${HOT_ALONE:-}" ] || return 0
	HOT_ALONE=$(getent passwd "$(id -u)" | cut -d: -f6)/.local/state
	DESKTOP_ALONE=$HOT_ALONE
	export HOT_ALONE DESKTOP_ALONE
	mkdir -p "$HOT_ALONE" && unshare --user --map-root-user --mount true 2>/dev/null || return 0
	exec unshare --user --map-root-user --mount sh -c \
		'mount -t tmpfs -o mode=700 none "$HOT_ALONE" && exec sh "$@"' sh "$@"
}

# The door is static but where it is built with sanitizers; those cannot be traced.
is_static()
{
	! readelf -lW "$(command -v keyturn)" | grep -q INTERP
}

# trace COMMAND...: like call, with its system calls in $work/trace.
trace()
{
	call strace -f -o "$work/trace" env -i PATH="$PATH" HOME="$HOME" "$@"
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

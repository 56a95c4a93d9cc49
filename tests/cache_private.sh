#!/bin/sh
# SPDX-License-Identifier: MIT
# A cached answer is read by its own user alone: not by another user, not by root with the key's
# number, not in a user namespace, not through a session that su left to its caller.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/hot.sh"
need setpriv unshare
[ "$(id -u)" -eq 0 ] || skip 'needs root, to make users and log them in'
alone "$0" "$@"

# Beside other tests this runs in a user namespace that has all users of the one outside: root's kernel
# keyring is then this script's alone, and no change that another test makes empties it.
if [ -z "${USERS_APART:-}" ] && unshare --user true 2>/dev/null; then
	USERS_APART=yes
	export USERS_APART
	unshare --user sh -c 'until [ -n "$(cat /proc/self/uid_map)" ]; do sleep 0.01; done; exec sh "$@"' \
		sh "$0" "$@" &
	apart=$!
	is_apart()
	{
		[ "$(readlink "/proc/$apart/ns/user")" != "$(readlink "/proc/$$/ns/user")" ]
	}
	wait_beside "$apart" is_apart
	echo '0 0 65536' >"/proc/$apart/gid_map"
	echo '0 0 65536' >"/proc/$apart/uid_map"
	status=0
	wait "$apart" || status=$?
	exit "$status"
fi
home_start

owner=54331
other=54332

# as UID COMMAND...
as()
{
	as_user=$1
	shift
	setpriv --reuid "$as_user" --regid "$as_user" --clear-groups "$@"
}

begin 'an entry is for its owner alone, and another user cannot read it'
store_token work coze.cn pat_one
call keyturn token
expect_output pat_one
entry=$(keyctl show @u |
	sed -n 's/^ *\([0-9]*\) .*keyturn:v1:.*:token:\*:\*:\*:\*:\*:\*:\*$/\1/p' | tail -n 1)
must [ -n "$entry" ]
keyctl rdescribe "$entry" >"$work/description"
call as $other keyctl print "$entry"
must keyctl print "$entry" >"$work/payload"
must grep -q '^user;0;[-0-9]*;003f0000;keyturn:v1:' "$work/description"
must [ "$status" -ne 0 ]
expect_said 'Permission denied'

# The same for an ordinary user: the key is made here as the cache makes it.
name='keyturn:v1:0000000000000000:token:*:*:*:*:*:*:*'
key=$(as $owner keyctl session - keyctl add user "$name" secret @u 2>"$work/session")
# Its maker may change it by possession alone, which a session has by a link: the one that root came
# in with may be of its own and have none.
as $owner keyctl session - sh -c 'keyctl link @u @s && keyctl timeout '"$key"' 60 &&
	keyctl setperm '"$key"' 0x003f0000' 2>>"$work/session" >>"$work/session"

begin 'its owner reads it in any session'
call as $owner keyctl print "$key"
expect_output secret
call as $owner keyctl session - keyctl print "$key"
expect_line secret

begin 'root cannot read it by its number'
call keyctl print "$key"
must [ "$status" -ne 0 ]
expect_said 'Permission denied'

begin 'a user namespace has a keyring of its own'
call as $owner keyctl search @u user "$name"
expect_output "$key"
call as $owner unshare --user --map-root-user true
if [ "$status" -eq 0 ]; then
	call as $owner unshare --user --map-root-user keyctl search @u user "$name"
	must [ "$status" -ne 0 ]
else
	echo '# no user namespaces here'
fi

# su without pam_keyinit leaves its caller's session keyring to the user who is entered.
begin "a link to it in a foreign session keyring opens it to nobody"
call keyctl session - sh -c '
	key=$1 owner=$2 other=$3
	setpriv --reuid "$owner" --regid "$owner" --clear-groups keyctl link @u @s
	keyctl show @s
	keyctl print "$key" && echo READ
	setpriv --reuid "$other" --regid "$other" --clear-groups keyctl print "$key" && echo READ
	exit 0' sh "$key" $owner $other
expect_status 0
must_not grep -qx READ "$work/out"
must_not grep -qx secret "$work/out"
as $owner keyctl unlink "$key" @u

finish

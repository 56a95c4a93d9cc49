#!/bin/sh
# SPDX-License-Identifier: MIT
# After keyturn refresh --prefetch, as a login starts it, the first question to each account is
# answered out of the kernel: 20 accounts, in a vault and in a real gnome-keyring.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/hot.sh"
alone --keyring "$0" "$@"
is_static || skip 'a door that is linked dynamically, for the sanitizers, cannot be traced'
numbers=$(seq 1 18)

# fill: 18 tokens of one site, one of another under a name that is there, and a git password.
fill()
{
	for number in $numbers; do
		store_token "user$number" coze.cn "pat_$number"
	done
	store_token user1 coze.com pat_other
	printf 'protocol=https\nhost=git.example.com\nusername=me\npassword=secret\n\n' | keyturn store
	must keyturn default user7@coze.cn
	must keyturn lock 2>>"$work/stage.log"
}

# asked COMMAND...: in this session, unlike trace's.
asked()
{
	call strace -f -o "$work/trace" "$@"
	expect_status 0
	expect_hot
}

# finds_all_hot: each question is asked for the first time.
finds_all_hot()
{
	for number in $(seq 2 18); do
		asked keyturn token "user$number"
		expect_output "pat_$number"
		input "protocol=https\nhost=api.coze.cn\nusername=user$number\n\n"
		asked keyturn get
		expect_line "password=pat_$number"
	done
	asked keyturn token user1@coze.com
	expect_output pat_other
	input 'protocol=https\nhost=git.example.com\n\n'
	asked keyturn get
	expect_line 'password=secret'
	input 'protocol=https\nhost=api.coze.cn\n\n'
	asked keyturn get
	expect_line 'password=pat_7'
	asked keyturn token
	expect_output pat_7
}

# A name that several services know is chosen at the time, and not remembered ahead.
leaves_choices()
{
	call strace -f -o "$work/trace" keyturn token user1
	expect_warm
}

tries()
{
	begin "$1: the first question to each account is answered without the keyring"
	fill
	call keyturn refresh --prefetch
	expect_status 0
	expect_said ''
	finds_all_hot
	leaves_choices

	begin "$1: an account that is forgotten is not answered"
	call keyturn logout user3
	call keyturn token user3
	expect_status 1

	begin "$1: a cache that is off stays empty"
	call keyturn lock
	call env KEYTURN_CACHE=off keyturn refresh --prefetch
	expect_status 0
	must_not sh -c 'keyctl show @u | grep -q keyturn:v1:'
}

begin 'an account and --prefetch exclude each other'
home_start
call keyturn refresh user1 --prefetch
expect_status 2
tries vault
conclude
home_leave
home_on_desktop
tries gnome-keyring

finish

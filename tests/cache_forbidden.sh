#!/bin/sh
# SPDX-License-Identifier: MIT
# In a container that forbids the kernel's key calls everything works, slower, without a word.
set -eu

. "$(dirname "$0")/lib/home.sh"
home_start
service='protocol=https\nhost=api.coze.cn\n'

for error in EPERM ENOSYS; do
	forbid()
	{
		call "$builddir/tests/programs/forbid" "$error" "$@"
	}

	begin "$error: a token is kept, handed out and forgotten"
	input 'pat_one\n'
	forbid keyturn login work --site coze.cn --with-token
	expect_status 0
	for round in 1 2; do
		forbid keyturn token
		expect_output pat_one
		expect_said ''
		input "$service\n"
		forbid keyturn get
		expect_line password=pat_one
		expect_said ''
	done
	input "${service}username=work\npassword=pat_one\n\n"
	forbid keyturn store
	expect_status 0
	expect_said ''
	forbid keyturn lock
	expect_status 0
	forbid keyturn logout work
	expect_status 0
	forbid keyturn token
	expect_status 1
done

finish

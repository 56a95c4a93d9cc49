#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn reject.
set -eu

. "$(dirname "$0")/lib/home.sh"
home_start
store_token work coze.cn pat_work

begin 'a token that is not the current one changes nothing'
snapshot >"$work/before"
input 'pat_former\n'
call keyturn reject work
expect_status 0
expect_output ''
expect_said ''
expect_unchanged
call keyturn token work
expect_output pat_work

begin 'no token at all is exit 2'
call keyturn reject work
expect_status 2
expect_cause_and_remedy
input 'pat_work\n'
call keyturn reject
expect_status 2
expect_cause_and_remedy
expect_unchanged

begin 'an account that is not there is exit 1'
input 'pat_work\n'
call keyturn reject nobody
expect_status 1
expect_cause_and_remedy
expect_unsaid pat_work

begin 'the current PAT is marked, and kept'
input 'pat_work\n'
call keyturn reject work
expect_status 0
call keyturn token work
expect_status 3
call keyturn list
must grep -q 'work.* refused' "$work/out"
call keyturn set work --accept
call keyturn token work
expect_output pat_work

begin '--current needs no token'
call keyturn reject work --current
expect_status 0
call keyturn token work
expect_status 3

begin 'a refused token refuses get, run and header, too'
input 'protocol=https\nhost=api.coze.cn\n\n'
call keyturn get
expect_status 3
expect_output quit=1
expect_cause_and_remedy
call keyturn header work
expect_status 3
expect_output ''
call keyturn run work -- echo ran
expect_status 125
expect_output ''
expect_cause_and_remedy

finish

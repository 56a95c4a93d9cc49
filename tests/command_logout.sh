#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn logout.
set -eu

. "$(dirname "$0")/lib/home.sh"
home_start
store_token work coze.cn pat_work
store_token other coze.com sat_other

begin 'it forgets the account, and says where to revoke it'
call keyturn logout work
expect_status 0
expect_output ''
expect_said 'https://www.coze.cn/open/oauth/pats'
call keyturn token work
expect_status 1
input 'protocol=https\nhost=api.coze.cn\n\n'
call keyturn get
expect_status 0
expect_output ''

begin 'the others stay'
call keyturn token other
expect_output sat_other

begin 'an account that is not there is exit 1'
snapshot >"$work/before"
call keyturn logout work
expect_status 1
expect_cause_and_remedy
call keyturn logout
expect_status 2
expect_cause_and_remedy
expect_unchanged

begin 'a token of a service without a known page is told to live on'
input 'tok_far_0123456789\n'
call keyturn login far --api-base https://far.example.com --with-token --expires never --force
expect_status 0
call keyturn logout far
expect_status 0
expect_said 'until it ends, or is revoked'

begin 'it forgets a refused token, too'
input 'sat_other\n'
call keyturn reject other
call keyturn logout other
expect_status 0
call keyturn list --json
expect_json '[]' accounts

finish

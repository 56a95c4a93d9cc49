#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn set.
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3
home_start
store_token work coze.cn pat_work
store_token other coze.cn pat_other

begin '--expires keeps what was typed, and the token'
call keyturn set work --expires 2099-12-31
expect_status 0
expect_output ''
call keyturn show work
must grep -q '2099-12-31 23:59' "$work/out"
call keyturn set work --expires never
call keyturn show work --json
expect_json null expires_at
call keyturn token work
expect_output pat_work

begin '--accept takes back that a token was refused'
input 'pat_work\n'
call keyturn reject work
call keyturn token work
expect_status 3
call keyturn set work --accept
expect_status 0
call keyturn token work
expect_output pat_work

begin '--name gives an account another name, and the default follows'
call keyturn default
expect_output work@coze.cn
call keyturn set work --name office
expect_status 0
call keyturn token office
expect_output pat_work
call keyturn token work
expect_status 1
call keyturn default
expect_output office@coze.cn

begin 'a name that is taken is refused, and both accounts stay'
call keyturn set office --name other
expect_status 2
expect_cause_and_remedy
call keyturn token office
expect_output pat_work
call keyturn token other
expect_output pat_other

begin 'a bad name is refused'
call keyturn set office --name=-x
expect_status 2
expect_cause_and_remedy
call keyturn set office --name ''
expect_status 2

begin 'several changes come in one'
call keyturn set office --name work --expires never --accept
expect_status 0
call keyturn token work
expect_output pat_work

begin 'an account and a change are needed'
snapshot >"$work/before"
call keyturn set
expect_status 2
expect_cause_and_remedy
call keyturn set work
expect_status 2
call keyturn set --expires never
expect_status 2
call keyturn set nobody --expires never
expect_status 1
expect_cause_and_remedy
call keyturn set work --expires tomorrow
expect_status 2
call keyturn set work other --accept
expect_status 2
expect_unchanged

begin 'a password has no end that could be typed'
input 'protocol=https\nhost=git.example.com\nusername=me\npassword=p\n\n'
call keyturn store
call keyturn set me --expires 3
expect_status 2
expect_cause_and_remedy

finish

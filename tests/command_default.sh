#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn default.
set -eu

. "$(dirname "$0")/lib/home.sh"
home_start

begin 'without a login there is none'
call keyturn default
expect_status 1
expect_output ''
expect_cause_and_remedy

begin 'the first login becomes it, and later ones never move it'
store_token work coze.cn pat_work
store_token home coze.cn pat_home
store_token home coze.com pat_abroad
call keyturn default
expect_status 0
expect_output work@coze.cn

begin 'it is set, in general and for its service'
call keyturn default home@coze.cn
expect_status 0
expect_output ''
call keyturn default
expect_output home@coze.cn
call keyturn token
expect_output pat_home
input 'protocol=https\nhost=api.coze.cn\n\n'
call keyturn get
expect_line password=pat_home

begin 'another service keeps its own'
keyturn default home@coze.com
input 'protocol=https\nhost=api.coze.cn\n\n'
call keyturn get
expect_line password=pat_home
call keyturn token
expect_output pat_abroad

begin 'those of services are told beside it'
call keyturn default
expect_status 0
expect_output home@coze.com
expect_said 'at api.coze.cn it is home@coze.cn'

begin 'one service has its own: set, shown and removed'
call keyturn default work --host coze.cn
expect_status 0
call keyturn default --host cn
expect_output work@coze.cn
call keyturn default
expect_output home@coze.com
call keyturn default home@coze.com --host coze.cn
expect_status 2
expect_cause_and_remedy
call keyturn default --unset --host api.coze.cn
expect_status 0
call keyturn default --host coze.cn
expect_status 1
expect_cause_and_remedy
keyturn default home@coze.cn --host coze.cn

begin 'a server of this machine has one too, by its host or its address'
printf 'pat_l\n' | keyturn login near --api-base http://127.0.0.1:9 --with-token 2>"$work/stage.log"
call keyturn default near --host 127.0.0.1:9
expect_status 0
call keyturn default --host http://127.0.0.1:9
expect_output near@127.0.0.1:9
keyturn default --unset --host 127.0.0.1:9
call keyturn default --host 127.0.0.1:9
expect_status 1
keyturn logout near 2>/dev/null

begin 'all defaults in JSON'
call keyturn default --json
expect_status 0
expect_json 1 version
expect_json home account
expect_json home services 0 account
call keyturn default --host coze.cn --json
expect_status 0
expect_json https://api.coze.cn service

begin 'no account is the default any more'
call keyturn default --unset
expect_status 0
call keyturn default
expect_status 1
expect_said 'at api.coze.cn it is home@coze.cn'
keyturn default home@coze.com

begin 'at a terminal it is said, and a login says that it became one'
at_terminal 'spawn keyturn default home@coze.com'
must grep -q 'home@coze.com is the default account now' "$work/out"
input 'pat_third\n'
call keyturn login third --api-base https://api.example.com --with-token
expect_said 'third@api.example.com is the default at api.example.com now'
input 'pat_fourth\n'
call keyturn login fourth --api-base https://api.example.com --with-token
must_not grep -q 'is the default' "$work/err"
keyturn logout third 2>/dev/null
keyturn logout fourth 2>/dev/null

begin 'it is kept in a file that holds no secret'
must grep -q home "$HOME/.config/keyturn/defaults"
must_not grep -q pat_ "$HOME/.config/keyturn/defaults"

begin 'an account that is not there does not become it'
snapshot >"$work/before"
call keyturn default nobody
expect_status 1
expect_cause_and_remedy
call keyturn default one two
expect_status 2
expect_unchanged

begin 'a default that was logged out is none, the service that is left has its own'
keyturn logout home@coze.com 2>/dev/null
call keyturn default
expect_status 1
call keyturn token
expect_output pat_home

begin 'where no default says which, the list of accounts is the answer'
store_token abroad coze.com pat_abroad
rm "$HOME/.config/keyturn/defaults"
call keyturn token
expect_status 2
expect_cause_and_remedy
expect_said work@coze.cn
expect_said abroad@coze.com

begin 'a person at a terminal is asked which; nothing is remembered of it'
need expect
at_terminal 'spawn keyturn token
	expect " 1  home@coze.cn  pat"
	expect " 3  abroad@coze.com  pat"
	expect -re {Number or name[^\n]*: $}
	send "4\r"
	expect "type a number from 1 to 3, try again (2 left)"
	expect -re {Number or name[^\n]*: $}
	send "abroad\r"
	expect "to be asked no more: keyturn default abroad@coze.com"
	expect "pat_abroad"'
expect_status 0
at_terminal 'spawn keyturn show
	expect -re {Number or name[^\n]*: $}
	send "2\r"
	expect "account      work"'
expect_status 0
call keyturn token
expect_status 2

begin 'nor is anybody asked with --json, with KEYTURN_PROMPT=0, or in the background'
for command in 'keyturn token --json' 'env KEYTURN_PROMPT=0 keyturn token' \
	'bash -mc {keyturn token & wait $!}'; do
	at_terminal "spawn $command"
	expect_status 2
	must_not grep -q 'Number or name' "$work/out"
done

begin 'a defaults file that is not readable as one is passed over'
printf 'general\nrubbish =\nservice =https\n\377\n' >"$HOME/.config/keyturn/defaults"
call keyturn token work
expect_status 0
call keyturn default work
expect_status 0
call keyturn default
expect_output work@coze.cn

finish

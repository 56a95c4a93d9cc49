#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn erase.
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3
home_start

store()
{
	printf "$@" | keyturn store
}

erase()
{
	input "$@"
	call keyturn erase
	expect_status 0
	expect_output ''
	expect_said ''
}

ask()
{
	input "$@"
	call keyturn get
}

begin 'an erase of what is not there is done'
erase 'protocol=https\nhost=git.example.com\n\n'

begin 'with another password nothing is touched'
store 'protocol=https\nhost=git.example.com\nusername=me\npassword=one\n\n'
snapshot >"$work/before"
erase 'protocol=https\nhost=git.example.com\nusername=me\npassword=former\n\n'
expect_unchanged

begin 'with its password a password item is deleted'
erase 'protocol=https\nhost=git.example.com\nusername=me\npassword=one\n\n'
ask 'protocol=https\nhost=git.example.com\n\n'
expect_output ''

begin 'without a password every one that fits is deleted, and no other'
store 'protocol=https\nhost=git.example.com\nusername=a\npassword=1\n\n'
store 'protocol=https\nhost=git.example.com\nusername=b\npassword=2\n\n'
store 'protocol=https\nhost=other.example.com\nusername=a\npassword=3\n\n'
erase 'protocol=https\nhost=git.example.com\n\n'
ask 'protocol=https\nhost=git.example.com\nusername=a\n\n'
expect_output ''
ask 'protocol=https\nhost=git.example.com\nusername=b\n\n'
expect_output ''
ask 'protocol=https\nhost=other.example.com\n\n'
expect_line password=3

begin 'a PAT that git saw refused is marked, kept, and exit 3'
store_token main coze.cn pat_main
erase 'protocol=https\nhost=api.coze.cn\nusername=main\npassword=pat_main\n\n'
ask 'protocol=https\nhost=api.coze.cn\n\n'
expect_status 3
expect_output quit=1
expect_cause_and_remedy
call keyturn list
must grep -q 'main.* refused' "$work/out"
call keyturn set main --accept
call keyturn token
expect_output pat_main

begin 'so is one that was sent as a Bearer token'
erase 'capability[]=authtype\nprotocol=https\nhost=api.coze.cn\nauthtype=Bearer
credential=pat_main\n\n'
call keyturn token
expect_status 3
call keyturn set main --accept

begin 'a PAT that was not the refused one is spared'
erase 'protocol=https\nhost=api.coze.cn\nusername=main\npassword=pat_former\n\n'
call keyturn token
expect_output pat_main

begin 'an erase without a password spares PAT and SAT'
store_token service coze.cn sat_service
erase 'protocol=https\nhost=api.coze.cn\n\n'
call keyturn token main
expect_output pat_main
call keyturn token service
expect_output sat_service

begin 'of a grant the access token alone is dropped'
store 'protocol=https\nhost=api.coze.cn\nusername=grant\npassword=access_one\nkind=web
oauth_refresh_token=refresh_one\nclient_id=1.app\nclient_secret=s
token_endpoint=https://api.coze.cn/api/permission/oauth2/token\npassword_expiry_utc=%s\n\n' \
	"$(($(date +%s) + 900))"
erase 'protocol=https\nhost=api.coze.cn\nusername=grant\npassword=access_one\n\n'
call keyturn show grant --json
expect_json web kind

begin 'an empty request, and one without a host, erase nothing'
snapshot >"$work/before"
for request in '' '\n' 'protocol=https\n\n' 'username=a\n\n' 'path=x\n\n'; do
	input "$request"
	call keyturn erase
	expect_output ''
done
expect_unchanged
ask 'protocol=https\nhost=other.example.com\n\n'
expect_line password=3

finish

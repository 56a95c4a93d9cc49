#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn store.
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3
home_start

store()
{
	input "$@"
	call keyturn store
}

ask()
{
	input "$@"
	call keyturn get
}

begin 'a password is kept, and the first store records the keyring'
store 'protocol=https\nhost=git.example.com\nusername=me\npassword=one\n\n'
expect_status 0
expect_output ''
expect_said ''
ask 'protocol=https\nhost=git.example.com\n\n'
expect_output "$(printf 'username=me\npassword=one')"
must [ "$(cat "$HOME/.config/keyturn/keyring")" = vault ]

begin 'what was handed out changes nothing'
snapshot >"$work/before"
store 'protocol=https\nhost=git.example.com\nusername=me\npassword=one\n\n'
expect_status 0
expect_unchanged

begin 'another password replaces it'
store 'protocol=https\nhost=git.example.com\nusername=me\npassword=two\n\n'
ask 'protocol=https\nhost=git.example.com\n\n'
expect_line password=two

begin 'an end and a refresh token come back with a password'
end=$(($(date +%s) + 1000))
store 'protocol=https\nhost=git.example.com\nusername=me\npassword=three
password_expiry_utc=%s\noauth_refresh_token=refresh\n\n' "$end"
ask 'protocol=https\nhost=git.example.com\n\n'
expect_line password=three
expect_line "password_expiry_utc=$end"
expect_line oauth_refresh_token=refresh

begin 'a missing end never wipes a known one'
store 'protocol=https\nhost=git.example.com\nusername=me\npassword=three\n\n'
ask 'protocol=https\nhost=git.example.com\n\n'
expect_line "password_expiry_utc=$end"

begin 'an end that is over, or cannot be read, stores nothing'
snapshot >"$work/before"
for end in 1 0 -5 soon 99999999999999999999; do
	store 'protocol=https\nhost=git.example.com\nusername=me\npassword=four
password_expiry_utc=%s\n\n' "$end"
	expect_status 0
done
expect_unchanged

begin 'what is ephemeral is not kept'
store 'protocol=https\nhost=git.example.com\nusername=me\npassword=five\nephemeral=1\n\n'
expect_status 0
expect_unchanged

begin 'a store without a password is nothing to keep'
store 'protocol=https\nhost=git.example.com\nusername=me\n\n'
expect_status 0
expect_unchanged

begin 'a password that is not UTF-8 is kept as it is'
for password in 'caf\351' '\377\376' '%%41\200%%' 'pat_\351'; do
	store "protocol=https\nhost=old.example.com\nusername=me\npassword=$password\n\n"
	expect_status 0
	expect_said ''
	for cache in off 60 60; do
		input 'protocol=https\nhost=old.example.com\n\n'
		call env KEYTURN_CACHE="$cache" keyturn get
		expect_output "$(printf "username=me\npassword=$password")"
	done
	snapshot >"$work/before"
	store "protocol=https\nhost=old.example.com\nusername=me\npassword=$password\n\n"
	expect_unchanged
	call keyturn list
	must grep -q 'me .*old.example.com .*password' "$work/out"
done
input "protocol=https\nhost=old.example.com\nusername=me\npassword=$password\n\n"
call keyturn erase
ask 'protocol=https\nhost=old.example.com\n\n'
expect_output ''

begin 'no user name, and an empty one, are the same item'
store 'protocol=https\nhost=empty.example.com\npassword=no_name\n\n'
expect_status 0
store 'protocol=https\nhost=empty.example.com\nusername=\npassword=empty_name\n\n'
expect_status 0
call keyturn list
must [ "$(grep -c empty.example.com "$work/out")" -eq 1 ]
ask 'protocol=https\nhost=empty.example.com\n\n'
expect_line password=empty_name

begin 'two user names are two items'
store 'protocol=https\nhost=git.example.com\nusername=you\npassword=yours\n\n'
ask 'protocol=https\nhost=git.example.com\nusername=you\n\n'
expect_line password=yours
ask 'protocol=https\nhost=git.example.com\nusername=me\n\n'
expect_line password=three

begin 'a password with a known prefix makes that kind, named main where no name is given'
store 'protocol=https\nhost=api.coze.cn\npassword=pat_stored\n\n'
call keyturn show main --json
expect_json pat kind
call keyturn token
expect_output pat_stored
store 'protocol=https\nhost=api.coze.com\nusername=s\npassword=sat_stored\n\n'
call keyturn show s --json
expect_json sat kind

begin 'a store of what git got of a PAT changes nothing, the typed end included'
keyturn set main --expires 20
snapshot >"$work/before"
store 'protocol=https\nhost=api.coze.cn\nusername=main\npassword=pat_stored\n\n'
expect_status 0
expect_unchanged
store 'capability[]=authtype\nprotocol=https\nhost=api.coze.cn\nauthtype=Bearer
credential=pat_stored\n\n'
expect_status 0
expect_unchanged

begin 'an account stored again with another kind leaves one item'
store 'protocol=https\nhost=api.coze.cn\nusername=main\npassword=plain\n\n'
expect_status 0
call keyturn list
must [ "$(grep -c 'main .*coze.cn ' "$work/out")" -eq 1 ]
store 'protocol=https\nhost=api.coze.cn\nusername=main\npassword=sat_again\n\n'
call keyturn show main --json
expect_json sat kind

begin 'a grant that a program hands over is never replaced by a password'
store 'protocol=https\nhost=api.coze.cn\nusername=grant\npassword=access_one\nkind=web
oauth_refresh_token=refresh_one\nclient_id=1.app\nclient_secret=canary_secret
token_endpoint=https://api.coze.cn/api/permission/oauth2/token\npassword_expiry_utc=%s\n\n' \
	"$(($(date +%s) + 900))"
expect_status 0
call keyturn show grant --json
expect_json web kind
expect_unsaid refresh_one
expect_unsaid canary_secret
snapshot >"$work/before"
store 'protocol=https\nhost=api.coze.cn\nusername=grant\npassword=other\n\n'
expect_status 0
expect_unchanged
input 'protocol=https\nhost=api.coze.cn\nusername=grant\npassword=other\n\n'
call env KEYTURN_TRACE=1 keyturn store
must [ "$(grep -c 'store:' "$work/err")" -eq 1 ]

begin 'its refresh token is never told'
ask 'protocol=https\nhost=api.coze.cn\nusername=grant\n\n'
expect_line password=access_one
expect_unsaid refresh_one

begin 'a request that is none is exit 2 and stores nothing'
for request in 'protocol=https\nhost=a/b\nusername=u\npassword=canary_in\n\n' \
	'protocol=https\npassword=canary_in\n\n' \
	'host=git.example.com\npassword=canary_in\n\n' \
	'protocol=https\nhost=git.example.com\npassword=canary_in\npassword=canary_in\n\n'; do
	store "$request"
	expect_status 2
	expect_output ''
	expect_cause_and_remedy
	expect_unsaid canary_in
done
expect_unchanged

finish

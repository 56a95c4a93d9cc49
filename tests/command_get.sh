#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn get and capability, and both under the name that git starts.
set -eu

. "$(dirname "$0")/lib/home.sh"
need faketime python3
home_start

ask()
{
	input "$@"
	call keyturn get
}

begin 'what is not there is no output and exit 0'
ask 'protocol=https\nhost=api.coze.cn\n\n'
expect_status 0
expect_output ''
expect_said ''

begin 'the answer is user name and password'
store_token main coze.cn pat_main
ask 'protocol=https\nhost=api.coze.cn\n\n'
expect_status 0
expect_output "$(printf 'username=main\npassword=pat_main')"
expect_said ''

begin 'git-credential-keyturn answers the same'
input 'protocol=https\nhost=api.coze.cn\n\n'
call git-credential-keyturn get
expect_output "$(printf 'username=main\npassword=pat_main')"

begin 'protocol, host, user name and path have to fit'
for request in 'protocol=http\nhost=api.coze.cn' 'protocol=https\nhost=api.coze.com' \
	'protocol=https\nhost=api.coze.cn\nusername=other' \
	'protocol=https\nhost=api.coze.cn:8443' \
	'protocol=https\nhost=sub.api.coze.cn' \
	'protocol=https\nhost=coze.cn'; do
	ask "$request\n\n"
	expect_output ''
	expect_unsaid pat_main
done

begin 'the same service in other words fits'
for request in 'protocol=HTTPS\nhost=API.Coze.CN' 'protocol=https\nhost=api.coze.cn:443' \
	'url=https://api.coze.cn' 'url=https://main@api.coze.cn/' \
	'protocol=https\nhost=ws.coze.cn' \
	'protocol=https\nhost=api.coze.cn\npath=any/repository.git'; do
	ask "$request\n\n"
	expect_line password=pat_main
done

begin 'unknown keys are passed over'
ask 'future=1\nfuture[]=2\nprotocol=https\nhost=api.coze.cn\nwwwauth[]=Basic realm="x"\n\n'
expect_line password=pat_main

begin 'the answer comes at the blank line, without waiting for an end of input'
mkfifo "$work/request"
keyturn get <"$work/request" >"$work/out" 2>"$work/err" &
asked=$!
exec 9>"$work/request"
printf 'protocol=https\nhost=api.coze.cn\n\n' >&9
wait "$asked"
exec 9>&-
expect_line password=pat_main

begin 'nothing beyond what was offered is said'
ask 'protocol=https\nhost=api.coze.cn\nwwwauth[]=Bearer realm="x"\n\n'
expect_output "$(printf 'username=main\npassword=pat_main')"

begin 'offered authtype and asked for Bearer alone it is a Bearer token'
ask 'capability[]=authtype\nprotocol=https\nhost=api.coze.cn\nwwwauth[]=Bearer realm="x"\n\n'
expect_output "$(printf 'capability[]=authtype\nauthtype=Bearer\ncredential=pat_main')"

begin 'where Basic is taken, too, it is a password'
ask 'capability[]=authtype\nprotocol=https\nhost=api.coze.cn
wwwauth[]=Bearer realm="x"\nwwwauth[]=Basic realm="x"\n\n'
expect_line username=main
expect_line password=pat_main
must_not grep -q credential= "$work/out"

begin 'an account made with --authtype bearer is one wherever it is offered'
printf 'pat_bearer\n' |
	keyturn login b --api-base https://bearer.example.com --with-token --authtype bearer \
		2>/dev/null
ask 'capability[]=authtype\nprotocol=https\nhost=bearer.example.com\n\n'
expect_line credential=pat_bearer
ask 'protocol=https\nhost=bearer.example.com\n\n'
expect_line password=pat_bearer
must_not grep -q credential= "$work/out"

begin 'offered state it is told whose the answer is'
ask 'capability[]=state\nprotocol=https\nhost=api.coze.cn\n\n'
expect_line 'capability[]=state'
expect_line 'state[]=keyturn:acct=main'

begin 'of several accounts the default answers'
store_token second coze.cn pat_second
ask 'protocol=https\nhost=api.coze.cn\n\n'
expect_line password=pat_main
ask 'protocol=https\nhost=api.coze.cn\nusername=second\n\n'
expect_line password=pat_second

begin 'KEYTURN_ACCOUNT chooses among them, and never another host'
input 'protocol=https\nhost=api.coze.cn\n\n'
call env KEYTURN_ACCOUNT=second keyturn get
expect_line password=pat_second
input 'protocol=https\nhost=api.coze.cn\n\n'
call env KEYTURN_ACCOUNT=second@coze.cn keyturn get
expect_line password=pat_second
store_token abroad coze.com pat_abroad
input 'protocol=https\nhost=api.coze.cn\n\n'
call env KEYTURN_ACCOUNT=abroad keyturn get
expect_unsaid pat_abroad
input 'protocol=https\nhost=api.coze.cn\n\n'
call env KEYTURN_ACCOUNT=abroad@coze.com keyturn get
expect_unsaid pat_abroad

begin 'where no default chooses, it is exit 2, and stdout is empty'
mv "$HOME/.config/keyturn/defaults" "$work/defaults"
must keyturn lock
ask 'protocol=https\nhost=api.coze.cn\n\n'
expect_status 2
expect_output ''
expect_cause_and_remedy
expect_said second@coze.cn
mv "$work/defaults" "$HOME/.config/keyturn/defaults"

begin 'a path of its own goes before the whole host'
input 'protocol=https\nhost=git.example.com\npath=team/one.git\nusername=me\npassword=p1\n\n'
call keyturn store
input 'protocol=https\nhost=git.example.com\nusername=me\npassword=p0\n\n'
call keyturn store
ask 'protocol=https\nhost=git.example.com\npath=team/one.git\n\n'
expect_line password=p1
ask 'protocol=https\nhost=git.example.com\n\n'
expect_line password=p0

begin 'a store without a path leaves the item with one alone'
call keyturn list
must [ "$(grep -c git.example.com "$work/out")" -eq 2 ]

begin 'a password answers for the exact path, a token for all of its host'
ask 'protocol=https\nhost=git.example.com\npath=team/two.git\n\n'
expect_output ''
ask 'protocol=https\nhost=api.coze.cn\npath=team/two.git\n\n'
expect_line password=pat_main

begin 'an expired password is never printed'
input 'protocol=https\nhost=old.example.com\nusername=me\npassword=old
password_expiry_utc=%s\n\n' "$(($(date +%s) + 1000))"
call keyturn store
expect_status 0
ask 'protocol=https\nhost=old.example.com\n\n'
must grep -q '^password_expiry_utc=' "$work/out"
input 'protocol=https\nhost=old.example.com\n\n'
call env KEYTURN_CACHE=off faketime '+2000 seconds' keyturn get
expect_status 0
expect_output ''

begin 'of an expired password its refresh token is given back, for the helper that can renew it'
input 'protocol=https\nhost=oauth.example.com\nusername=me\npassword=old
oauth_refresh_token=refresh\npassword_expiry_utc=%s\n\n' "$(($(date +%s) + 1000))"
call keyturn store
expect_status 0
for cache in off 60; do
	input 'protocol=https\nhost=oauth.example.com\n\n'
	call env KEYTURN_CACHE="$cache" faketime '+2000 seconds' keyturn get
	expect_status 0
	expect_output "$(printf 'username=me\noauth_refresh_token=refresh')"
	expect_said ''
done

begin 'what the other helper then stores is handed out'
input 'protocol=https\nhost=oauth.example.com\nusername=me\npassword=new
oauth_refresh_token=rotated\npassword_expiry_utc=%s\n\n' "$(($(date +%s) + 3000))"
call faketime '+2000 seconds' keyturn store
expect_status 0
ask 'protocol=https\nhost=oauth.example.com\n\n'
expect_line password=new
expect_line oauth_refresh_token=rotated

begin 'a token is never told to a service without TLS'
ask 'protocol=http\nhost=api.coze.cn\n\n'
expect_output ''
printf 'pat_near\n' | keyturn login near --api-base http://127.0.0.1:8080 --with-token 2>/dev/null
ask 'protocol=http\nhost=127.0.0.1:8080\n\n'
expect_line password=pat_near

begin 'for the name localhost no token is handed out, and that is told'
printf 'pat_local\n' | keyturn login local --api-base http://localhost:8085 --with-token 2>/dev/null
input 'protocol=http\nhost=127.0.0.1:8085\n\n'
call keyturn get
expect_line password=pat_local
input 'protocol=http\nhost=localhost:8085\n\n'
call keyturn get
expect_status 6
expect_output ''
expect_said 'use http://127.0.0.1:8085 in its place'
expect_cause_and_remedy
for host in localhost:8086 localhost.example:8085; do
	input 'protocol=http\nhost=%s\n\n' "$host"
	call keyturn get
	expect_status 0
	expect_output ''
	expect_said ''
done
keyturn logout local 2>/dev/null

begin 'a request that is none is exit 2 and no output'
for request in 'rubbish\n\n' '=x\n\n' 'protocol=https\nhost=a b\n\n' \
	'protocol=https\nprotocol=https\nhost=api.coze.cn\n\n' \
	'protocol=https\nhost=api.coze.cn/path\n\n' \
	'protocol=https\nhost=api.coze.cn\nhost\000x=1\n\n' \
	'url=https://api.coze.cn\nhost=api.coze.com\n\n' \
	'url=https:api.coze.cn\n\n'; do
	ask "$request"
	expect_status 2
	expect_output ''
	expect_cause_and_remedy
done

begin 'an empty request gets nothing'
ask ''
expect_output ''
ask '\n'
expect_output ''

begin 'capability tells what is understood'
call keyturn capability
expect_status 0
expect_output "$(printf 'version 0\ncapability authtype\ncapability state')"

begin 'an operation that git invents later is passed over in silence'
input 'protocol=https\nhost=api.coze.cn\n\n'
call git-credential-keyturn future
expect_status 0
expect_output ''
expect_said ''

begin 'a typed end neither stops git nor is told to it'
keyturn set main --expires 1
input 'protocol=https\nhost=api.coze.cn\n\n'
call faketime '+40 days' keyturn get
expect_output "$(printf 'username=main\npassword=pat_main')"

finish

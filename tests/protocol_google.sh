#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn google, by the documented form of executable-sourced credentials; Google's own libraries are
# tried by clients.sh.
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3
home_start
store_token work coze.cn pat_work
token=eyJhbGciOiJub25lIn0.eyJzdWIiOiJib3QifQ.c2ln
type=urn:ietf:params:oauth:token-type
printf '%s\n' "$token" | keyturn login pool --api-base https://issuer.example.com --with-token --force \
	2>"$work/stage.log"

# fails_with CODE: an object with version, success false and that code; nothing on stderr.
fails_with()
{
	expect_status 0
	expect_said ''
	expect_json 1 version
	expect_json false success
	expect_json "$1" code
	must [ -n "$(json message)" ]
	must [ "$(grep -c '' "$work/out")" -eq 1 ]
}

begin 'a JWT is the id_token of the type that is asked for'
for asked in jwt id_token; do
	call env GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE="$type:$asked" GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE=0 \
		GOOGLE_EXTERNAL_ACCOUNT_REVOKE=0 GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE=any keyturn google pool
	expect_status 0
	expect_json "$token" id_token
	expect_json "$type:$asked" token_type
	expect_json 1 version
	expect_json true success
	expect_said ''
done
call keyturn google pool
expect_json "$type:jwt" token_type

begin 'a token that is no JWT leaves no further than its own service'
call keyturn google work
fails_with usage
expect_unsaid pat_work

begin 'each failure is an answer, and stderr stays empty, also with a trace'
call keyturn google nobody
fails_with not_found
call keyturn google a b
fails_with usage
call env GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE="$type:saml2" keyturn google pool
fails_with usage
expect_unsaid "$token"
call env KEYTURN_TRACE=1 keyturn google pool
expect_json "$token" id_token
expect_said ''
call env KEYTURN_VAULT_KEY_FILE=/dev/null keyturn google nobody
must [ -n "$(json message)" ]
expect_said ''

begin 'a person at a terminal, whose answer would be a file, is told so'
for variable in INTERACTIVE REVOKE; do
	call env "GOOGLE_EXTERNAL_ACCOUNT_$variable=1" keyturn google pool
	expect_status 2
	expect_output ''
	expect_cause_and_remedy
done

finish

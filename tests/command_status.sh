#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn status: whether the service takes the token, as it says so itself. What its answers mean
# is test_whoami's.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
alone "$0" "$@"
refresh_start

# keep NAME TOKEN: as a PAT.
keep()
{
	printf '%s\n' "$2" | keyturn login "$1" --api-base "$COZE_API" --with-token 2>"$work/login" ||
		complain "$1 was not kept"
}

coze_mint pkce-client.app.coze pkce >"$work/minted"
keep good "$(member access_token <"$work/minted")"

begin 'a token that works, and whose it is'
call keyturn status good
expect_status 0
expect_output "good@${COZE_API#http://}: the token works, as user \"tester\""
call keyturn status good --json
expect_status 0
expect_json true works
expect_json tester user
expect_json good account

begin 'a token that is revoked: exit 3, whatever is stored'
keep revoked pat_unknown
call keyturn status revoked
expect_status 3
expect_output ''
expect_cause_and_remedy
expect_said revoked
expect_said '(it answered 4100: '
expect_said 'log id test-logid'
call keyturn status revoked --json
expect_status 3
expect_json refused error code

begin 'all accounts: each in its place, git passwords left out, 3 where one does not work'
printf 'protocol=https\nhost=git.example.com\nusername=alice\npassword=p\n\n' | keyturn store
printf 'pat_x\n' | keyturn login away --api-base http://127.0.0.1:9 --with-token 2>"$work/login"
printf 'pat_x\n' | keyturn login away2 --api-base http://127.0.0.1:9 --with-token 2>"$work/login"
call keyturn status --all
expect_status 3
expect_said ''
must grep -q '^good@.*: the token works' "$work/out"
must grep -q '^revoked@.* it is revoked' "$work/out"
must grep -q '^    make a new one, then: keyturn login revoked --with-token' "$work/out"
must [ "$(grep -c '^away2*@.* did not answer' "$work/out")" -eq 2 ]
must_not grep -q alice "$work/out"
call keyturn status --all --json
expect_status 3
must [ "$(json accounts | python3 -c 'import json, sys
print(" ".join(a["account"] + str(a["works"])[0] for a in json.load(sys.stdin)))')" = \
	'goodT revokedF awayF away2F' ]
keyturn logout revoked 2>/dev/null
call keyturn status --all
expect_status 5
keyturn logout away 2>/dev/null
keyturn logout away2 2>/dev/null
call keyturn status --all
expect_status 0
keep revoked pat_unknown
call keyturn status --all good
expect_status 2
expect_cause_and_remedy

begin 'no permission for the question is no word on the token: exit 5'
fault_of_me='{"fault":{"on":"me","kind":"answer","status":403,"body":"{\"code\":4101,\"msg\":\"no\"}"}}'
control "$fault_of_me"
call keyturn status good
expect_status 5
expect_cause_and_remedy
expect_said 'no permission'

begin 'a server without that question: exit 5'
control '{"me":"absent"}'
call keyturn status good
expect_status 5
expect_cause_and_remedy

begin 'Coze Studio answers all that it does not have as if the token were wrong: another is asked'
control '{"me":"studio"}'
call keyturn status good
expect_status 0
call keyturn status revoked
expect_status 3
control '{"me":"present"}'

begin "a workload's token is known as one"
printf 'cztei_one\n' >"$work/in"
call keyturn login workload --api-base "$COZE_API" --with-token
expect_status 0
expect_said "a workload's own token"

finish

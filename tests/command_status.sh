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
must grep -q 'tester' "$work/out"

begin 'a token that is revoked: exit 3, whatever is stored'
keep revoked pat_unknown
call keyturn status revoked
expect_status 3
expect_output ''
expect_cause_and_remedy
expect_said revoked

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

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn token, and which account it is of.
set -eu

. "$(dirname "$0")/lib/home.sh"
need expect faketime keyctl python3
home_start

begin 'without any login it is exit 1'
call keyturn token
expect_status 1
expect_output ''
expect_cause_and_remedy

begin 'it prints the token and a newline, nothing else'
store_token work coze.cn pat_work
call keyturn token work
expect_status 0
expect_output pat_work
expect_said ''

begin 'the only account there is answers unnamed'
call keyturn token
expect_output pat_work

begin 'of several, the general default answers unnamed'
store_token home coze.cn pat_home
store_token work coze.com pat_abroad
call keyturn token
expect_output pat_work
call keyturn default home
call keyturn token
expect_output pat_home

begin 'one account name at two services is told apart by NAME@SITE and NAME@HOST'
call keyturn token work@coze.com
expect_output pat_abroad
call keyturn token work@coze.cn
expect_output pat_work
call keyturn token work@api.coze.com
expect_output pat_abroad

begin 'a whole name goes before NAME@SITE'
store_token work@coze.com coze.cn pat_odd_name
call keyturn token work@coze.com
expect_output pat_odd_name
call keyturn logout work@coze.com@coze.cn
expect_status 0

begin 'where the default does not say which, an account has to be named, from a list'
call keyturn default home
call keyturn token work
expect_status 2
expect_output ''
expect_cause_and_remedy
expect_said work@coze.cn
expect_said work@coze.com

begin 'KEYTURN_ACCOUNT names one, ACCOUNT goes before it'
call env KEYTURN_ACCOUNT=work@coze.com keyturn token
expect_output pat_abroad
call env KEYTURN_ACCOUNT=work@coze.com keyturn token home
expect_output pat_home

begin 'an account that is not there is exit 1, and no other answers for it'
call keyturn token nobody
expect_status 1
expect_output ''
expect_cause_and_remedy
call env KEYTURN_ACCOUNT=nobody keyturn token
expect_status 1
call keyturn token home@coze.com
expect_status 1

begin '--json tells about the token'
call keyturn token work@coze.com --json
expect_status 0
expect_json 1 version
expect_json work account
expect_json https://api.coze.com service
expect_json pat kind
expect_json pat_abroad access_token
expect_json Bearer token_type
expect_json null expires_at
must [ "$(json obtained_at)" -le "$(date +%s)" ]

begin '--json makes failures one object, and stderr silent'
call keyturn token nobody --json
expect_status 1
expect_said ''
expect_json 1 version
expect_json not_found error code
must [ -n "$(json error message)" ]
must [ -n "$(json error remedy)" ]
call keyturn token work --json
expect_status 2
expect_json account_needed error code
call keyturn token --no-such-option --json
expect_status 2
expect_json usage error code

begin '--min-valid of a token without an end is no hindrance'
call keyturn token home --min-valid 100000000
expect_status 0
expect_output pat_home
call keyturn token home --min-valid=0
expect_output pat_home

begin '--min-valid is a number of seconds'
for seconds in -1 1.5 x '' 99999999999999999999 '1 '; do
	call keyturn token home --min-valid "$seconds"
	expect_status 2
	expect_output ''
	expect_cause_and_remedy
done

begin 'an end that was typed warns at a terminal, and never blocks'
# Told once a day for a name: one that no other run has.
ending=ending-${work##*.}
store_token "$ending" coze.cn pat_ending
keyturn set "$ending" --expires 2
call faketime '+30 days' keyturn token "$ending"
expect_status 0
expect_output pat_ending
expect_said ''
at_terminal "spawn keyturn token $ending"
must grep -q 'pat_ending' "$work/out"
must grep -q "$ending@coze.cn ends in 2 days: keyturn login $ending@coze.cn --with-token" \
	"$work/out"

begin 'and warns once a day'
if keyctl search @u user "keyturn:warned:$ending@coze.cn" >"$work/key" 2>/dev/null; then
	at_terminal "spawn keyturn token $ending"
	must_not grep -q 'ends in' "$work/out"
	keyctl invalidate "$(cat "$work/key")"
fi

begin 'a token that was refused is exit 3, with the command that mends it'
input 'pat_home\n'
call keyturn reject home
call keyturn token home
expect_status 3
expect_output ''
expect_cause_and_remedy
expect_said 'keyturn login home@coze.cn --with-token'
expect_unsaid pat_home
call keyturn token home --json
expect_status 3
expect_json refused error code

begin '--from-env reads no keyring'
call env KEYTURN_KEYRING=vault KEYTURN_VAULT=/nonexistent COZE_API_TOKEN=pat_environment \
	keyturn token --from-env
expect_status 0
expect_output pat_environment

begin '--from-env takes the service of COZE_API_BASE'
call env COZE_API_TOKEN=sat_environment COZE_API_BASE=https://api.coze.cn \
	keyturn token --from-env --json
expect_json https://api.coze.cn service
expect_json sat kind
expect_json sat_environment access_token

begin '--from-env without a token is exit 2'
call keyturn token --from-env
expect_status 2
expect_cause_and_remedy

begin '--from-env refuses a token that is none'
call env COZE_API_TOKEN='pat_with blank' keyturn token --from-env
expect_status 2
expect_unsaid 'with blank'

begin '--from-env sends no token without TLS'
call env COZE_API_TOKEN=pat_environment COZE_API_BASE=http://api.example.com \
	keyturn token --from-env
expect_status 6
expect_output ''

begin '--env-file reads the same from a file'
cat >"$work/env" <<'END'
# COZE_API_TOKEN=pat_comment
export COZE_API_BASE="https://api.coze.cn"  # where
COZE_API_TOKEN = 'pat_file'
OTHER=1
END
call keyturn token --env-file "$work/env"
expect_status 0
expect_output pat_file
call keyturn token --env-file="$work/env" --json
expect_json https://api.coze.cn service

begin 'of two lines the last one counts, CRLF is a line end'
printf 'COZE_API_TOKEN=pat_first\r\nCOZE_API_TOKEN=pat_last # new\r\n' >"$work/env"
call keyturn token --env-file "$work/env"
expect_output pat_last

begin 'an .env file that is not there is exit 2'
call keyturn token --env-file "$work/absent"
expect_status 2
expect_cause_and_remedy

begin 'a full or closed stdout is no success'
if [ -w /dev/full ]; then
	status=0
	keyturn token work@coze.cn >/dev/full 2>"$work/err" || status=$?
	must [ "$status" -ne 0 ]
	must [ "$status" -lt 126 ]
fi
status=0
keyturn token work@coze.cn >&- 2>"$work/err" || status=$?
must [ "$status" -ne 0 ]
must [ "$status" -lt 126 ]

finish

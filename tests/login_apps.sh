#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Apps that act for themselves, at oidc-provider: client credentials (RFC 6749, 4.4), and token exchange
# (RFC 8693) with a grant that is registered there. There is no refresh token: each token is asked for
# anew.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/server.sh"
need curl node openssl python3
need_module oidc-provider
alone --keyring "$0" "$@"
home_start
oidc_server_start "$work/oidc" || exit 1
printf 'app-secret-for-tests-0123456789\n' >"$work/secret"
printf 'basic-secret-for-tests-0123456789\n' >"$work/basic"
printf 'wrong-secret-for-tests-0123456789\n' >"$work/wrong"

# app NAME KIND OPTION...
app()
{
	app_name=$1
	app_kind=$2
	shift 2
	call keyturn login "$app_name" --kind "$app_kind" --issuer "$OIDC_ISSUER" --ca-file "$OIDC_CA" \
		--client-id app-client --client-secret-file "$work/secret" "$@"
}

# introspect ACCOUNT NAME: what the server tells of the account's token.
introspect()
{
	keyturn token "$1" >"$work/token"
	curl -s --cacert "$OIDC_CA" -u basic-client:basic-secret-for-tests-0123456789 \
		--data-urlencode "token=$(cat "$work/token")" "$OIDC_ISSUER/token/introspection" >"$work/seen"
	server_field "$work/seen" "$2"
}

# asked GRANT: how many requests of that grant the server got.
asked()
{
	server_request GET "$OIDC_CONTROL/control" >"$work/state"
	node -e 'const { counts } = JSON.parse(require("fs").readFileSync(process.argv[1]));
		console.log(counts.by_grant[process.argv[2]] ?? 0)' "$work/state" "$1"
}

begin 'an app logs in with its own secret, and nobody is asked'
app app client-credentials --scope api:read
expect_status 0
must [ "$(introspect app client_id)" = app-client ]
must [ "$(introspect app scope)" = api:read ]
call keyturn show app --json
expect_json client-credentials kind
expect_json asked refresh_token
expect_json unknown old_token
expect_json ok state
call keyturn list
must grep -q 'renews itself' "$work/out"

begin 'its token is handed out while it lives, and asked for anew after'
keyturn token app >"$work/first"
before=$(asked client_credentials)
keyturn token app >"$work/second"
must cmp -s "$work/first" "$work/second"
must [ "$(asked client_credentials)" -eq "$before" ]
call keyturn refresh app
expect_status 0
keyturn token app >"$work/second"
must_not cmp -s "$work/first" "$work/second"
must [ "$(asked client_credentials)" -eq $((before + 1)) ]

begin 'of eight callers at once one asks'
keyturn reject app --current
before=$(asked client_credentials)
callers=
for caller in 1 2 3 4 5 6 7 8; do
	keyturn token app >"$work/token.$caller" &
	callers="$callers $!"
done
for caller in $callers; do
	wait "$caller" || complain 'a caller failed'
done
must [ "$(asked client_credentials)" -eq $((before + 1)) ]
must [ "$(cat "$work"/token.[1-8] | sort -u | grep -c .)" -eq 1 ]

begin 'where the kernel keeps nothing the keyring does'
KEYTURN_CACHE=off
export KEYTURN_CACHE
call keyturn refresh app
expect_status 0
before=$(asked client_credentials)
keyturn token app >"$work/first"
keyturn token app >"$work/second"
must cmp -s "$work/first" "$work/second"
must [ "$(asked client_credentials)" -eq "$before" ]
unset KEYTURN_CACHE

begin 'a token for a resource, at the host of the resource'
app resource client-credentials --resource https://api.example/ --scope api:read --host api.example
expect_status 0
must [ "$(introspect resource aud)" = https://api.example/ ]
call keyturn refresh resource
expect_status 0
must [ "$(introspect resource aud)" = https://api.example/ ]

begin 'the endpoint alone is enough'
call keyturn login endpoint --kind client-credentials --token-endpoint "$OIDC_ISSUER/token" \
	--ca-file "$OIDC_CA" --client-id app-client --client-secret-file "$work/secret"
expect_status 0
must [ "$(introspect endpoint client_id)" = app-client ]

begin 'its name alone logs in again'
call keyturn login app
expect_status 0
must [ "$(introspect app client_id)" = app-client ]

begin 'a wrong secret and what is missing are told, and nothing is stored'
call keyturn login wrong --kind client-credentials --issuer "$OIDC_ISSUER" --ca-file "$OIDC_CA" \
	--client-id app-client --client-secret-file "$work/wrong"
expect_status 3
expect_cause_and_remedy
expect_said "the client's secret or key"
call keyturn login wrong --kind client-credentials --issuer "$OIDC_ISSUER" --client-id app-client
expect_status 2
expect_said 'add --client-id ID and --client-secret-file FILE'
call keyturn login wrong --kind client-credentials --client-id app-client \
	--client-secret-file "$work/secret"
expect_status 2
expect_said 'name the server that gives the tokens'
call keyturn login wrong --kind client-credentials --issuer "$OIDC_ISSUER" --client-id app-client \
	--client-secret-file "$work/secret" --no-pkce
expect_status 2
expect_said 'has no meaning for a client-credentials login'
call keyturn show wrong
expect_status 1

# person NAME: a person logs in; curl is the browser.
person()
{
	: >"$work/err"
	keyturn login "$1" --issuer "$OIDC_ISSUER" --ca-file "$OIDC_CA" --client-id basic-client \
		--client-secret-file "$work/basic" --scope 'openid offline_access api:read' \
		--redirect-uri http://127.0.0.1:0/callback >"$work/out" 2>"$work/err" &
	login=$!
	login_says response_type=
	curl -sL --cacert "$OIDC_CA" -c "$work/cookies" -b "$work/cookies" -o "$work/page" \
		"$(grep -o 'https://.*response_type=.*' "$work/err")" || :
	wait "$login" || complain 'the person did not log in'
}

begin "an account's token is exchanged for one of a resource"
person person
app exchanged token-exchange --subject-account person --resource https://api.example/ \
	--scope api:read --host api.example
expect_status 0
must [ "$(introspect exchanged aud)" = https://api.example/ ]
must [ "$(introspect exchanged sub)" = tester ]
call keyturn show exchanged --json
expect_json token-exchange kind
expect_json asked refresh_token

begin 'at each renewal the account has a good token, and is renewed first if it has none'
keyturn token exchanged >"$work/first"
keyturn reject person --current
before=$(asked refresh_token)
call keyturn refresh exchanged
expect_status 0
must [ "$(asked refresh_token)" -eq $((before + 1)) ]
must [ "$(introspect exchanged sub)" = tester ]
must_not cmp -s "$work/first" "$work/token"

begin 'another account of that name, at another service, is not taken for it'
printf 'a-token-of-elsewhere\n' | keyturn login person --api-base https://elsewhere.example \
	--with-token --force 2>"$work/err" || complain 'not stored'
call keyturn refresh exchanged
expect_status 0
must [ "$(introspect exchanged sub)" = tester ]
call keyturn logout person@elsewhere.example
expect_status 0

begin 'a token in a file is read anew each time'
keyturn token person >"$work/subject"
(cd "$work" && keyturn login file --kind token-exchange --issuer "$OIDC_ISSUER" --ca-file "$OIDC_CA" \
	--client-id app-client --client-secret-file "$work/secret" --subject-token-file subject) \
	2>"$work/err" || complain 'not logged in'
must [ "$(introspect file sub)" = tester ]
keyturn token person >"$work/subject"
call keyturn refresh file
expect_status 0
printf 'another\n' >"$work/subject"
call keyturn refresh file
expect_status 3
expect_cause_and_remedy
expect_said "see to the token in $work/subject"
expect_said 'the subject token (masked) is not active'
rm "$work/subject"
call keyturn refresh file
expect_status 2
expect_said 'does not exist'

begin 'a token from stdin is kept'
keyturn token person >"$work/subject"
keyturn login kept --kind token-exchange --issuer "$OIDC_ISSUER" --ca-file "$OIDC_CA" \
	--client-id app-client --client-secret-file "$work/secret" --subject-token-file - \
	<"$work/subject" 2>"$work/err" || complain 'not logged in'
call keyturn refresh kept
expect_status 0
must [ "$(introspect kept sub)" = tester ]

begin 'until it is over: the remedy takes a new one'
input '%s\n' dead-token-of-tests
call keyturn login kept --subject-token-file -
expect_status 3
expect_said 'keyturn login kept@'
keyturn token person >"$work/subject"
keyturn login kept --subject-token-file - <"$work/subject" 2>"$work/err" || complain 'not logged in'
must [ "$(introspect kept sub)" = tester ]

begin 'what cannot be exchanged is refused'
app wrong token-exchange
expect_status 2
expect_said 'no token to exchange is named'
app wrong token-exchange --subject-account app
expect_status 2
expect_said 'are not exchanged'
app wrong token-exchange --subject-account nobody
expect_status 1
app wrong token-exchange --subject-account person --subject-token-type nonsense
expect_status 2
app wrong token-exchange --subject-account person --token-param subject_token=x
expect_status 2
app wrong client-credentials --subject-account person
expect_status 2
expect_said 'has no meaning for a client-credentials login'

finish

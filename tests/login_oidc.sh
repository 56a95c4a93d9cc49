#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Logins at oidc-provider, an authorization server that nobody here wrote.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/server.sh"
need git python3 curl openssl oidc-agent oidc-gen
need_module oidc-provider
home_start
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/key" 2>"$work/openssl"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/other" 2>"$work/openssl"
oidc_server_start "$work/server" --client-key "$work/key" || exit 1

oidc_control()
{
	server_request POST "$OIDC_CONTROL/control$1" "$2"
}

oidc_control '' '{"consent":"allow"}' >"$work/control"
printf 'basic-secret-for-tests-0123456789\n' >"$work/basic"
printf 'post-secret-for-tests-0123456789\n' >"$work/post"

scope='openid offline_access'
# start_login OPTION...: in the background, until stderr has what $wanted says.
start_login()
{
	: >"$work/err"
	keyturn login "$@" --issuer "$OIDC_ISSUER" --ca-file "$OIDC_CA" \
		--scope "$scope" >"$work/out" 2>"$work/err" &
	login=$!
	login_says "$wanted"
}

end_login()
{
	status=0
	wait "$login" || status=$?
}

# visit: what a browser would do.
visit()
{
	curl -sL --cacert "$OIDC_CA" -c "$work/cookies" -b "$work/cookies" -o "$work/page" \
		"$(grep -o 'https://.*response_type=.*' "$work/err")" || :
}

begin 'public and confidential clients log in by the redirect, on a port of the moment'
wanted='response_type='
start_login public --client-id native-client --redirect-uri http://127.0.0.1:0/callback
visit
end_login
expect_status 0
start_login basic --client-id basic-client --client-secret-file "$work/basic" \
	--redirect-uri http://127.0.0.1:0/callback
visit
end_login
expect_status 0
must grep -q 'code_challenge_method=S256' "$work/err"

begin 'the refresh token rotates, again and again'
for account in public basic; do
	call keyturn token "$account"
	expect_status 0
	cp "$work/out" "$work/token"
	for time in 1 2 3; do
		call keyturn refresh "$account"
		expect_status 0
	done
	call keyturn token "$account"
	must_not cmp -s "$work/token" "$work/out"
done

begin 'a client signs with its key: a login, renewals, its own tokens, a revocation'
start_login signing --client-id signing-client --client-auth private-key-jwt \
	--private-key-file "$work/key" --public-key-id client-key \
	--redirect-uri http://127.0.0.1:0/callback
visit
end_login
expect_status 0
for time in 1 2; do
	call keyturn refresh signing
	expect_status 0
done
wanted='type the code'
start_login signing_device --client-id signing-client --private-key-file "$work/key" \
	--public-key-id client-key
code=$(sed -n 's/.*type the code \([A-Z0-9-]*\).*/\1/p' "$work/err")
oidc_control /approve "{\"user_code\":\"$code\"}" >"$work/control" || complain 'not approved'
end_login
expect_status 0
call keyturn login signing_app --kind client-credentials --issuer "$OIDC_ISSUER" \
	--ca-file "$OIDC_CA" --client-id signing-client --private-key-file "$work/key" \
	--public-key-id client-key
expect_status 0
call keyturn refresh signing_app
expect_status 0
call keyturn logout signing
expect_status 0
expect_said 'and revoked at the service'

begin 'another key is told as what it is'
call keyturn login signing_app --kind client-credentials --issuer "$OIDC_ISSUER" \
	--ca-file "$OIDC_CA" --client-id signing-client --private-key-file "$work/other" \
	--public-key-id client-key
expect_status 3
expect_said "the client's secret or key"
expect_cause_and_remedy
call keyturn login signing_app --kind client-credentials --issuer "$OIDC_ISSUER" \
	--ca-file "$OIDC_CA" --client-id signing-client --client-auth private-key-jwt
expect_status 2
expect_cause_and_remedy

begin 'a new key of the client takes the place of the old one, and its grant stays'
call keyturn set signing_device --private-key-file "$work/other" --public-key-id client-key
expect_status 0
call keyturn refresh signing_device
expect_status 3
call keyturn set signing_device --private-key-file "$work/key" --public-key-id client-key
expect_status 0
call keyturn refresh signing_device
expect_status 0
call keyturn set public --private-key-file "$work/key" --public-key-id client-key
expect_status 2
expect_said 'is for a client with a key'

begin "git's fill and approve a hundred times: the grant still renews"
for account in public basic; do
	fill_and_approve 100 "$OIDC_ISSUER" "$account"
	call keyturn refresh "$account"
	expect_status 0
done

begin 'without a browser it is a device login'
wanted='type the code'
start_login device --client-id native-client
code=$(sed -n 's/.*type the code \([A-Z0-9-]*\).*/\1/p' "$work/err")
oidc_control /approve "{\"user_code\":\"$code\"}" >"$work/control" || complain 'not approved'
end_login
expect_status 0
call keyturn token device
expect_status 0

begin 'its name alone logs in again'
call keyturn show device --json
expect_json oauth kind
: >"$work/err"
keyturn login device >"$work/out" 2>"$work/err" &
login=$!
login_says 'type the code'
code=$(sed -n 's/.*type the code \([A-Z0-9-]*\).*/\1/p' "$work/err")
oidc_control /approve "{\"user_code\":\"$code\"}" >"$work/control" || complain 'not approved'
end_login
expect_status 0

# audience ACCOUNT: whom its access token is for, as the server sees it.
audience()
{
	curl -s --cacert "$OIDC_CA" -u basic-client:basic-secret-for-tests-0123456789 \
		--data-urlencode "token=$(keyturn token "$1")" "$OIDC_ISSUER/token/introspection" >"$work/seen"
	server_field "$work/seen" aud
}

begin 'a token is for the resource that was named, also when it is renewed'
wanted='response_type='
scope='openid offline_access api:read'
start_login resource --client-id basic-client --client-secret-file "$work/basic" \
	--resource https://api.example/ --redirect-uri http://127.0.0.1:0/callback
visit
end_login
expect_status 0
must [ "$(audience resource)" = https://api.example/ ]
call keyturn refresh resource
expect_status 0
must [ "$(audience resource)" = https://api.example/ ]
must [ "$(audience basic)" != https://api.example/ ]
scope='openid offline_access'

begin 'a grant that is handed over keeps the CA that the login named'
oidc_control /mint '{"client_id":"basic-client"}' >"$work/minted"
input 'url=%s\nusername=basic\nkind=oauth\nclient_id=basic-client\nclient_secret=%s\ntoken_endpoint=%s\noauth_refresh_token=%s\n\n' \
	"$OIDC_ISSUER" basic-secret-for-tests-0123456789 "$OIDC_ISSUER/token" \
	"$(member refresh_token <"$work/minted")"
call keyturn store
expect_status 0
call keyturn refresh basic
expect_status 0
input 'url=%s\nusername=fresh\nkind=oauth\nclient_id=basic-client\nclient_secret=%s\ntoken_endpoint=%s\noauth_refresh_token=x\n\n' \
	"$OIDC_ISSUER" basic-secret-for-tests-0123456789 "$OIDC_ISSUER/token"
call keyturn store
expect_status 0
call keyturn refresh fresh
expect_status 5

begin 'an account of oidc-agent: import tells the command, and that logs in with its settings'
port=$(free_port)
mkdir -p "$HOME/.config/oidc-agent"
eval "$(TMPDIR=$work oidc-agent)" >"$work/agent"
timeout 60 oidc-gen lab --issuer "$OIDC_ISSUER" --cert-path "$OIDC_CA" --flow code --no-url-call --confirm-yes \
	--client-id basic-client --client-secret basic-secret-for-tests-0123456789 --pw-cmd 'echo agentpass' \
	--scope 'openid offline_access' --redirect-uri "http://localhost:$port/callback" \
	>"$work/gen" 2>"$work/err" </dev/null &
gen=$!
wait_beside "$gen" grep -q 'https://.*response_type=' "$work/err"
visit
wait "$gen" || complain 'oidc-gen failed'
kill "$OIDCD_PID"
call keyturn import --dry-run oidc-agent
expect_status 0
expect_line "$HOME/.config/oidc-agent/lab:1: it is sealed with a password of oidc-agent's; to log in with its settings:"
command=$(sed -n 's/^  \(oidc-gen .*\)/\1/p' "$work/out")
must [ "$command" = 'oidc-gen --print lab | keyturn login lab --config -' ]
call keyturn scan
expect_status 0
: >"$work/err"
(
	oidc-gen --pw-cmd 'echo agentpass' --print lab >"$work/lab" &&
	exec keyturn login lab --config - --redirect-uri http://127.0.0.1:0/callback <"$work/lab"
) >"$work/out" 2>"$work/err" &
login=$!
login_says response_type=
visit
end_login
expect_status 0
call keyturn show lab --json
expect_json basic-client client_id
expect_json "$OIDC_ISSUER" issuer
call keyturn refresh lab
expect_status 0

begin 'one that nobody sealed is found, and told how it is logged in with'
mv "$work/lab" "$HOME/.config/oidc-agent/lab.json"
call keyturn scan
expect_status 1
call keyturn import --yes --remove oidc-agent
expect_status 2
expect_said "keyturn login ACCOUNT --config $HOME/.config/oidc-agent/lab.json"
must test -s "$HOME/.config/oidc-agent/lab.json"
rm -r "$HOME/.config/oidc-agent"

begin 'logout revokes where the server offers it'
call keyturn logout public
expect_status 0
expect_said 'and revoked at the service'

begin 'metadata that names another issuer is refused'
call keyturn login wrong --issuer "$OIDC_ISSUER/" --ca-file "$OIDC_CA" --client-id native-client
expect_status 6
expect_said 'names another issuer'
expect_cause_and_remedy
call keyturn login wrong --issuer http://example.com --client-id native-client
expect_status 6

begin 'a server whose certificate is not trusted is refused'
call keyturn login wrong --issuer "$OIDC_ISSUER" --client-id native-client
expect_status 5

begin 'a file without certificates is refused'
printf 'none\n' >"$work/none.pem"
call keyturn login wrong --issuer "$OIDC_ISSUER" --ca-file "$work/none.pem" --client-id native-client
expect_status 2

server_stop
oidc_server_start "$work/posts" --posts-only || exit 1
oidc_control '' '{"consent":"allow"}' >"$work/control"
begin 'where the secret goes into the body alone, it does'
wanted='response_type='
start_login post --client-id post-client --client-secret-file "$work/post" \
	--redirect-uri http://127.0.0.1:0/callback
visit
end_login
expect_status 0
for time in 1 2; do
	call keyturn refresh post
	expect_status 0
done
call keyturn logout post
expect_status 0
expect_said 'and revoked at the service'

finish

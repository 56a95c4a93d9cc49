#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn login --resource: an MCP server of @modelcontextprotocol/sdk names its authorization server,
# oidc-provider, which registers the client; and resources that say less, or something else.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/server.sh"
need curl node openssl
need_module oidc-provider @modelcontextprotocol/sdk
home_start
quirks_server_start "$work/quirks" || exit 1
oidc_server_start "$work/oidc" --registers || exit 1
NODE_EXTRA_CA_CERTS=$OIDC_CA
export NODE_EXTRA_CA_CERTS
mcp_server_start "$work/mcp" || exit 1
base=$QUIRKS_BASE

# start_login WANTED OPTION...: in the background, until stderr has what is wanted.
start_login()
{
	wanted=$1
	shift
	: >"$work/err"
	keyturn login "$@" >"$work/out" 2>"$work/err" &
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
		"$(grep -o 'https*://.*response_type=.*' "$work/err")" || :
}

# log_in OPTION...: in a browser.
log_in()
{
	start_login response_type= "$@" --redirect-uri http://127.0.0.1:0/callback
	visit
	end_login
}

# opens ACCOUNT RESOURCE: its header opens the MCP server, which knows the account's client.
opens()
{
	keyturn header "$1" >"$work/header"
	must node "$srcdir/tests/servers/mcp_client.mjs" "$2" <"$work/header" >"$work/client"
	keyturn show "$1" --json >"$work/shown"
	must [ "$(cat "$work/client")" = "$(server_field "$work/shown" client_id)" ]
}

# asked PATH PATTERN: the last request there has it.
asked()
{
	grep "\"path\":\"$1\"" "$work/quirks/requests.jsonl" | tail -n 1 | grep -q -e "$2"
}

begin 'one command opens a protected MCP server that nobody told of us'
start_login 'type the code' mcp --resource "$MCP_RESOURCE" --ca-file "$OIDC_CA"
code=$(sed -n 's/.*type the code \([A-Z0-9-]*\).*/\1/p' "$work/err")
server_request POST "$OIDC_CONTROL/control/approve" "{\"user_code\":\"$code\"}" >"$work/control" ||
	complain 'not approved'
end_login
expect_status 0
call keyturn show mcp --json
expect_json "${MCP_RESOURCE%/mcp}" service
expect_json "$OIDC_ISSUER" issuer
expect_json "$MCP_RESOURCE" resource
opens mcp "$MCP_RESOURCE"

begin 'and goes on to open it when it was renewed'
cp "$work/header" "$work/before"
call keyturn refresh mcp
expect_status 0
opens mcp "$MCP_RESOURCE"
must_not cmp -s "$work/header" "$work/before"

begin 'a token without the resource does not open it: the server looks at that'
server_request POST "$OIDC_CONTROL/control/mint" '{"client_id":"native-client"}' >"$work/minted"
printf 'Authorization: Bearer %s\n' "$(member access_token <"$work/minted")" >"$work/header"
must_not node "$srcdir/tests/servers/mcp_client.mjs" "$MCP_RESOURCE" <"$work/header" \
	>"$work/client" 2>&1

begin 'in a browser: the client that was registered, its own port, the scope of the resource'
log_in browser --resource "$MCP_RESOURCE" --ca-file "$OIDC_CA"
expect_status 0
must grep -q 'redirect_uri=http%3A%2F%2F127.0.0.1%3A6[1-5][0-9]*%2Fcallback' "$work/err"
must grep -q 'scope=api%3Aread%20offline_access' "$work/err"
must grep -q 'prompt=consent' "$work/err"
must_not grep -q 'register this redirect URI' "$work/err"
opens browser "$MCP_RESOURCE"

begin 'its name alone logs in again, with a client of its own'
keyturn show browser --json >"$work/before"
start_login 'type the code' browser
code=$(sed -n 's/.*type the code \([A-Z0-9-]*\).*/\1/p' "$work/err")
server_request POST "$OIDC_CONTROL/control/approve" "{\"user_code\":\"$code\"}" >"$work/control" ||
	complain 'not approved'
end_login
expect_status 0
opens browser "$MCP_RESOURCE"
must_not [ "$(server_field "$work/before" client_id)" = "$(cat "$work/client")" ]

begin 'an issuer that is named registers as well'
log_in issuer --issuer "$OIDC_ISSUER" --ca-file "$OIDC_CA" --resource "$MCP_RESOURCE" \
	--scope 'api:read' --host localhost
expect_status 0
opens issuer "$MCP_RESOURCE"

kill "$MCP_PID"
wait "$MCP_PID" || :
mcp_server_start "$work/silent" --silent || exit 1
begin 'a resource that does not say where its metadata are has them at the well-known address'
log_in silent --resource "$MCP_RESOURCE" --ca-file "$OIDC_CA"
expect_status 0
opens silent "$MCP_RESOURCE"

begin 'what the resource itself says goes first; a secret that the server gives is kept'
log_in challenged --resource "$base/challenged"
expect_status 0
must grep -q 'scope=one%20two%20offline_access' "$work/err"
must asked /secret/register 'redirect_uris[^]]*http://127.0.0.1:6[1-5][0-9]*/callback'
must asked /secret/register 'application_type[^,]*native'
must asked /secret/token 'resource=http%3A%2F%2F127.0.0.1%3A[0-9]*%2Fchallenged'
call keyturn refresh challenged
expect_status 0
must asked /secret/token 'grant_type=refresh_token.*resource=http'

begin 'a client id that is given is taken, and nobody registers'
log_in plain --resource "$base/plain" --client-id app
expect_status 0
must grep -q 'client_id=app&' "$work/err"
log_in root --resource "$base" --client-id app
expect_status 0
must asked /twice/token 'resource=http%3A%2F%2F127.0.0.1%3A[0-9]*%2F&*'

begin 'a server without a path may be written with its slash'
log_in slash --resource "$base/slash" --client-id app
expect_status 0
call keyturn show slash --json
expect_json "$base" issuer
call keyturn login refused --issuer "$base/" --client-id app
expect_status 6

begin 'of several servers the first is taken and told, or the one that is named'
log_in many --resource "$base/many"
expect_status 0
expect_said 'has several authorization servers'
expect_said "for another one add: --issuer URL --host ${base#http://}"
must grep -q 'scope=read%20write%20offline_access' "$work/err"
log_in named --resource "$base/many" --issuer "$base/twice" --host "${base#http://}" --client-id app
expect_status 0
must asked /twice/token 'resource=http%3A%2F%2F127.0.0.1%3A[0-9]*%2Fmany'

# refused STATUS TEXT RESOURCE [OPTION...]
refused()
{
	wanted_status=$1
	wanted_text=$2
	shift 2
	call keyturn login refused --resource "$@"
	expect_status "$wanted_status"
	expect_said "$wanted_text"
	expect_cause_and_remedy
}

begin 'metadata of another resource are refused, and the one they are of is told'
refused 6 'are of another resource' "$base/other"
expect_said "log in with: --resource $base/another"
refused 6 'are of another resource: https://elsewhere.example/' "$base/foreign"
expect_said 'name its authorization server: --issuer URL'

begin 'a server of another name is refused, and the command that fits is told'
refused 6 'names another issuer' "$base/renamed"
expect_said "add: --issuer $base/real/ --host ${base#http://}"

begin 'a resource that names no server, or none that a token may come from, is refused'
refused 5 'does not say which authorization server' "$base/none"
refused 5 'does not say which authorization server' "$OIDC_ISSUER/nothing" --ca-file "$OIDC_CA"
refused 6 'is at no https address' "$base/remote"
refused 6 'is no https address' http://mcp.example.com/
refused 6 'is no https address' urn:example:mcp
refused 5 'cannot be asked' "http://127.0.0.1:1/mcp"
refused 2 'exclude each other' "$base/plain" --site coze.cn

begin 'a server that registers nobody: the remedy names a client'
refused 3 'registers none that asks for it' "$base/plain"
expect_said 'add: --client-id ID'
refused 3 'does not register this client: invalid_redirect_uri' "$base/closed"
expect_said 'add: --client-id ID'

finish

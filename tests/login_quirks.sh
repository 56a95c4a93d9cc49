#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Logins at authorization servers with the habits of known services: what they publish nowhere is
# said by options, and what they answer beside the standards is understood.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/server.sh"
need curl node python3
alone "$0" "$@"
home_start
quirks_server_start "$work/server" || exit 1
base=$QUIRKS_BASE
printf 'client-secret-of-tests\n' >"$work/secret"

# server_does JSON: what the next answers do.
server_does()
{
	server_request POST "$base/control" "$1" >"$work/control"
}

start_login()
{
	: >"$work/err"
	keyturn login "$@" >"$work/out" 2>"$work/err" &
	login=$!
}

end_login()
{
	status=0
	wait "$login" || status=$?
}

# log_in SERVER OPTION...: in a browser, at endpoints named by hand.
log_in()
{
	server=$1
	shift
	start_login "$server" --authorization-endpoint "$base/$server/authorize" \
		--token-endpoint "$base/$server/token" --client-id app --redirect-uri \
		http://127.0.0.1:0/callback --host "$server.example.com" "$@"
	login_says response_type=
	curl -sL -o "$work/page" "$(grep -o 'http://.*response_type=.*' "$work/err")" || :
	end_login
}

# asked PATH PATTERN: the last request there has it.
asked()
{
	grep "\"path\":\"$1\"" "$work/server/requests.jsonl" | tail -n 1 | grep -q -e "$2"
}

begin 'a server that publishes nothing: its endpoints are options'
log_in github --client-auth post --client-secret-file "$work/secret"
expect_status 0
call keyturn show github --json
expect_json https://github.example.com service
call keyturn refresh github
expect_status 0
call keyturn token github
expect_output access-3

begin 'an error with status 200 is an error, and a dead refresh token is dead'
server_does '{"error":"bad_refresh_token"}'
call keyturn refresh github
expect_status 3
expect_said 'keyturn login'
server_does '{"error":null}'

# requests PATH: how many there were.
requests()
{
	grep -c "\"path\":\"$1\"" "$work/server/requests.jsonl"
}

begin 'a refusal that nobody knows is not asked for at every call'
log_in linear
server_does '{"error":"out_to_lunch"}'
call keyturn reject linear --current
call keyturn token linear
expect_status 3
expect_said out_to_lunch
before=$(requests /linear/token)
call keyturn token linear
expect_status 5
expect_said 'keyturn refresh linear'
must [ "$(requests /linear/token)" -eq "$before" ]
call keyturn refresh linear
expect_status 3
must [ "$(requests /linear/token)" -gt "$before" ]
server_does '{"error":null}'
call keyturn refresh linear
expect_status 0
call keyturn token linear
expect_status 0

begin 'a secret that is wrong is a setting'
printf wrong >"$work/wrong"
log_in github --client-auth post --client-secret-file "$work/wrong"
expect_status 3
expect_said incorrect_client_credentials

begin 'tokens that are nested are found, and the words of ok:false'
log_in slack --client-auth post --client-secret-file "$work/secret" --provider slack \
	--param user_scope=chat:write
expect_status 0
must asked /slack/authorize 'user_scope=chat%3Awrite'
server_does '{"error":"invalid_refresh_token"}'
call keyturn refresh slack
expect_status 3
expect_said 'keyturn login'
server_does '{"error":null}'

begin 'a parameter goes along with each request for tokens'
log_in entra --token-param 'scope=offline_access user.read'
expect_status 0
call keyturn refresh entra
expect_status 0
must asked /entra/token 'scope=offline_access%20user.read'

begin 'a server that wants a person is not a setting'
server_does '{"error":"interaction_required"}'
call keyturn refresh entra
expect_status 3
expect_said 'keyturn login'
server_does '{"error":null}'

begin 'a parameter goes along where the person is asked'
log_in google --param access_type=offline --param prompt=consent
expect_status 0
must asked /google/authorize 'access_type=offline&prompt=consent'
call keyturn refresh google
expect_status 0

begin 'Basic has the client id in the body too'
log_in bitbucket --client-auth basic --client-secret-file "$work/secret" --no-pkce
expect_status 0
must asked /bitbucket/token client_id=app
must_not asked /bitbucket/authorize code_challenge
must_not asked /bitbucket/token code_verifier

begin 'a life that the server does not tell is the one that was said'
log_in endless --lifetime 7200
expect_status 0
call keyturn token endless --min-valid 7000
expect_status 0
must_not grep -q . "$work/err"

begin 'a parameter that the request has of its own, and one without a name'
call keyturn login x --token-endpoint "$base/github/token" --client-id app --param state=x
expect_status 2
expect_said 'cannot set state'
call keyturn login x --token-endpoint "$base/github/token" --client-id app --token-param grant
expect_status 2
expect_said NAME=VALUE

begin 'an endpoint without TLS is refused'
call keyturn login x --token-endpoint http://example.com/token --client-id app
expect_status 6

begin 'what a server repeats of what was sent to it is masked'
log_in echo --client-auth basic --client-secret-file "$work/secret"
expect_status 0
call keyturn refresh echo
expect_status 3
expect_said '(masked)'
must_not grep -qe refresh- -e client-secret -e 'Basic [A-Za-z0-9]' "$work/err"

begin 'a no from the browser: its words, without what stood in the address'
server_does '{"denial":"access_denied"}'
log_in no
expect_status 3
expect_said 'not allowed: access_denied: not for (masked) today'

# paste_back ACCOUNT: the address at which the browser ends is pasted.
paste_back()
{
	rm -f "$work/pasted"
	mkfifo "$work/pasted"
	: >"$work/err"
	keyturn login "$1" --authorization-endpoint "$base/github/authorize" --token-endpoint \
		"$base/github/token" --client-id app --paste <"$work/pasted" >"$work/out" 2>"$work/err" &
	login=$!
	exec 8>"$work/pasted"
	login_says response_type=
	curl -s -o "$work/page" -w '%{redirect_url}\n' \
		"$(grep -o 'http://.*response_type=.*' "$work/err")" >&8
	exec 8>&-
	end_login
}

begin 'so where the address is pasted'
paste_back no
expect_status 3
expect_said 'not allowed: access_denied: not for (masked) today'

begin 'a text that would steer the terminal is left out'
server_does '{"broken":"\u001b[2J"}'
for way in log_in paste_back; do
	"$way" no
	expect_status 3
	expect_said 'not allowed: access_denied'
	expect_unsaid today
done

begin 'an error of the moment is told as one'
server_does '{"denial":"temporarily_unavailable"}'
log_in no
expect_status 5
paste_back no
expect_status 5
expect_said 'temporarily_unavailable'
server_does '{"denial":null}'

begin "metadata of another issuer: what was found is told, and what to type"
call keyturn login x --issuer "$base/moved" --client-id app
expect_status 6
expect_said "$base/real/"
expect_said "issuer $base/real/"

begin 'a foreign document does not end the search'
start_login twice --issuer "$base/twice" --client-id app --redirect-uri http://127.0.0.1:0/callback
login_says response_type=
curl -sL -o "$work/page" "$(grep -o 'http://.*response_type=.*' "$work/err")" || :
end_login
expect_status 0

begin 'an issuer at localhost keeps its name, and its tokens are for 127.0.0.1'
local=http://localhost:${base##*:}
start_login local --issuer "$local/twice" --client-id app --redirect-uri http://127.0.0.1:0/callback
login_says response_type=
must grep -qF "$local/twice/authorize" "$work/err"
curl -sL -o "$work/page" "$(grep -o 'http://.*response_type=.*' "$work/err")" || :
end_login
expect_status 0
call keyturn show local --json
expect_json "$base" service
expect_json "$local/twice" issuer
call keyturn refresh local
expect_status 0

begin 'where nothing listens, the redirect URI has a port all the same'
call keyturn login x --authorization-endpoint "$base/github/authorize" --token-endpoint \
	"$base/github/token" --client-id app --paste </dev/null
must_not grep -q '127.0.0.1:0' "$work/err"

begin 'the secrets of another account go to its service alone'
call keyturn login y --like bitbucket --host elsewhere.example.com
expect_status 6
expect_said 'not sent to elsewhere.example.com'
call keyturn login y --like bitbucket --token-endpoint "$base/github/token"
expect_status 6

begin 'a grant that is handed over brings the same settings'
server_does '{"error":null}'
input 'url=https://handed.example.com\nusername=handed\npassword=x\nkind=oauth\nclient_id=app
client_secret=client-secret-of-tests\noauth_refresh_token=old-refresh
setting[]=token-endpoint=%s\nsetting[]=client-auth=post\nsetting[]=token-param=a=b c\n\n' \
	"$base/github/token"
call keyturn store
expect_status 0
call keyturn refresh handed
expect_status 0
must asked /github/token 'client_secret=client-secret-of-tests'
must asked /github/token 'a=b%20c'
input 'url=https://handed.example.com\nusername=handed\nkind=oauth\nclient_id=app
oauth_refresh_token=x\ntoken_endpoint=%s\nsetting[]=ca-file=/etc/passwd\n\n' "$base/github/token"
call keyturn store
expect_status 2
expect_said 'ca-file is no setting'

# device OPTION...: a device login in the background, until the code is shown.
device()
{
	server_does '{"polls":0,"decision":"pending"}'
	start_login device --token-endpoint "$base/device/token" --device-endpoint \
		"$base/device/device" --client-id app --host device.example.com "$@"
	login_says 'type the code WDJB-MJHT'
}

begin 'a device login: intervals as text, client id beside Basic'
device --client-auth basic --client-secret-file "$work/secret" --param audience=api \
	--token-param tenant=ours
server_does '{"decision":"allow"}'
end_login
expect_status 0
must asked /device/device client_id=app
must asked /device/token client_id=app
must asked /device/device audience=api
must asked /device/token tenant=ours
must_not asked /device/token audience=

begin 'a no of the person is exit 3'
device
server_does '{"decision":"declined"}'
end_login
expect_status 3
expect_said 'refused by the person'

# pause: whole seconds between the last two polls, by the server's clock.
pause()
{
	python3 -c '
import json, sys
polls = [line["time"] for line in map(json.loads, open(sys.argv[1])) if line["path"] == "/device/token"]
print((polls[-1] - polls[-2] + 100) // 1000)
' "$work/server/requests.jsonl"
}

is_pending_again()
{
	server_request POST "$base/control" '{}' | grep -q '"decision":"pending"'
}

# after DECISION INTERVAL: logs in with one such answer on the way, which has that interval.
after()
{
	device
	server_does "{\"decision\":\"$1\",\"interval\":$2}"
	must wait_beside "$login" is_pending_again
	server_does '{"decision":"allow"}'
	end_login
	expect_status 0
}

begin 'slow_down lengthens every later poll by five seconds, more if it says so'
after slow null
must [ "$(pause)" -ge 6 ]
after slow 8
must [ "$(pause)" -ge 8 ]

begin 'a service that is busy is asked again when it says'
after busy 8
must [ "$(pause)" -ge 8 ]
finish

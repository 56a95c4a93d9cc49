#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A service app logs in with its key, and has a token for each session.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/hot.sh"
. "$srcdir/tests/lib/server.sh"
need curl expect git node openssl python3
alone --keyring "$0" "$@"
home_start
coze_server_start "$work/server" || exit 1

app='--kind jwt --client-id 310000000002 --public-key-id kid1'
openssl genrsa -out "$work/key.pem" 2048 2>/dev/null
openssl pkey -in "$work/key.pem" -pubout -out "$work/public.pem"
coze_control "$(python3 -c '
import json, sys
print(json.dumps({"jwt_key": {"kid": "kid1", "public_key": open(sys.argv[1]).read()}}))
' "$work/public.pem")" >"$work/control"

# signed: how many assertions the server was sent.
signed()
{
	coze_state brief | grep -o 'jwt-bearer":[0-9]*' | grep -o '[0-9]*$' || echo 0
}

# expect_signed COUNT: since the last time.
signed_before=0
expect_signed()
{
	signed_now=$(signed)
	[ "$((signed_now - signed_before))" -eq "$1" ] ||
		complain "$((signed_now - signed_before)) assertions were sent, not $1"
	signed_before=$signed_now
}

begin 'a service app logs in, and its token is handed out without another request'
# shellcheck disable=SC2086
call keyturn login app $app --api-base "$COZE_API" --private-key-file "$work/key.pem" --check
expect_status 0
expect_said "app@${COZE_API#http://} is stored (jwt, vault)"
expect_said 'the token works, as user "tester"'
call keyturn token app
expect_status 0
must grep -q '^czs_' "$work/out"
expect_signed 1

begin 'each combination of session, duration and scope has its own token'
printf '{"account_permission":{"permission_list":["Connector.botChat"]}}' >"$work/scope"
for options in '' '--session-name alice' '--session-name bob' '--duration 3600' \
	"--scope-file $work/scope"; do
	# shellcheck disable=SC2086
	keyturn token app $options >>"$work/first"
	# shellcheck disable=SC2086
	keyturn token app $options >>"$work/second"
done
must cmp "$work/first" "$work/second"
must [ "$(sort -u "$work/first" | wc -l)" -eq 5 ]
expect_signed 4
call keyturn token app --duration 3600 --json
must [ "$(json expires_at)" -gt "$(($(date +%s) + 3500))" ]

begin "git's session_name= names a session"
input 'url=%s\nusername=app\nsession_name=alice\n\n' "$COZE_API"
call keyturn get
expect_line "password=$(sed -n 2p "$work/first")"
expect_signed 0

begin 'twelve callers of a new session are one request'
for caller in 1 2 3 4 5 6 7 8 9 10 11 12; do
	keyturn token app --session-name crowd >"$work/crowd.$caller" &
	callers="${callers:-} $!"
done
# shellcheck disable=SC2086
wait $callers
must [ "$(cat "$work"/crowd.* | sort -u | wc -l)" -eq 1 ]
expect_signed 1

begin 'refresh signs a new one'
call keyturn refresh app
expect_status 0
expect_signed 1
call keyturn token app
must_not grep -qxF "$(head -n 1 "$work/first")" "$work/out"
expect_signed 0

begin "git's fill and approve a hundred times: it still signs a new one"
fill_and_approve 100 "$COZE_API" app
expect_signed 0
call keyturn refresh app
expect_status 0
expect_signed 1

begin 'two hours of clock difference: signed once more with the time of the service'
for skew in 7200 -7200; do
	coze_control "{\"clock_skew\":$skew}" >"$work/control"
	call keyturn token app --session-name "skew$skew" --json
	expect_status 0
	# A second may pass between the two looks at the clock.
	must grep -Eq "(7199|720[0-9]) s" "$work/err"
	must [ "$(json expires_at)" -gt "$(($(date +%s) + 800))" ]
	must [ "$(json expires_at)" -le "$(($(date +%s) + 900))" ]
	expect_signed 2
done
coze_control '{"clock_skew":0}' >"$work/control"

begin 'a second of difference is enough for a service that checks to the second'
# Its clock stands: one that goes may come to the next second while the assertion is under way.
for skew in -1 -5 -29; do
	coze_control "{\"clock_stands\":$(($(date +%s) + skew)),\"jwt_tolerance\":0}" >"$work/control"
	call keyturn token app --session-name "second$skew"
	expect_status 0
	expect_said ''
	expect_signed 2
done

begin 'where no difference shows, the next assertion is half a minute older'
coze_control '{"clock_stands":0,"jwt_tolerance":-20}' >"$work/control"
call keyturn token app --session-name older
expect_status 0
expect_signed 2
coze_control '{"jwt_tolerance":60}' >"$work/control"

begin 'where the cache is off the token stands in the item'
call env KEYTURN_CACHE=off keyturn token app
cp "$work/out" "$work/own"
call env KEYTURN_CACHE=off keyturn token app
must cmp "$work/own" "$work/out"
expect_signed 1

begin 'what the app may not do is refused with the reason'
call keyturn token app --duration 86400
expect_status 2
openssl genrsa -out "$work/small.pem" 1024 2>/dev/null
for file in public small; do
	# shellcheck disable=SC2086
	call keyturn login bad $app --api-base "$COZE_API" --private-key-file "$work/$file.pem"
	expect_status 3
	expect_cause_and_remedy
done
call keyturn login bad --kind jwt --client-id 310000000002 --public-key-id kid2 \
	--api-base "$COZE_API" --private-key-file "$work/key.pem"
expect_status 3
expect_said 'has no key with the fingerprint kid2'
expect_said 'takes some seconds to work'
call keyturn token bad
expect_status 1

begin 'a key that others can read is taken with advice'
cp "$work/key.pem" "$work/open.pem"
chmod 644 "$work/open.pem"
# shellcheck disable=SC2086
call keyturn login open $app --api-base "$COZE_API" --private-key-file "$work/open.pem"
expect_status 0
expect_said 'consider the key exposed'

begin 'an encrypted key is asked for its passphrase, once and at the terminal alone'
openssl pkcs8 -topk8 -in "$work/key.pem" -out "$work/locked.pem" -passout 'pass:open sesame'
# shellcheck disable=SC2086
call setsid keyturn login locked $app --api-base "$COZE_API" --private-key-file "$work/locked.pem"
expect_status 3
expect_said 'no terminal to ask'
expect_cause_and_remedy
login="keyturn login locked $app --api-base $COZE_API --private-key-file $work/locked.pem"
at_terminal "spawn $login
	expect \"Passphrase of the private key\"
	send \"close sesame\\r\""
expect_status 3
expect_unsaid 'close sesame'
at_terminal "spawn $login
	expect \"Passphrase of the private key\"
	send \"open sesame\\r\"
	expect \"Remove that file\"
	send \"y\\r\""
expect_status 0
must [ ! -e "$work/locked.pem" ]
expect_unsaid 'open sesame'
call setsid keyturn token locked --session-name other
expect_status 0
must grep -q '^czs_' "$work/out"

begin 'its name alone logs in again, also by NAME@HOST'
call keyturn login "app@${COZE_API#http://}"
expect_status 0
call keyturn login app
expect_status 0
call keyturn list
must [ "$(grep -c ' app ' "$work/out")" -eq 1 ]

begin 'a new key replaces the old one, with its fingerprint'
call keyturn set app --private-key-file "$work/key.pem"
expect_status 2
call keyturn set app --private-key-file "$work/public.pem" --public-key-id kid1
expect_status 3
call keyturn set app --private-key-file "$work/key.pem" --public-key-id kid1
expect_status 0
call keyturn token app
expect_status 0

begin 'coze_oauth_config.json as the console writes it, and with its quirks'
for quirk in '{"client_type":"jwt"' '{"client_type":"server","app_id":"1"' '{"redirect_uris":[]'; do
	python3 -c '
import json, sys
config = json.loads(sys.argv[1] + "}")
config.update(client_id="310000000002", public_key_id="kid1",
    private_key=open(sys.argv[2]).read(), coze_api_base=sys.argv[3] + "/",
    coze_www_base=sys.argv[3])
print(json.dumps(config))' "$quirk" "$work/key.pem" "$COZE_API" >"$work/config.json"
	call keyturn login config --config "$work/config.json"
	expect_status 0
	call keyturn token --config "$work/config.json"
	must grep -q '^czs_' "$work/out"
done
printf '{"client_type":"robot","client_id":"1"}' >"$work/config.json"
call keyturn login config --config "$work/config.json"
expect_status 2
expect_said 'client_type is unknown'

begin 'without a keyring, from the environment alone'
COZE_JWT_OAUTH_PRIVATE_KEY=$(sed ':a;N;$!ba;s/\n/\\n/g' "$work/key.pem")
call env KEYTURN_VAULT=/nonexistent COZE_API_BASE="$COZE_API" COZE_JWT_OAUTH_CLIENT_ID=310000000002 \
	COZE_JWT_OAUTH_PUBLIC_KEY_ID=kid1 COZE_JWT_OAUTH_PRIVATE_KEY="$COZE_JWT_OAUTH_PRIVATE_KEY" \
	keyturn token --from-env
expect_status 0
must grep -q '^czs_' "$work/out"
call env COZE_DEVICE_OAUTH_CLIENT_ID=1 keyturn token --from-env
expect_status 2
expect_said 'needs a login'
call env COZE_DEVICE_OAUTH_CLIENT_ID=1 COZE_PKCE_OAUTH_CLIENT_ID=2 keyturn token --from-env
expect_status 2
expect_said 'pkce device'

begin 'run --app gives the app itself, which works without a keyring'
call keyturn run app --app -- keyturn token --from-env
expect_status 0
must grep -q '^czs_' "$work/out"

begin 'reject drops the token of one session, if it is still the current one'
alice=$(keyturn token app --session-name alice)
bob=$(keyturn token app --session-name bob)
printf '%s\n' czs_another | keyturn reject app --session-name alice
must [ "$(keyturn token app --session-name alice)" = "$alice" ]
printf '%s\n' "$alice" | keyturn reject app --session-name alice
must [ "$(keyturn token app --session-name alice)" != "$alice" ]
must [ "$(keyturn token app --session-name bob)" = "$bob" ]
own=$(keyturn token app)
keyturn reject app --current
must [ "$(keyturn token app)" != "$own" ]
must [ "$(keyturn token app --session-name bob)" = "$bob" ]

begin 'so does an erase of git, of the app'\''s own'
service=$(keyturn show app --json | sed -n 's/.*"service":"\([^"]*\)".*/\1/p')
own=$(keyturn token app)
printf 'url=%s\nusername=app\npassword=czs_former\n\n' "$service" | keyturn erase
must [ "$(keyturn token app)" = "$own" ]
printf 'url=%s\nusername=app\npassword=%s\n\n' "$service" "$own" | keyturn erase
must [ "$(keyturn token app)" != "$own" ]
must [ "$(keyturn token app --session-name bob)" = "$bob" ]

begin "the official client takes the token, from keyturn token and through keyturn run"
if has_module @coze/api; then
	cat >"$work/me.mjs" <<-END
	import { pathToFileURL } from 'node:url';
	const { CozeAPI } = await import(pathToFileURL(
		'$KEYTURN_NODE_MODULES/@coze/api/dist/esm/index.mjs').href);
	const client = new CozeAPI({ token: process.env.COZE_API_TOKEN, baseURL: process.env.COZE_API_BASE });
	console.log((await client.users.me()).user_name);
	END
	call env COZE_API_TOKEN="$(keyturn token app)" COZE_API_BASE="$COZE_API" node "$work/me.mjs"
	expect_output tester
	call keyturn run app -- node "$work/me.mjs"
	expect_output tester
fi

begin 'no secret lies in the clear'
must_not grep -rlaE 'BEGIN PRIVATE|czs_' "$HOME"

finish

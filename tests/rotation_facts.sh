#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Services with habits of their own, as their documents tell them (tests/servers/oauth_server.mjs):
# what a renewal does to the token of before, whether there is a refresh token, when a token ends.
# Nothing is assumed, and what is learned is kept (docs/safety.md, 2.5). KEYTURN_RUNS: of a lost
# answer; KEYTURN_SECONDS: of calls at random; with sanitizers fewer, for what differs is timed without.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
alone "$0" "$@"
need node python3 curl
home_start
oauth_server_start "$work/oauth" || exit 1
runs=${KEYTURN_RUNS:-$(amount 40 10)}
seconds=${KEYTURN_SECONDS:-$(amount 30 12)}

# habits JSON: from here on the server is so, and else as it was before.
habits()
{
	server_request POST "$OAUTH_CONTROL/control" "$1" >"$work/control" ||
		complain "control refused $1"
}

# be NAME [JSON]: a documented service, to a client without a secret.
be()
{
	habits "{\"like\":\"$1\",\"client_auth\":\"\",\"offline\":\"\"}"
	[ -z "${2:-}" ] || habits "$2"
}

# saw NAME: what the server counted.
saw()
{
	server_request GET "$OAUTH_CONTROL/control" | member "$1"
}

# log_in NAME CLIENT [OPTION...]: with the browser's part played by curl.
log_in()
{
	: >"$work/err"
	login_name=$1
	login_client=$2
	shift 2
	keyturn login "$login_name" --issuer "$OAUTH_ISSUER" --client-id "$login_client" \
		--redirect-uri http://127.0.0.1:0/callback "$@" >"$work/out" 2>"$work/err" &
	login=$!
	login_says response_type=
	curl -sL --noproxy '*' -o "$work/page" "$(grep -o 'http://.*response_type=.*' "$work/err")" ||
		:
	status=0
	wait "$login" || status=$?
}

# token NAME: prints an access token.
token()
{
	call keyturn token "$1"
	expect_status 0
	grep -qx 'at_[A-Za-z0-9_-]*' "$work/out" && return
	complain 'no access token was printed'
	show_call
}

# works: the resource takes the token that was printed.
works()
{
	must curl -s --fail --noproxy '*' -o "$work/me" -H "Authorization: Bearer $(cat "$work/out")" \
		"$OAUTH_ISSUER/userinfo"
}

# forget_all: no account is left that refresh --due could renew.
forget_all()
{
	keyturn list --json >"$work/list"
	for account in $(python3 -c 'import json, sys
for account in json.load(open(sys.argv[1]))["accounts"]: print(account["account"])' "$work/list"); do
		keyturn logout "$account" 2>"$work/logout" || complain "$account stays"
	done
}

fact()
{
	call keyturn show "$1" --json
	expect_json "$3" "$2"
}

for service in gitlab:dies google:lives; do
	begin "a service that is like ${service%:*}: one renewal shows that the old token ${service#*:}"
	be "${service%:*}"
	name=${service%:*}
	log_in "$name" "$name"
	expect_status 0
	fact "$name" old_token unknown
	before=$(saw userinfo)
	call keyturn refresh "$name"
	expect_status 0
	fact "$name" old_token "${service#*:}"
	must [ "$(saw userinfo)" -eq $((before + 1)) ]
	for round in 1 2 3; do
		call keyturn refresh "$name"
		expect_status 0
	done
	must [ "$(saw userinfo)" -eq $((before + 1)) ]
	token "$name"
	works
done
fact gitlab refresh_token rotates
fact google refresh_token stays
call keyturn doctor
must grep -q 'google@.* ahead of time' "$work/out"
must grep -q 'gitlab@.* a renewal ends the token of before' "$work/out"

begin 'a new login of the same client knows it at once'
be gitlab
log_in gitlab gitlab
expect_status 0
fact gitlab old_token dies

begin 'where nobody can be asked it stays unknown, and counts as the worse'
be gitlab '{"userinfo":"absent"}'
log_in unasked unasked
call keyturn refresh unasked
expect_status 0
fact unasked old_token unknown

begin 'a userinfo that OpenID alone names is found, where openid is asked for'
be gitlab '{"userinfo":"openid"}'
log_in openid openid --scope 'openid read'
call keyturn refresh openid
expect_status 0
fact openid old_token dies
log_in plain plain --scope read
call keyturn refresh plain
expect_status 0
fact plain old_token unknown

# left NAME: seconds of its token's life, by this machine's clock.
left()
{
	call keyturn show "$1" --json
	echo $(($(json expires_at) - $(date +%s)))
}

# live SECONDS: what a token is to live for its parts to be met, in $life: so long, and as much longer as
# forty calls take here.
live()
{
	live_began=$(now)
	call keyturn list
	life=$(($1 + ($(now) - live_began) * 40 / 1000))
}

begin 'a renewal comes ahead, and below nine tenths for run, only where the old token lives'
forget_all
live 24
for name in gitlab google; do
	be "$name" "{\"life\":$life}"
	log_in "$name" "$name-ahead"
	expect_status 0
	call keyturn refresh "$name"
	expect_status 0
done
until [ "$(left gitlab)" -le $((life * 3 / 4)) ]; do
	sleep 0.2
done
for name in gitlab:0 google:1; do
	be "${name%:*}" "{\"life\":$life}"
	asked=$(saw refresh)
	call keyturn run "${name%:*}" -- true
	expect_status 0
	must [ "$(saw refresh)" -eq $((asked + ${name#*:})) ]
done
# gitlab_milliseconds: what its token has left, at least: the end is told without its fraction.
gitlab_milliseconds()
{
	call keyturn show gitlab --json
	echo $(($(json expires_at) * 1000 - $(now)))
}

# The last fifth of a life has begun, and the last tenth has not. A machine that stood still until that
# had has shown nothing, and a longer life is tried.
google_life=$life
for try in 1 2 3; do
	until [ "$(gitlab_milliseconds)" -le $((life * 200 - 1000)) ]; do
		sleep 0.1
	done
	gitlab_end=$(json expires_at)
	asked=$(saw refresh)
	call keyturn refresh --due
	expect_status 0
	[ $((gitlab_end * 1000 - $(now))) -le $((life * 100)) ] || break
	life=$((life * 2))
	google_life=$((life * 2))
	be gitlab "{\"life\":$life}"
	call keyturn refresh gitlab
	be google "{\"life\":$google_life}"
	call keyturn refresh google
done
must [ "$(saw refresh)" -eq "$asked" ]
until [ "$(left google)" -le $((google_life / 6)) ]; do
	sleep 0.1
done
be google "{\"life\":$google_life}"
call keyturn logout gitlab
call keyturn refresh --due
expect_status 0
must [ "$(saw refresh)" -eq $((asked + 1)) ]

begin 'no refresh token: no request for one, the token to its end, then log in again'
forget_all
live 4
be linear "{\"life\":$life}"
log_in linear linear
expect_status 0
fact linear refresh_token none
asked=$(saw refresh)
token linear
works
call keyturn refresh linear
expect_status 3
expect_cause_and_remedy
expect_said 'gave no refresh token'
call keyturn refresh --due
expect_status 0
until ! keyturn token linear >"$work/out" 2>"$work/err"; do
	works
	sleep 0.2
done
call keyturn token linear
expect_status 3
expect_output ''
expect_cause_and_remedy
expect_said 'keyturn login linear'
expect_state linear ended
must [ "$(saw refresh)" -eq "$asked" ]

begin 'ten years are kept; a life of 0 has no known end'
be linear
log_in linear linear
call keyturn token linear --json
must [ $(($(json expires_at) - $(date +%s))) -gt 315705000 ]
be mailchimp
log_in mailchimp mailchimp
call keyturn token mailchimp --json
expect_json null expires_at
fact mailchimp end_known false
call keyturn list
must grep -q 'mailchimp .* ok ' "$work/out"

begin 'a refresh token that comes once is kept at the next login of the same person'
be google
log_in twice google-twice
expect_status 0
log_in twice google-twice
expect_status 0
expect_said 'keeps the refresh token'
call keyturn refresh twice
expect_status 0
be google '{"subject":"somebody else"}'
log_in twice google-twice --replace
expect_status 0
call keyturn refresh twice
expect_status 3
expect_said 'gave no refresh token'

begin 'JSON that is called text, and a form, are answers'
for form in text always; do
	be gitlab "{\"form\":\"$form\"}"
	log_in "$form" "$form"
	expect_status 0
	call keyturn refresh "$form"
	expect_status 0
	call keyturn refresh "$form"
	expect_status 0
	token "$form"
	works
done

begin 'a death told in Latin-1 is one; the token is good to its end all the same'
be google '{"refresh":"rotates","dead_text":"jeton expir\u00e9"}'
log_in latin latin
token latin
cp "$work/out" "$work/first"
habits '{"fail":0,"dead_error":"invalid_grant"}'
kept=$(saw refresh)
server_request POST "$OAUTH_CONTROL/control/revoke" '{}' >"$work/control"
call keyturn refresh latin
expect_status 3
expect_cause_and_remedy
expect_state latin dead
token latin
must cmp -s "$work/out" "$work/first"
token latin
must [ "$(saw refresh)" -eq $((kept + 1)) ]

begin 'a token that is bound to a key is refused at login'
be google '{"token_type":"DPoP"}'
log_in bound bound
expect_status 3
expect_said 'token_type DPoP'
call keyturn token bound
expect_status 1

begin 'a narrower scope is told once, and kept'
be google '{"scope":"read"}'
log_in narrow narrow --scope 'read write'
expect_status 0
expect_said 'write'
fact narrow scope read
call keyturn refresh narrow
expect_said ''

begin 'a life is counted from before the request was sent'
be google '{"life":60,"delay_ms":3000}'
log_in slow slow
call keyturn refresh slow
call keyturn token slow --json
must [ $(($(json expires_at) - $(date +%s))) -le 57 ]

begin "a lost answer while the token lives, $runs times: no second presentation"
# Else refresh --due presents what this server took for good at a login of before.
forget_all
be google '{"refresh":"rotates","reuse":"revoke"}'
second=$(saw second)
revoked=$(saw revoked)
for run in $(seq "$runs"); do
	log_in lost lost
	habits '{"lose":1}'
	token lost
	cp "$work/out" "$work/first"
	call keyturn refresh lost
	expect_status 5
	expect_cause_and_remedy
	call keyturn refresh lost
	expect_status 5
	expect_said 'while the token it has is good'
	call keyturn refresh --due
	call keyturn run lost -- true
	expect_status 0
	token lost
	must cmp -s "$work/out" "$work/first"
	"$test_is_ok" || break
done
must [ "$(saw second)" -eq "$second" ]
must [ "$(saw revoked)" -eq "$revoked" ]

begin 'another name for the account takes along that an answer was lost'
be google '{"refresh":"rotates","reuse":"revoke"}'
log_in before renamed
habits '{"lose":1}'
call keyturn refresh before
expect_status 5
expect_state before unsure
call keyturn set before --name after
expect_status 0
expect_state after unsure
second=$(saw second)
call keyturn refresh after
expect_status 5
must [ "$(saw second)" -eq "$second" ]

begin 'a lost answer when no token is left: once more, after two seconds'
be gitlab '{"reuse":"repeat"}'
log_in again again
call keyturn token again
keyturn reject again <"$work/out"
habits '{"lose":1}'
began=$(now)
token again
works
must [ $(($(now) - began)) -ge 1900 ]

begin 'a service that ends a grant for a second presentation is known then, and it is not repeated'
be gitlab '{"reuse":"revoke"}'
log_in strict strict
for round in 1 2; do
	call keyturn token strict
	keyturn reject strict <"$work/out"
	habits '{"lose":1}'
	second=$(saw second)
	call keyturn token strict
	must [ "$status" -ne 0 ]
	expect_cause_and_remedy
	must [ $(($(saw second) - second)) -eq $((2 - round)) ]
	log_in strict strict
done

begin 'calls at random where a renewal kills the old token: each works as long as was promised'
forget_all
be gitlab '{"life":10}'
log_in random random
call keyturn refresh random
must python3 "$srcdir/tests/programs/random_calls.py" "$OAUTH_ISSUER/userinfo" random "$seconds"

# hand_over NAME LINE...: of a grant that the server minted; $access is its access token.
hand_over()
{
	server_request POST "$OAUTH_CONTROL/control/mint" '{"client_id":"handed"}' >"$work/minted"
	access=$(member access_token <"$work/minted")
	{
		printf 'url=%s\nusername=%s\nkind=oauth\nclient_id=handed\ntoken_endpoint=%s\n' \
			"$OAUTH_ISSUER" "$1" "$OAUTH_ISSUER/token"
		printf 'oauth_refresh_token=%s\n' "$(member refresh_token <"$work/minted")"
		shift
		for line in "$@"; do
			printf '%s\n' "$line"
		done
		echo
	} >"$work/in"
	call keyturn store
	expect_status 0
}

begin 'a hand-over is as a login: its token is good to its end, near, far or untold'
be gitlab
asked=$(saw refresh)
for end in 900 8640000 untold; do
	hand_over handed
	if [ "$end" = untold ]; then
		hand_over handed "password=$access"
	else
		hand_over handed "password=$access" \
			"password_expiry_utc=$(($(date +%s) + end))"
	fi
	# The token of the mint before: the server took back none, and none is asked for.
	call keyturn token handed --json
	expect_status 0
	case $end in
	untold) expect_json null expires_at ;;
	*) must [ $(($(json expires_at) - $(date +%s))) -gt $((end - 60)) ] ;;
	esac
done
must [ "$(saw refresh)" -eq "$asked" ]

begin 'what a hand-over may say of its service'
hand_over said client_secret=secret setting[]=client-auth=post setting[]=scope=read \
	"setting[]=userinfo-endpoint=$OAUTH_ISSUER/userinfo"
for round in 1 2; do
	call keyturn refresh said
	expect_status 0
done
must [ "$(saw authorization)" = post ]
fact said old_token dies
hand_over told setting[]=old-token=lives
fact told old_token lives
for line in setting[]=client-auth=none-such setting[]=old-token=maybe "ca_file=$work/none"; do
	server_request POST "$OAUTH_CONTROL/control/mint" '{}' >"$work/minted"
	input 'url=%s\nusername=bad\nkind=oauth\nclient_id=c\ntoken_endpoint=%s/token\noauth_refresh_token=r\n%s\n\n' \
		"$OAUTH_ISSUER" "$OAUTH_ISSUER" "$line"
	call keyturn store
	expect_status 2
	expect_cause_and_remedy
done

begin 'a second hand-over keeps how the account is shown to git'
log_in shown shown --authtype bearer --git-username oauth2
hand_over shown
input 'url=%s\ncapability[]=authtype\nusername=shown\n\n' "$OAUTH_ISSUER"
call keyturn get
expect_line authtype=Bearer
input 'url=%s\nusername=shown\n\n' "$OAUTH_ISSUER"
call keyturn get
expect_line username=oauth2

begin 'a dead grant that was handed over: the remedy is one that works'
hand_over over
server_request POST "$OAUTH_CONTROL/control/revoke" '{}' >"$work/control"
call keyturn token over
expect_status 3
expect_cause_and_remedy
expect_said 'the program that handed the grant over'

begin 'where nothing can be parked a living token is not renewed, and else it is said first'
be gitlab '{"life":30}'
log_in roomless roomless
asked=$(saw refresh)
forbid="$builddir/tests/programs/forbid EPERM"
# The last tenth has begun, and two seconds of it are left for a slow machine.
until [ "$(left roomless)" -le 2 ]; do
	sleep 0.1
done
call $forbid keyturn token roomless
expect_status 0
must [ "$(saw refresh)" -eq "$asked" ]
until [ "$(left roomless)" -lt 0 ]; do
	sleep 0.1
done
call $forbid keyturn token roomless
expect_status 0
expect_said 'should the keyring not take'
works
must [ "$(saw refresh)" -eq $((asked + 1)) ]

begin 'no empty refresh token was ever sent'
must [ "$(saw empty)" -eq 0 ]

finish

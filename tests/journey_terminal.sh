#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A person at a terminal, from nothing to a first call: with a token, on another device, with a
# service app's file; after a slip at every question; at a terminal that can do nothing.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$(dirname "$0")/lib/server.sh"
. "$(dirname "$0")/lib/journey.sh"
alone "$0" "$@"
need expect python3 openssl
need node
home_start
coze_server_start "$work/coze" || exit 1
host=${COZE_API#http://}

# minted KIND: a token that the server takes.
minted()
{
	coze_mint '' "$1" | sed 's/.*"access_token":"\([^"]*\)".*/\1/'
}

device_answers()
{
	coze_control "{\"device_interval\":1,\"enforce_interval\":false,\"device_script\":$1}" \
		>"$work/control"
}

journey 'a token that was made in the console'
first=$(minted pat)
dialogue "keyturn login --api-base $COZE_API --with-token" \
	"expect {Token (not shown while you type): }
	paste {\"$first\"}
	expect {the quotes around it are taken off}
	expect {When does it end}
	answer 30d
	expect {main@$host is stored}
	expect {the token works, as user}"
expect_status 0
expect_unsaid "$first"
types keyturn status
expect_status 0
arrives

begin 'a token that the service refuses does not take the place of the one that works'
at_terminal "spawn keyturn login --api-base $COZE_API --with-token
	expect \"main@$host is here already: pat\"
	expect \"A name for this login (main: replace main@$host): \"
	send \"main\\r\"
	expect \"Token\"
	send \"pat_revoked\\r\""
expect_status 3
call keyturn token
expect_output "$first"

begin 'nor without a terminal, if it is to be checked'
input 'pat_revoked\n'
call keyturn login main --api-base "$COZE_API" --with-token --check
expect_status 3
expect_cause_and_remedy
call keyturn token
expect_output "$first"

begin 'a service that does not answer keeps no token from being stored'
at_terminal 'spawn keyturn login nobody --api-base http://127.0.0.1:9 --with-token
	expect "Token"
	send "pat_unasked\r"
	expect "it is not known yet whether it works"
	expect "When does it end"
	send "\r"
	expect "is stored"'
expect_status 0
call keyturn token nobody
expect_output pat_unasked

begin 'on another device: the code, the picture, and what is awaited'
device_answers '["pending","approve"]'
at_terminal "spawn keyturn login dev --api-base $COZE_API
	expect \"Token\"
	send \"\\004\""
expect_status 2
at_terminal "spawn keyturn login empty --kind device --api-base $COZE_API
	expect \"client id: \"
	send \"\\r\"
	expect \"cannot be empty\"
	expect \"client id: \"
	send \"\\004\""
expect_status 2
journey 'an app, allowed on another device'
device_answers '["pending","approve"]'
dialogue "keyturn login dev --kind device --api-base $COZE_API" 'expect {client id: }
	paste device-client.app.coze
	expect {as "dev" with the app device-client.app.coze}
	expect {waiting for you to allow it}
	expect -re {[0-9]:[0-9][0-9]}
	expect {the token works}'
expect_status 0
types keyturn status dev
expect_status 0
arrives

begin 'Ctrl-C in the wait ends it, and stores nothing'
device_answers '["pending","pending","pending","pending","pending","pending"]'
at_terminal "spawn sh -c {keyturn login waiting --kind device --client-id device-client.app.coze --api-base $COZE_API; echo status \$?}
	expect \"waiting for you\"
	exec pkill -INT -s [exp_pid] keyturn-keeper
	expect \"status 130\""
expect_status 0
call keyturn token waiting
expect_status 1

begin 'at a dumb terminal there is no picture, no colour, and no line that is drawn again'
device_answers '["pending","pending","approve"]'
at_terminal "spawn env TERM=dumb keyturn login dumb --kind device --client-id device-client.app.coze --api-base $COZE_API
	expect \"the token works\""
expect_status 0
must_not grep -q "$(printf '\033')" "$work/out"
must_not grep -qaP '\r[^\r\n]' "$work/out"
must [ "$(grep -c 'waiting for you' "$work/out")" -le 1 ]

journey "a service app, by the console's file"
openssl genrsa -out "$work/key.pem" 2048 2>"$work/stage.log"
openssl pkey -in "$work/key.pem" -pubout -out "$work/public.pem"
coze_control "$(python3 -c '
import json, sys
print(json.dumps({"jwt_key": {"kid": "kid1", "public_key": open(sys.argv[1]).read()}}))
' "$work/public.pem")" >"$work/control"
python3 -c '
import json, sys
json.dump({"client_type": "jwt", "client_id": "310000000002", "coze_www_base": sys.argv[2],
	"coze_api_base": sys.argv[2], "private_key": open(sys.argv[1]).read(),
	"public_key_id": "kid1"}, open(sys.argv[3], "w"))
' "$work/key.pem" "$COZE_API" "$work/coze_oauth_config.json"
dialogue "keyturn login app --config $work/coze_oauth_config.json" 'expect {is stored (jwt}
	expect {still holds the secret in plain text}'
expect_status 0
types keyturn status app
expect_status 0
arrives
must test -e "$work/coze_oauth_config.json"

begin 'a secret that is asked of stdin is typed at a terminal, unseen'
at_terminal "spawn keyturn login web --kind web --client-id web-client.app.coze \\
	--client-secret-file - --api-base $COZE_API --paste
	expect \"Client secret (not shown while you type): \"
	send \"hidden-secret\r\"
	expect \"register this redirect URI\"
	expect \"Paste that whole address here\"
	send \"http://127.0.0.1:8080/callback\r\"
	expect \"it must contain code=; try again (2 left)\"
	expect \"Paste that whole address here\"
	send \"\004\""
expect_status 2
expect_unsaid hidden-secret

# interrupted SIGNAL QUESTION ANSWERS COMMAND: the signal comes at the question, behind the answers to
# those before it; the terminal is then as it was.
interrupted()
{
	at_terminal "spawn sh -c {stty -g; $4; echo \"status \$?\"; stty -g}
		$3
		expect {
			timeout { exit 99 }
			-ex {$2} {}
		}
		exec pkill -$1 -s [exp_pid] keyturn
		expect -re {status 1[0-9][0-9]}"
	expect_status 0
	tr -d '\r' <"$work/out" | grep -E '^[0-9a-f]+(:[0-9a-f]+)+$' >"$work/modes"
	must [ "$(wc -l <"$work/modes")" -eq 2 ]
	must [ "$(sort -u "$work/modes" | wc -l)" -eq 1 ]
}

begin 'a signal at each question and wait: the terminal is as it was, nothing is stored'
call keyturn list --json
cp "$work/out" "$work/before.json"
snapshot >"$work/before"
app='keyturn login x --client-id device-client.app.coze'
for signal in INT TERM HUP; do
	interrupted $signal 'Number or word' '' 'keyturn login --site cn'
	interrupted $signal 'Site: ' '' 'keyturn login x --with-token'
	interrupted $signal 'A name for this login' '' "keyturn login --api-base $COZE_API --with-token"
	interrupted $signal 'Token (not shown' '' 'keyturn login x --site cn --with-token'
	interrupted $signal 'Store it all the same' \
		'expect "Token"; send "hunter2\r"' 'keyturn login x --site cn --with-token'
	interrupted $signal 'When does it end' "expect \"Token\"; send \"$first\r\"" \
		"keyturn login x --api-base $COZE_API --with-token"
	interrupted $signal 'client id: ' '' 'keyturn login x --site cn --kind device'
	interrupted $signal 'Client secret' '' 'keyturn login x --site cn --kind web --client-id 1'
	interrupted $signal 'Replace main' '' "keyturn login main --kind device --client-id 1 --api-base $COZE_API"
	interrupted $signal 'Paste that whole' '' "$app --kind pkce --paste --api-base $COZE_API"
	interrupted $signal 'waiting for the browser' '' "$app --kind pkce --no-browser \
		--redirect-uri http://127.0.0.1:0/callback --api-base $COZE_API"
	interrupted $signal 'The refused token' '' 'keyturn reject main'
	interrupted $signal 'New passphrase' '' "KEYTURN_VAULT=$HOME/new keyturn vault create"
done
call keyturn list --json
must cmp "$work/before.json" "$work/out"
expect_unchanged

begin 'who is waited for is told after a second, also where nothing can be drawn'
coze_control '{"delay_ms":1600}' >"$work/control"
for term in xterm dumb; do
	at_terminal "spawn env TERM=$term keyturn status main
		expect {waiting for $host ...}
		expect {the token works}"
	expect_status 0
done
must_not grep -q "$(printf '\033')" "$work/out"
coze_control '{"delay_ms":0}' >"$work/control"
at_terminal "spawn keyturn status main"
expect_unsaid 'waiting for'

begin 'no row of the list is wider than 80 columns'
call keyturn list
must python3 -c '
import sys
for line in open(sys.argv[1]): assert len(line.rstrip("\n")) <= 80, line
' "$work/out"

finish

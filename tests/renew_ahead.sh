#!/bin/sh
# SPDX-License-Identifier: MIT
# A caller every 50 ms of a token that lives for 10 s, another of a service app's: nobody waits for
# the network. Runs for RENEW_AHEAD_SECONDS.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/hot.sh"
take_turn "$0" "$@"
alone --keyring "$0" "$@"
need curl node openssl python3
seconds=${RENEW_AHEAD_SECONDS:-40}
home_start
XDG_RUNTIME_DIR=$work/run
export XDG_RUNTIME_DIR
mkdir -p "$XDG_RUNTIME_DIR/systemd"
: >"$XDG_RUNTIME_DIR/systemd/private"

coze_server_start "$work/server"

# renewals OPERATION: that the server saw since the pace was set.
renewals()
{
	echo $(($(operations "$1") - $(cat "$work/before.$1")))
}

operations()
{
	grep -c "\"operation\":\"$1\"" "$work/server/requests.jsonl" || :
}

# field NAME: a number of the many's in $work/out.
field()
{
	sed "s/.*$1=\([0-9]*\).*/\1/" "$work/out"
}

# The control is "true", called as often at the same time: who waits for it waits for the machine.
expect_no_wait()
{
	echo "# $(cat "$work/out")"
	echo "# $(cat "$work/of_true") for true"
	must [ "$(field wrong)" -eq 0 ]
	of_machine=$(sed 's/.*max=\([0-9]*\).*/\1/' "$work/of_true")
	must is_in_time $((($(field max) - of_machine) / 1000)) 400
}

# expect_pace COUNT FILE: elapsed / life, 5/4 of it at most, and one for a token that was there
# before. FILE is what the callers came to; on a busy machine they come for longer. A life ends with a
# second of the server's, and what it takes to answer does not lengthen it.
expect_pace()
{
	elapsed=$(sed 's/.*total=\([0-9]*\).*/\1/' "$2")
	elapsed=$(((elapsed + 999999) / 1000000))
	echo "# $1 in $elapsed s"
	must [ "$elapsed" -ge $((seconds - 1)) ]
	must [ "$1" -ge $((seconds * 8 / 100)) ]
	must [ "$1" -le $((elapsed / 8 + 1)) ]
}

keys()
{
	keyctl show @u | grep -c 'keyturn:.*[: ]renewed\(:\*\)\{0,2\}$' || :
}

begin 'nobody waits for the network'
coze_mint pkce-client.app.coze pkce >"$work/minted"
input 'url=%s\nusername=renewed\noauth_refresh_token=%s\nclient_id=%s\nkind=pkce\n\n' \
	"$COZE_API" "$(member refresh_token <"$work/minted")" pkce-client.app.coze
call keyturn store
# One renewal shows that the old token lives on; from then on they come ahead.
call keyturn token renewed
expect_status 0
call keyturn refresh renewed
expect_status 0
# A server this slow is noticed by whoever waits for it.
coze_control '{"token_life":10,"delay_ms":400}' >"$work/control"
call keyturn refresh renewed
expect_status 0
call keyturn token renewed
expect_status 0
operations refresh >"$work/before.refresh"
first=$(cat "$work/out")
before=$(keys)
must [ "$before" -gt 0 ]
openssl genrsa -out "$work/key.pem" 2048 2>"$work/openssl"
openssl pkey -in "$work/key.pem" -pubout -out "$work/public.pem"
coze_control "$(python3 -c '
import json, sys
print(json.dumps({"jwt_key": {"kid": "kid1", "public_key": open(sys.argv[1]).read()}}))
' "$work/public.pem")" >"$work/control"
must keyturn login app --kind jwt --client-id 310000000002 --public-key-id kid1 --duration 10 \
	--api-base "$COZE_API" --private-key-file "$work/key.pem" 2>"$work/login"
call keyturn token app
expect_status 0
operations jwt >"$work/before.jwt"
"$builddir/tests/programs/many" -n $((seconds * 20)) -p 50 -o czs_ keyturn token app \
	</dev/null >"$work/of_app" &
of_app=$!
"$builddir/tests/programs/many" -n $((seconds * 20)) -p 50 true </dev/null >"$work/of_true" &
of_true=$!
call "$builddir/tests/programs/many" -n $((seconds * 20)) -p 50 -o czu_ keyturn token renewed
cp "$work/out" "$work/of_renewed"
wait "$of_true"
expect_no_wait
wait "$of_app"
cp "$work/of_app" "$work/out"
expect_no_wait
call keyturn token renewed
must [ "$(cat "$work/out")" != "$first" ]

begin 'a renewal comes once in a life, in its last fifth'
expect_pace "$(renewals refresh)" "$work/of_renewed"
expect_pace "$(renewals jwt)" "$work/of_app"

begin 'keys and processes stay as many'
wait_until none_is_left_behind || complain "$(cat "$work/left")"
keys_are_as_many()
{
	[ "$(keys)" -le "$before" ]
}
must wait_until keys_are_as_many

finish

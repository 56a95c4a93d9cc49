#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A device login: the code on the screen, allowed elsewhere.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/server.sh"
need curl expect node python3
home_start
coze_server_start "$work/server" || exit 1

client='--kind device --client-id device-client.app.coze'

polls()
{
	grep -c '"operation":"device' "$work/server/requests.jsonl" || :
}

# has_polled COUNT: the server was asked for the answer to a code more often than that, which takes
# one request for the code itself.
has_polled()
{
	[ "$(polls)" -gt $(($1 + 1)) ]
}

# log_in ANSWERS [OPTION...]: the answers of the next polls; one a second.
log_in()
{
	coze_control "{\"device_interval\":1,\"enforce_interval\":false,\"device_script\":$1}" \
		>"$work/control"
	shift
	# shellcheck disable=SC2086
	call keyturn login dev $client --api-base "$COZE_API" "$@"
}

begin 'without a terminal code and address are told in a line, and the login is kept'
log_in '["pending","approve"]' --check
expect_status 0
expect_output ''
expect_said '/oauth/device-activation and type the code '
expect_said "dev@${COZE_API#http://} is stored (device, vault)"
expect_said 'the token works, as user "tester"'
call keyturn token dev
must grep -q '^czu_' "$work/out"
call keyturn refresh dev
expect_status 0

begin 'a workspace stands in the path of the device code alone'
log_in '["approve"]' --workspace-id 7300000000000000001
expect_status 0
must grep -q '/workspace_id/7300000000000000001/device/code' "$work/server/requests.jsonl"
must_not grep -q 'workspace_id[^"]*/oauth2/token' "$work/server/requests.jsonl"

begin 'slow_down makes every later poll slower'
log_in '["slow_down","pending","approve"]'
expect_status 0
coze_state >"$work/state"
must python3 -c '
import json, sys
gaps = json.load(open(sys.argv[1]))["device_codes"][-1]["gaps"]
sys.exit(not all(gap >= 5.9 for gap in gaps))' "$work/state"

begin 'the code is a number, pending is 200, and each shape of an error is understood'
for shape in '"device_number":true' '"pending_status":200' '"error_name":"error"' \
	'"error_name":"error_code"'; do
	coze_reset >"$work/control"
	coze_control "{$shape}" >"$work/control"
	log_in '["pending","approve"]'
	expect_status 0
done
coze_reset >"$work/control"

begin 'refused, expired: exit 3, and the earlier login is untouched'
keyturn login dev@"${COZE_API#http://}" --with-token --replace <<'END' 2>"$work/stage.log"
pat_before
END
for answer in deny expire; do
	log_in "[\"pending\",\"$answer\"]" --replace
	expect_status 3
	call keyturn token dev
	expect_output pat_before
done

begin 'an app of another type: the type to create is named'
coze_control '{"clients":[{"id":"wrong","type":"pkce"}]}' >"$work/control"
call keyturn login dev --kind device --replace --client-id wrong --api-base "$COZE_API"
expect_status 3
expect_said 'TV, device or command-line app'
expect_said '/open/oauth/apps'

begin 'at a terminal: the code in large, a picture, a count-down'
coze_control '{"device_interval":1,"enforce_interval":false,"device_script":["pending","approve"]}' \
	>"$work/control"
at_terminal "spawn keyturn login dev $client --api-base $COZE_API --replace"
expect_status 0
must grep -q ' left' "$work/out"
must grep -q 'allowed' "$work/out"
must grep -q 'the token works, as user "tester"' "$work/out"

begin 'killed while it waits: nothing is left behind, the earlier login works'
coze_control '{"device_script":["pending","pending","pending","pending"]}' >"$work/control"
before=$(keyturn token dev)
polls=$(polls)
# shellcheck disable=SC2086
keyturn login dev $client --api-base "$COZE_API" 2>"$work/err" &
login=$!
must wait_beside "$login" has_polled "$polls"
kill -9 "$login"
wait "$login" 2>/dev/null || :
must [ "$(keyturn token dev)" = "$before" ]
device_code=$(grep -o '"device_code":"[^"]*"' "$work/server/requests.jsonl" | tail -n 1 | cut -d'"' -f4)
must_not grep -rqaF -e "$device_code" "$HOME"

begin 'who finds the grant dead while a login for it is under way waits for that one'
coze_reset >"$work/control"
log_in '["approve"]'
# Every refresh token that the server knew is gone.
coze_reset >"$work/control"
call keyturn refresh dev
expect_status 3
# Its token is good to its end, but for a service that refuses it.
keyturn reject dev --current
coze_control '{"device_interval":1,"enforce_interval":false,
	"device_script":["pending","pending","pending","approve"]}' >"$work/control"
polls=$(polls)
# shellcheck disable=SC2086
keyturn login dev $client --api-base "$COZE_API" 2>"$work/login.err" &
login=$!
must wait_beside "$login" has_polled "$polls"
call keyturn token dev
expect_status 0
expect_said 'waiting for the login of dev'
must grep -q '^czu_' "$work/out"
wait "$login"

begin 'a locked keyring: exit 4, and the server has seen nothing'
seen=$(wc -l <"$work/server/requests.jsonl")
mv "$HOME/vault.key" "$HOME/vault.key.away"
keyturn lock
# shellcheck disable=SC2086
call keyturn login dev $client --api-base "$COZE_API"
expect_status 4
must [ "$(wc -l <"$work/server/requests.jsonl")" -eq "$seen" ]

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
# A caller every 50 ms of a token that lives for 10 s: nobody waits for the network. Runs for
# RENEW_AHEAD_SECONDS.
set -eu

. "$srcdir/tests/support/home.sh"
. "$srcdir/tests/support/server.sh"
. "$srcdir/tests/support/hot.sh"
hot_alone "$0" "$@"
need node
seconds=${RENEW_AHEAD_SECONDS:-40}
home_start
trap 'server_stop; home_end' EXIT
XDG_RUNTIME_DIR=$work/run
export XDG_RUNTIME_DIR
mkdir -p "$XDG_RUNTIME_DIR/systemd"
: >"$XDG_RUNTIME_DIR/systemd/private"

# A server this slow is noticed by whoever waits for it.
coze_server_start "$work/server"
coze_control '{"token_life":10,"delay_ms":400}' >"$work/control"

refreshes()
{
	grep -c '"operation":"refresh"' "$work/server/requests.jsonl"
}

keys()
{
	keyctl show @u | grep -c 'keyturn:.*[: ]renewed' || :
}

processes()
{
	for environ in $(grep -la "HOME=$HOME" /proc/[0-9]*/environ 2>/dev/null); do
		{ tr '\0' ' ' <"${environ%environ}cmdline"; } 2>/dev/null || :
	done | grep "keyturn-[kc]" >"$work/left" || :
	grep -c "" "$work/left" || :
}

begin 'nobody waits for the network'
coze_mint pkce-client.app.coze pkce >"$work/minted"
input 'url=%s\nusername=renewed\npassword=x\noauth_refresh_token=%s\nclient_id=%s\nkind=pkce\n\n' \
	"$COZE_API" "$(server_field "$work/minted" refresh_token)" pkce-client.app.coze
call keyturn store
call keyturn token renewed
expect_status 0
first=$(cat "$work/out")
before=$(keys)
must [ "$before" -gt 0 ]
call "$builddir/tests/support/many" -n $((seconds * 20)) -p 50 -o czu_ keyturn token renewed
echo "# $(cat "$work/out")"
must [ "$(sed 's/.*wrong=//' "$work/out")" -eq 0 ]
must [ "$(sed 's/.*max=\([0-9]*\).*/\1/' "$work/out")" -lt 400000 ]
call keyturn token renewed
must [ "$(cat "$work/out")" != "$first" ]

begin 'a renewal comes once in a life, in its last fifth'
count=$(($(refreshes) - 1))
echo "# $count in $seconds s"
must [ "$count" -ge $((seconds * 8 / 100)) ]
must [ "$count" -le $((seconds * 12 / 80)) ]

begin 'keys and processes stay as many'
sleep 2
must [ "$(keys)" -le "$before" ]
must [ "$(processes)" -eq 0 ]
sed "s,^,# ," "$work/left"

finish

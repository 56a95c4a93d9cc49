#!/bin/sh
# SPDX-License-Identifier: MIT
#
# oidc-provider, a server that nobody here wrote: each refresh token is good once, and a second
# use revokes the whole grant. Eight callers that never stop, at a token life of 5 s: none is
# revoked. KEYTURN_SECONDS: for how long.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
alone "$0" "$@"
need node python3 curl
need_module oidc-provider
seconds=${KEYTURN_SECONDS:-$(amount 30 12)}
life=5
home_start
oidc_server_start "$work/oidc" --access-life "$life" || exit 1
trust "$OIDC_CA"

# keep NAME CLIENT [SECRET]
keep()
{
	server_request POST "$OIDC_CONTROL/control/mint" "{\"client_id\":\"$2\"}" >"$work/minted" ||
		exit 1
	{
		printf 'url=%s\nusername=%s\nkind=oauth\nclient_id=%s\n' "$OIDC_ISSUER" "$1" "$2"
		[ -z "${3:-}" ] || printf 'client_secret=%s\n' "$3"
		printf 'token_endpoint=%s\noauth_refresh_token=%s\n\n' "$token_endpoint" \
			"$(member refresh_token <"$work/minted")"
	} | keyturn store || exit 1
}

token_endpoint=$(curl -s --fail --noproxy '*' --cacert "$OIDC_CA" \
	"$OIDC_ISSUER/.well-known/openid-configuration" | member token_endpoint)

begin 'a client without a secret, and one with, renew'
keep public native-client
keep secret basic-client basic-secret-for-tests-0123456789
for name in public secret; do
	call keyturn refresh "$name"
	expect_status 0
	call keyturn refresh "$name"
	expect_status 0
done

begin "eight callers for $seconds s at a token life of $life s: no grant is revoked"
end=$(($(date +%s) + seconds))
pids=
for caller in 1 2 3 4 5 6 7 8; do
	(
		while [ "$(date +%s)" -lt "$end" ]; do
			keyturn token public >>"$work/tokens" 2>>"$work/refused" || echo no
			keyturn token secret >>"$work/tokens" 2>>"$work/refused" || echo no
			sleep 0.05
		done
	) >"$work/failed.$caller" &
	pids="$pids $!"
done
for pid in $pids; do
	wait "$pid"
done
must [ "$(cat "$work"/failed.* | wc -l)" -eq 0 ]
sed 's/^/# /' "$work/refused" | head -n 4
server_request GET "$OIDC_CONTROL/control" >"$work/state"
must grep -q '"revoked_grants":\[\]' "$work/state"
spent=$(member refresh_tokens_spent <"$work/state")
echo "# $(wc -l <"$work/tokens") tokens handed out, $(sort -u "$work/tokens" | wc -l) different, $spent renewals"
must [ "$spent" -ge $((2 * seconds / life)) ]
must [ "$spent" -le $((2 * (seconds / (life - 2) + 3) + 4)) ]
for name in public secret; do
	call keyturn refresh "$name"
	expect_status 0
done

finish

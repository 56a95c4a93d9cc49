#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Proves the test servers before other tests rely on them: the official SDK completes against ours, ours is strict and fails
# as ordered, and oidc-provider runs as it is set up. 77 only where node or the npm modules are missing.

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/server.sh"
need_module @coze/api oidc-provider

scratch=$(mktemp -d) || exit 1
trap 'server_stop; rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

coze_server_start "$scratch/coze" --tls || exit 1
oidc_server_start "$scratch/oidc" || exit 1
cat "$COZE_CA" "$OIDC_CA" >"$scratch/ca.pem"

# Calls each function that server.sh offers to shell scripts.
coze_mint pkce-client.app.coze pkce >"$scratch/minted" || exit 1
[ -n "$(server_field "$scratch/minted" refresh_token)" ] || exit 1
coze_control '{"token_life":60}' >/dev/null || exit 1
if coze_control '{"no_such_setting":1}' >/dev/null; then
	echo "a mistake in a control request was not refused" >&2
	exit 1
fi
coze_state brief >"$scratch/state" || exit 1
[ "$(server_field "$scratch/state" revoked_families)" = 0 ] || exit 1
coze_reset >/dev/null || exit 1

export COZE_API COZE_WWW COZE_CONTROL OIDC_ISSUER OIDC_CONTROL
COZE_DIR=$scratch/coze NODE_EXTRA_CA_CERTS=$scratch/ca.pem node --test --test-concurrency=1 \
	"$srcdir"/tests/servers/*.test.mjs || exit 1

coze_pid=$COZE_PID
server_stop
if kill -0 "$coze_pid" 2>/dev/null || [ -e "$scratch/coze/server.json" ]; then
	echo "the server did not end on SIGTERM" >&2
	exit 1
fi
exit 0

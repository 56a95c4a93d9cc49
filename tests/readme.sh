#!/bin/sh
# SPDX-License-Identifier: MIT
# The README's examples work: those for curl and for Coze's SDK for Node are taken from it, and
# run against the test server with a token from a vault.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/server.sh"
need curl
need_module @coze/api

scratch=$(mktemp -d)
trap 'server_stop; rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

# passes NAME WANTED COMMAND...: the command's output holds the text.
passes()
{
	case_name=$1
	wanted=$2
	shift 2
	if "$@" >"$scratch/output" 2>&1 && grep -qF -- "$wanted" "$scratch/output"; then
		echo "ok $case_name"
	else
		echo "not ok $case_name"
		cat "$scratch/output"
		failed=1
	fi
}

# example LANGUAGE NUMBER: that block of the README, for the test server.
example()
{
	awk -v language="$1" -v number="$2" '
		$0 == "```" language { inside = ++count == number; next }
		/^```/ { inside = 0 }
		inside' "$srcdir/README.md" | sed "s|https://api\.coze\.cn|$COZE_API|"
}

coze_server_start "$scratch/coze"
coze_mint pkce-client.app.coze pat >"$scratch/minted"
mkdir "$scratch/home"
ln -s "$KEYTURN_NODE_MODULES" "$scratch/node_modules"
HOME=$scratch/home
KEYTURN_KEYRING=vault
export HOME KEYTURN_KEYRING
unset XDG_CONFIG_HOME XDG_DATA_HOME KEYTURN_VAULT KEYTURN_ACCOUNT
keyturn vault create --key-file "$HOME/vault.key" >/dev/null
server_field "$scratch/minted" access_token |
	keyturn login work --api-base "$COZE_API" --with-token 2>/dev/null

example js 1 >"$scratch/bot.mjs"
passes "Node with keyturn run" tester keyturn run work -- node "$scratch/bot.mjs"
example js 2 >"$scratch/long.mjs"
passes "Node that asks for each request" tester node "$scratch/long.mjs"
curl_example=$(sed -n 's/^    \(keyturn header work | curl .*\)/\1/p' "$srcdir/README.md" |
	sed "s|https://api\.coze\.cn|$COZE_API|")
passes "curl with keyturn header" tester sh -c "$curl_example"
exit "$failed"

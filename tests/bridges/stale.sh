# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/bridges.sh, to be sourced: an environment in which each variable that keyturn knows of
# Coze names somebody else, whose tokens and app work.

# stranger: registers the app, and mints the token.
stranger()
{
	register stranger 8
	coze_control '{"clients":[{"id":"310000000018","type":"jwt","user":"stranger"}]}' >"$work/control"
	stranger_token=$(server_request POST "$COZE_CONTROL/control/mint" \
		'{"kind":"pat","life":3600,"user":"stranger"}' |
		sed 's/.*"access_token":"\([^"]*\)".*/\1/')
	stranger_base=https://localhost:${COZE_API##*:}
}

coze_variables()
{
	grep -ohE '"(COZE|COZELOOP|VITE_COZE|VUE_APP_COZE|TARO_APP)[A-Z_]*"' \
		"$srcdir/helper/keeper/login/settings_rows.c" "$srcdir/helper/keeper/command/run_tool.c" |
		tr -d '"' | sort -u
}

# misled COMMAND...: in that environment.
misled()
{
	(
		for name in $(coze_variables); do
			case $name in
			*CLIENT_ID | COZE_APP_ID) value=310000000018 ;;
			*KEY_ID) value=kid1 ;;
			*KEY_FILE_PATH) value=$work/key.pem ;;
			*PRIVATE_KEY) value=$(cat "$work/key.pem") ;;
			*WS_URL) value=wss://${stranger_base#https://} ;;
			*BASE* | *URL | *URI | *ENDPOINT) value=$stranger_base ;;
			*WORKSPACE_ID) value=7300000000000000001 ;;
			*) value=$stranger_token ;;
			esac
			export "$name=$value"
		done
		"$@"
	)
}

# expect_me WANTED [OPTION...] -- COMMAND...: misled by the variables the command is the stranger;
# with keyturn run it prints what is wanted.
expect_me()
{
	wanted=$1
	shift
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	# shellcheck disable=SC2086
	seen=$(misled keyturn run example $options -- "$@")
	mistaken=$(misled "$@")
	[ "$seen" = "$wanted" ] || { echo "run printed $seen: $*"; return 1; }
	[ "$mistaken" != "$wanted" ] || { echo "the variables mislead nobody: $*"; return 1; }
}

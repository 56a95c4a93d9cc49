# SPDX-License-Identifier: MIT
#
# For test scripts, to be sourced: starts and stops the test servers and talks to their control listeners.
# The variables are those of one server of each sort, the last that was started; coze_server_use
# changes to another.

# has_module NAME: "npm ci" in tests/servers installed it.
has_module()
{
	[ -d "$KEYTURN_NODE_MODULES/$1" ]
}

# need_module NAME...
need_module()
{
	need curl node
	for module in "$@"; do
		has_module "$module" || skip "there is no $module: run npm ci in tests/servers"
	done
}

# member NAME: of a JSON object on stdin, the last of that name that is text or a number. By sed, for it
# is asked for a hundred times, and node takes a tenth of a second to start.
member()
{
	sed -n -e "s/.*\"$1\": \{0,1\}null.*//p" -e t -e "s/.*\"$1\": \{0,1\}\"\{0,1\}\([^\",}]*\).*/\1/p"
}

# server_says DIR NAME: of what a server says of itself.
server_says()
{
	member "$2" <"$1/server.json"
}

# server_field FILE NAME: any member of a JSON object in a file, nothing if there is none.
server_field()
{
	node -e '
		const value = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))[process.argv[2]];
		process.stdout.write(value == null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
	' "$1" "$2"
}

# server_request METHOD URL [JSON]: the answer's body; fails unless it is a good one. By curl, for
# many small questions are put to the servers, and curl starts sooner than node.
server_request()
{
	curl --silent --show-error --fail --noproxy '*' --request "$1" ${3:+--data-binary "$3"} "$2"
}

. "$srcdir/tests/lib/time.sh"

# server_launch PROGRAM DIR [OPTION...]: waits for DIR/server.json; its pid in server_pid.
server_launch()
{
	server_program=$1
	server_directory=$2
	shift 2
	mkdir -p "$server_directory" || return 1
	rm -f "$server_directory/server.json" || return 1
	node "$srcdir/tests/servers/$server_program" --dir "$server_directory" "$@" \
		>"$server_directory/output" 2>&1 </dev/null &
	server_pid=$!
	server_pids="${server_pids:-} $server_pid"
	wait_beside "$server_pid" test -f "$server_directory/server.json" && return
	echo "$server_program did not start:" >&2
	cat "$server_directory/output" >&2
	return 1
}

# coze_server_start DIR [--tls] [--host NAME]: sets COZE_API, COZE_WWW, COZE_CONTROL, COZE_CA, COZE_PID.
coze_server_start()
{
	server_launch coze_server.mjs "$@" && coze_server_use "$1"
}

# coze_server_use DIR: one that was started there.
coze_server_use()
{
	COZE_PID=$(server_says "$1" pid)
	COZE_API=$(server_says "$1" api_base)
	COZE_WWW=$(server_says "$1" www_base)
	COZE_CONTROL=$(server_says "$1" control)
	COZE_CA=$(server_says "$1" ca_file)
}

# oidc_server_start DIR [OPTION...]: sets OIDC_ISSUER, OIDC_CONTROL, OIDC_CA, OIDC_PID.
oidc_server_start()
{
	server_launch oidc_server.mjs "$@" || return 1
	OIDC_PID=$server_pid
	OIDC_ISSUER=$(server_says "$1" issuer)
	OIDC_CONTROL=$(server_says "$1" control)
	OIDC_CA=$(server_says "$1" ca_file)
}

# oauth_server_start DIR: sets OAUTH_ISSUER, OAUTH_CONTROL, OAUTH_PID.
oauth_server_start()
{
	server_launch oauth_server.mjs "$@" || return 1
	OAUTH_PID=$server_pid
	OAUTH_ISSUER=$(server_says "$1" issuer)
	OAUTH_CONTROL=$(server_says "$1" control)
}

# coze_control JSON: changes settings, queues faults.
coze_control()
{
	server_request POST "$COZE_CONTROL/control" "$1"
}

# coze_state [brief]: what the server saw.
coze_state()
{
	server_request GET "$COZE_CONTROL/control${1:+?brief=1}"
}

# coze_mint CLIENT KIND: tokens without a login.
coze_mint()
{
	server_request POST "$COZE_CONTROL/control/mint" "{\"client_id\":\"$1\",\"kind\":\"$2\"}"
}

# coze_approve USER_CODE [allow|deny|expire]
coze_approve()
{
	server_request POST "$COZE_CONTROL/control/approve" "{\"user_code\":\"$1\",\"decision\":\"${2:-allow}\"}"
}

coze_reset()
{
	server_request POST "$COZE_CONTROL/control/reset" '{}'
}

# quirks_server_start DIR: sets QUIRKS_BASE, QUIRKS_PID.
quirks_server_start()
{
	server_launch quirks_server.mjs "$@" || return 1
	QUIRKS_PID=$server_pid
	QUIRKS_BASE=$(server_says "$1" base)
}

# mcp_server_start DIR [OPTION...]: behind the oidc server; sets MCP_RESOURCE, MCP_CONTROL, MCP_PID.
mcp_server_start()
{
	mcp_directory=$1
	shift
	server_launch mcp_server.mjs "$mcp_directory" --issuer "$OIDC_ISSUER" \
		--tls "${OIDC_CA%/*}/tls" "$@" || return 1
	MCP_PID=$server_pid
	MCP_RESOURCE=$(server_says "$mcp_directory" resource)
	MCP_CONTROL=$(server_says "$mcp_directory" control)
}

# server_stop: ends those that were started here.
server_stop()
{
	for server_pid in ${server_pids:-} ${COZE_PID:-} ${OIDC_PID:-} ${OAUTH_PID:-} ${QUIRKS_PID:-} ${MCP_PID:-}; do
		kill "$server_pid" 2>/dev/null
		wait "$server_pid" 2>/dev/null
	done
	server_pids=
	COZE_PID=
	OIDC_PID=
	OAUTH_PID=
	QUIRKS_PID=
	MCP_PID=
}

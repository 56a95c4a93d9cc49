#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Peers on both sides of the room of requests: a real HTTP proxy on its way to the service, and a
# real SSH connection through which a lent socket is used.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/server.sh"
need curl node ssh sshd ssh-keygen tinyproxy
alone "$0" "$@"
home_start
coze_server_start "$work/coze" --tls || exit 1
local_url=https://localhost:${COZE_API##*:}
server_request POST "$COZE_CONTROL/control/mint" '{"kind":"pat","life":3600}' |
	sed 's/.*"access_token":"\([^"]*\)".*/\1/' >"$work/token"
keyturn login far --with-token --expires 30 --api-base "$local_url" --ca-file "$COZE_CA" \
	<"$work/token" 2>"$work/login"
ask='curl -s -H "Authorization: Bearer $COZE_API_TOKEN" "$COZE_API_BASE/v1/users/me"'

accepts()
{
	python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])))' "$1" \
		2>/dev/null
}

# start_proxy [LINE]: $proxy is its port, $work/tinyproxy.log what it saw.
start_proxy()
{
	proxy=$(free_port)
	printf '%s\n' "Port $proxy" 'Listen 127.0.0.1' "LogFile \"$work/tinyproxy.log\"" 'LogLevel Info' \
		'Allow 127.0.0.1' "$@" >"$work/tinyproxy.conf"
	tinyproxy -d -c "$work/tinyproxy.conf" >"$work/tinyproxy" 2>&1 &
	proxy_pid=$!
	wait_until accepts "$proxy"
}

end_proxy()
{
	kill "$proxy_pid"
	wait "$proxy_pid" || :
}

# by_proxy NAME=VALUE...: the variables that are set.
by_proxy()
{
	call env "$@" keyturn run far --proxy -- sh -c "$ask"
}

begin 'requests go through an HTTP proxy, which sees no token'
start_proxy
by_proxy https_proxy="http://127.0.0.1:$proxy"
must grep -q '"user_name":"tester"' "$work/out"
must grep -q "CONNECT localhost:${COZE_API##*:} " "$work/tinyproxy.log"
must_not grep -q -e "$(cat "$work/token")" -e ktp_ "$work/tinyproxy.log"
end_proxy

begin 'and with the password that it asks for'
start_proxy 'BasicAuth me hidden'
: >"$work/tinyproxy.log"
by_proxy https_proxy="http://me:hidden@127.0.0.1:$proxy"
must grep -q '"user_name":"tester"' "$work/out"
must grep -q 'CONNECT localhost:' "$work/tinyproxy.log"
must_not grep -q -e "$(cat "$work/token")" -e ktp_ "$work/tinyproxy.log"
by_proxy https_proxy="http://me:wrong@127.0.0.1:$proxy"
must grep -q '{"code":502,"msg":"keyturn: ' "$work/out"
expect_unsaid wrong
end_proxy

begin 'one that is gone is told, and NO_PROXY goes around it'
by_proxy https_proxy="http://127.0.0.1:$proxy"
must grep -q '{"code":502,"msg":"keyturn: ' "$work/out"
by_proxy https_proxy="http://127.0.0.1:$proxy" NO_PROXY=localhost
must grep -q '"user_name":"tester"' "$work/out"

# start_sshd: ssh with $work/ssh/config reaches it by the name of host.
start_sshd()
{
	mkdir -m 700 "$work/ssh"
	mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/host_key"
	ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/key"
	cp "$work/ssh/key.pub" "$work/ssh/authorized"
	ssh_port=$(free_port)
	printf '%s\n' "Port $ssh_port" 'ListenAddress 127.0.0.1' "HostKey $work/ssh/host_key" \
		'PidFile none' "AuthorizedKeysFile $work/ssh/authorized" 'StrictModes no' 'UsePAM no' \
		'PermitRootLogin prohibit-password' >"$work/ssh/sshd_config"
	printf '%s\n' 'Host host' '	HostName 127.0.0.1' "	Port $ssh_port" "	User $(id -un)" \
		"	IdentityFile $work/ssh/key" '	IdentitiesOnly yes' '	StrictHostKeyChecking no' \
		"	UserKnownHostsFile $work/ssh/known" '	LogLevel ERROR' >"$work/ssh/config"
	"$(command -v sshd)" -D -e -f "$work/ssh/sshd_config" 2>"$work/ssh/log" &
	sshd_pid=$!
	wait_until accepts "$ssh_port"
}

# documented START: the line of docs/agents.md that begins so, with a socket of our own over there.
documented()
{
	sed -n "s|^    \($1.*\)|\1|p" "$srcdir/docs/agents.md" |
		sed "s| *# there.*||; s|/tmp/coze.sock|$work/there.sock|" | head -n 1
}

ssh()
{
	command ssh -F "$work/ssh/config" "$@"
}

begin 'a socket is lent to another machine, as docs/agents.md has it'
start_sshd
XDG_RUNTIME_DIR=$work/runtime
export XDG_RUNTIME_DIR
mkdir -m 700 "$XDG_RUNTIME_DIR"
keyturn login work --with-token --expires 30 --api-base "$COZE_API" --ca-file "$COZE_CA" \
	<"$work/token" 2>"$work/login"
sh -c "exec $(documented 'keyturn lend')" 2>"$work/err" &
lender=$!
wait_until test -S "$XDG_RUNTIME_DIR/coze.sock"
there=$(documented 'curl --unix-socket')
call eval "$(documented 'ssh -R') '$there -s; echo; stat -c %a $work/there.sock'"
expect_status 0
must grep -q '"user_name":"tester"' "$work/out"
must [ "$(tail -n 1 "$work/out")" = 600 ]
kill -TERM "$lender"
wait "$lender" || complain 'the lender did not end well'
kill "$sshd_pid"

finish

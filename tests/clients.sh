#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Tools that ask keyturn in a protocol of their own, as they are: from their registries or from Debian.
# Not one of "make check", because it takes the network: packaging/check runs it with others of that
# kind. A tool whose registry cannot be reached is told, and the others are tried; one that cannot be
# had from a registry that answers has failed. KEYTURN_CLIENTS: which of them; KEYTURN_CLIENTS_DIR:
# where they are kept for the next time.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/registry.sh"
need curl node openssl python3
: "${KEYTURN_CLIENTS:=python google registry mail passwords pnpm kubectl cargo go aws home}"
: "${KEYTURN_CLIENTS_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/keyturn-clients}"
caller_home=$HOME
export KEYTURN_CLIENTS KEYTURN_CLIENTS_DIR
mkdir -p "$KEYTURN_CLIENTS_DIR"
for client in $KEYTURN_CLIENTS; do
	. "$srcdir/tests/clients/$client.sh"
done
home_start
no_proxy='*'
NO_PROXY='*'
export no_proxy NO_PROXY
pids=

end_clients()
{
	clients_status=$?
	for pid in $pids; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	home_end "$clients_status"
}
trap end_clients EXIT

# serve NAME COMMAND...: in the background, to the end of the script; its first line of output is its
# port, in $port.
serve()
{
	serve_log=$work/$1.log
	shift
	rm -f "$work/port"
	mkfifo "$work/port"
	"$@" >"$work/port" 2>"$serve_log" &
	pids="$pids $!"
	port=
	read -r port <"$work/port" || :
	[ -n "$port" ] || {
		cat "$serve_log"
		return 1
	}
}

# answers URL STATUS
answers()
{
	[ "$(curl -s -k -o "$work/answer" -w '%{http_code}' "$1")" = "$2" ]
}

for client in $KEYTURN_CLIENTS; do
	if "get_$client" >"$work/get.log" 2>&1 </dev/null; then
		"try_$client"
	else
		conclude
		eval "registries=\${registries_$client:-}"
		# shellcheck disable=SC2086
		must_have "what $client takes" "$work/get.log" $registries
	fi
done

finish

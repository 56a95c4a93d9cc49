#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Tools that ask keyturn in a protocol of their own, as they are: from their registries or from Debian.
# Not one of "make check", because it takes the network: packaging/check runs it as a phase of its
# own. A tool whose registry cannot be reached is told, and the others are tried; one that cannot be
# had from a registry that answers has failed. KEYTURN_CLIENTS: which of them; KEYTURN_CLIENTS_DIR:
# where they are kept for the next time.
set -eu

. "$(dirname "$0")/lib/home.sh"
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

# Registries, each asked by its own client for a small thing that it has.
reaches_pypi()
{
	HOME=$caller_home python3 -m pip download --quiet --disable-pip-version-check --no-cache-dir \
		--no-deps --dest "$work/reached" six==1.17.0
}

reaches_npm()
{
	HOME=$caller_home npm view --prefer-online semver@7.7.2 version
}

reaches_go()
{
	HOME=$caller_home go list -m -versions golang.org/x/text
}

# lacks CLIENT: the log tells why; registries_CLIENT are those that it comes from.
lacks()
{
	if grep '^skip: ' "$work/get.log"; then
		return 0
	fi
	eval "registries=\$registries_$1"
	for registry in $registries; do
		"reaches_$registry" >"$work/reach.log" 2>&1 </dev/null && continue
		echo "skip: the registry of what $1 takes cannot be reached: $registry: $(grep . \
			"$work/reach.log" | tail -n 1 | cut -c 1-200)"
		return 0
	done
	begin "what $1 takes is to be had"
	complain 'its registry answers, and yet:'
	tail -n 50 "$work/get.log" | sed 's/^/#   /'
}

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
		lacks "$client"
	fi
done

finish

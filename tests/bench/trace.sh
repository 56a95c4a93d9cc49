#!/bin/sh
# SPDX-License-Identifier: MIT
#
# How often one expired get goes from file to file: builds with -finstrument-functions in the
# directory, lets the token of a grant in a vault end, and traces the get that renews it at the
# test server. Counted is each entry into a function whose source file is not its caller's, in the
# door and in the keeper; not counted are the courier, libraries, what a file calls of its own, and
# the values that every file handles (trace.py lists them), of which the sum is told. Prints the
# entries by file, by function, and in all. It says nothing of time: worth a look is a function
# that is entered often, or twice with the same arguments.
#
#	tests/bench/trace.sh DIRECTORY [--pairs]
#
# DIRECTORY is made where it is not there, and built again. --pairs adds the callers.
set -eu

[ $# -ge 1 ] || {
	echo "$0 DIRECTORY [--pairs]" >&2
	exit 2
}
here=$(cd "$(dirname "$0")" && pwd)
top=${here%/tests/bench}
mkdir -p "$1"
builddir=$(cd "$1" && pwd)
(
	cd "$builddir"
	if [ ! -f Makefile ]; then
		${CC:-gcc} -O2 -fPIC -c -o trace_calls.o "$here/trace_calls.c"
		"$top/configure" CC="${CC:-gcc}" CFLAGS='-O0 -g -finstrument-functions' \
			LIBS="$builddir/trace_calls.o" >trace.log
	fi
	make -j2 tests/bin/keyturn tests/bin/keyturn-keeper tests/bin/keyturn-courier >>trace.log 2>&1
) || {
	tail -n 20 "$builddir/trace.log" >&2
	exit 1
}
export builddir

. "$here/../lib/home.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
alone --keyring "$0" "$@"
need addr2line
refresh_start
grant work
control '{"token_life":2}'
printf 'url=%s\n\n' "$COZE_API" >"$work/request"
keyturn get <"$work/request" >"$work/first"
control '{"token_life":900}'
sleep 3
: >"$work/calls"
KEYTURN_CALLS=$work/calls keyturn get <"$work/request" >"$work/second"
if ! grep -q '^password=' "$work/second" || cmp -s "$work/first" "$work/second"; then
	echo 'the token was not renewed' >&2
	exit 1
fi
python3 "$here/trace.py" "$builddir/tests/bin" "$work/calls" "${2:-}"

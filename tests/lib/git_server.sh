# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
#
# A git server for test scripts (tests/servers/git_http_server.mjs), over the bare repositories in
# $work/served. To be sourced after home.sh; one at a time, which the script's end ends too.

git_server=

# git_serve SCHEME SECRET...: Basic or Bearer, with these; $port is its own. The scheme of each request
# is a line of $work/asked.
git_serve()
{
	trap 'git_status=$?; git_unserve; home_end "$git_status"' EXIT
	rm -f "$work/port"
	mkfifo "$work/port"
	node "$srcdir/tests/servers/git_http_server.mjs" "$work/served" "$@" >"$work/port" &
	git_server=$!
	exec 8<"$work/port"
	read -r port <&8
	cat <&8 >>"$work/asked" &
	git_reader=$!
	exec 8<&-
}

git_unserve()
{
	[ -n "$git_server" ] || return 0
	kill "$git_server" 2>/dev/null || true
	wait "$git_server" "$git_reader" 2>/dev/null || true
	git_server=
}

# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A test script's stage for renewals: a home with a vault, the Coze server, grants in the one that
# the other knows. To be sourced after home.sh, desktop.sh (alone "$0" "$@" too: the
# journals are the script's own then) and server.sh.

faulty=$builddir/tests/bin/faulty-keeper

# refresh_start [OPTION...]: of the Coze server.
refresh_start()
{
	need node python3 curl
	home_start
	refresh_serve "$@"
}

refresh_serve()
{
	coze_server_start "$work/coze" "$@" || exit 1
	refreshes_before=0
}

# grant NAME [CLIENT KIND [LINE]]: mints a grant and hands it over; what names the app's secret is
# added to it.
grant()
{
	coze_mint "${2:-pkce-client.app.coze}" "${3:-pkce}" >"$work/minted" || exit 1
	{
		printf 'url=%s\nusername=%s\n' "$COZE_API" "$1"
		printf 'client_id=%s\nkind=%s\n' "${2:-pkce-client.app.coze}" "${3:-pkce}"
		[ -z "${4:-}" ] || printf '%s\n' "$4"
		printf 'oauth_refresh_token=%s\n\n' "$(member refresh_token <"$work/minted")"
	} | keyturn store || exit 1
	family=$(member family <"$work/minted")
}

# server_count NAME: of what the server counted.
server_count()
{
	server_counted=$(coze_state brief | member "$1")
	echo "${server_counted:-0}"
}

# mark: requests are counted from here on.
mark()
{
	refreshes_before=$(server_count refresh)
}

# expect_requests NUMBER: refreshes that the server was asked for since mark.
expect_requests()
{
	refreshes=$(($(server_count refresh) - refreshes_before))
	[ "$refreshes" -eq "$1" ] || complain "$refreshes requests, not $1"
}

control()
{
	coze_control "$1" >/dev/null || complain "control refused $1"
}

fault()
{
	control "{\"fault\":{\"on\":\"refresh\",$1}}"
}

# expect_token: the output is an access token and a newline.
expect_token()
{
	expect_status 0
	grep -qx 'czu_[A-Za-z0-9_-]*' "$work/out" && [ "$(wc -l <"$work/out")" -eq 1 ] && return
	complain 'no access token was printed'
	show_call
}

# expect_state NAME STATE: as list tells it.
expect_state()
{
	keyturn list | grep -q "^. $1 .* $2 " && return
	complain "list does not call $1 $2"
	keyturn list | sed 's/^/#   /'
}

# trust FILE: a CA, beside the distribution's, for this script alone (alone made it a mount
# namespace; that takes root).
trust()
{
	need_mounts 'add a CA for a while'
	need openssl
	mkdir "$work/certificates"
	cp -L /etc/ssl/certs/*.pem "$work/certificates/" 2>/dev/null || true
	cp "$1" "$work/certificates/keyturn_test.pem"
	mount -t tmpfs none /etc/ssl/certs
	cp "$work"/certificates/*.pem /etc/ssl/certs/
	cat "$work"/certificates/*.pem >/etc/ssl/certs/ca-certificates.crt
	openssl rehash /etc/ssl/certs 2>/dev/null
}

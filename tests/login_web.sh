#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Web and PKCE apps log in through a browser: the redirect is caught, or pasted.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/server.sh"
need node python3 curl
home_start
coze_server_start "$work/server" || exit 1

port=$(free_port)
redirect=http://127.0.0.1:$port/callback
for type in web pkce; do
	coze_control "{\"clients\":[{\"id\":\"$type-client.app.coze\",\"type\":\"$type\",
		\"redirect_uris\":[\"$redirect\",\"https://app.example/callback\"]}]}" >"$work/control"
done
coze_control '{"auto_approve":"allow"}' >"$work/control"
printf 'web-secret-1\n' >"$work/secret"

# start_login OPTION...: in the background; $url is where the browser is to go.
start_login()
{
	: >"$work/err"
	keyturn login "$@" --api-base "$COZE_API" --www-base "$COZE_WWW" --no-browser \
		>"$work/out" 2>"$work/err" &
	login=$!
	login_says 'oauth2/.*authorize?'
	url=$(grep -o 'http://.*authorize?.*' "$work/err")
}

nobody_listens()
{
	! curl -s -o "$work/page" "http://127.0.0.1:$port/"
}

end_login()
{
	status=0
	wait "$login" || status=$?
}

parameter()
{
	printf '%s\n' "$url" | grep -o "[?&]$1=[^&]*" | cut -d= -f2
}

begin 'a PKCE app logs in; its address has state and an S256 challenge'
start_login pk --kind pkce --client-id pkce-client.app.coze --redirect-uri "$redirect" --check
must [ "$(parameter code_challenge_method)" = S256 ]
must [ "$(parameter code_challenge | wc -c)" -eq 44 ]
must [ "$(parameter state | wc -c)" -eq 44 ]
expect_said "register this redirect URI with the app, if not done: $redirect"
call curl -sL "$url"
must grep -q 'close this window' "$work/out"
must_not grep -qF -e "$(parameter state)" "$work/out"
cp "$work/out" "$work/page"
: >"$work/out"
end_login
expect_status 0
call keyturn token pk
must grep -q '^czu_' "$work/out"
call keyturn refresh pk
expect_status 0

begin 'a web app logs in with its secret, for one workspace'
start_login web --kind web --client-id web-client.app.coze --client-secret-file "$work/secret" \
	--redirect-uri "$redirect" --workspace-id 7300000000000000001
must [ -z "$(parameter code_challenge)" ]
must grep -q '/workspace_id/7300000000000000001/authorize' "$work/err"
curl -sL -o "$work/page" "$url"
end_login
expect_status 0
call keyturn token web
must grep -q '^czu_' "$work/out"

begin 'noise, a wrong state and a drive-by error change nothing, and a second callback neither'
start_login pk --kind pkce --client-id pkce-client.app.coze --redirect-uri "$redirect"
for noise in favicon.ico 'callback?error=access_denied' 'callback?code=stolen&state=wrong' \
	'callback?error=access_denied&state=wrong' ''; do
	curl -s -o "$work/page" "http://127.0.0.1:$port/$noise"
done
must kill -0 "$login"
curl -sL -o "$work/page" "$url"
end_login
expect_status 0
must_not curl -s -o "$work/page" "$redirect?code=again"

begin 'refused in the browser: exit 3, and the earlier login is untouched'
before=$(keyturn token pk)
coze_control '{"auto_approve":"deny"}' >"$work/control"
start_login pk --kind pkce --client-id pkce-client.app.coze --redirect-uri "$redirect"
curl -sL -o "$work/page" "$url"
end_login
expect_status 3
coze_control '{"auto_approve":"allow"}' >"$work/control"
must [ "$(keyturn token pk)" = "$before" ]

begin 'ended in the middle: the port is free again, the earlier login works'
for signal in KILL INT TERM; do
	start_login pk --kind pkce --client-id pkce-client.app.coze --redirect-uri "$redirect"
	python3 -c "import os, signal; signal.signal(signal.SIGINT, signal.SIG_DFL); os.kill($login, signal.SIG$signal)"
	[ "$signal" != INT ] || kill -TERM "$login" 2>/dev/null || :
	end_login
	must [ "$status" -ne 0 ]
	must wait_until nobody_listens
	must [ "$(keyturn token pk)" = "$before" ]
done

begin 'a port that is taken is exit 2, with both ways out'
python3 -c "
import signal, socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', $port)); s.listen()
open('$work/listening', 'w').close(); signal.pause()" &
holder=$!
must wait_beside "$holder" test -e "$work/listening"
call keyturn login pk --kind pkce --client-id pkce-client.app.coze --redirect-uri "$redirect" \
	--api-base "$COZE_API" --no-browser
expect_status 2
expect_said --redirect-uri
expect_said --paste
kill "$holder" 2>/dev/null || :
wait "$holder" 2>/dev/null || :

begin 'over SSH the line for ssh -L is told, and no browser is opened'
# shellcheck disable=SC2097,SC2098
SSH_CONNECTION='192.0.2.1 1 192.0.2.2 22' start_login pk --kind pkce \
	--client-id pkce-client.app.coze --redirect-uri "$redirect"
expect_said "ssh -N -L $port:127.0.0.1:$port"
curl -sL -o "$work/page" "$url"
end_login
expect_status 0

begin 'a redirect URI elsewhere means paste; only the address of this login is taken'
mkfifo "$work/paste"
for answer in wrong right; do
	: >"$work/err"
	keyturn login far --kind pkce --client-id pkce-client.app.coze --api-base "$COZE_API" \
		--www-base "$COZE_WWW" --redirect-uri https://app.example/callback \
		<"$work/paste" >"$work/out" 2>"$work/err" &
	login=$!
	exec 8>"$work/paste"
	login_says 'authorize?'
	url=$(grep -o 'http://.*authorize?.*' "$work/err")
	consent=$(curl -s -o "$work/page" -w '%{redirect_url}' "$url")
	address=$(curl -s -o "$work/page" -w '%{redirect_url}' "$consent")
	[ "$answer" = right ] || address=$(printf '%s' "$address" | sed 's/state=./state=/')
	printf '%s\n' "$address" >&8
	exec 8>&-
	end_login
	if [ "$answer" = right ]; then
		expect_status 0
	else
		expect_status 2
		expect_said 'its state is another one'
	fi
done
call keyturn token far
expect_status 0

begin 'a locked keyring: exit 4, before anybody is asked'
mv "$HOME/vault.key" "$HOME/vault.key.away"
keyturn lock
call keyturn login pk --kind pkce --client-id pkce-client.app.coze --redirect-uri "$redirect" \
	--api-base "$COZE_API" --no-browser
expect_status 4
expect_unsaid 'authorize?'
mv "$HOME/vault.key.away" "$HOME/vault.key"

begin 'in real Chromium: allow is pressed, the landing page comes'
if command -v chromium >/dev/null; then
	start_login chrome --kind pkce --client-id pkce-client.app.coze --redirect-uri "$redirect"
	timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/chromium" \
		--screenshot="${builddir:-$work}/tests/login_web.png" --dump-dom "$url" \
		>"$work/page" 2>"$work/chromium.log" || complain 'chromium failed'
	end_login
	expect_status 0
	call keyturn token chrome
	expect_status 0
fi

finish

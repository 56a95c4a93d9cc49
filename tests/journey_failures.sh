#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A person whose first try fails: a redirect URI that is not registered, tokens that are dead for
# each reason, a server without a desktop whose jobs start by themselves, a locked keyring.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
. "$srcdir/tests/lib/journey.sh"
alone "$0" "$@"
need expect python3 node curl
home_make
coze_server_start "$work/coze" || exit 1
host=${COZE_API#http://}
unknown_end='expect "When does it end"
	answer {}'

# minted KIND: a token that the server takes.
minted()
{
	coze_mint '' "$1" | member access_token
}

journey 'a server whose jobs are started by cron and systemd'
types keyturn vault create --key-file "$HOME/.config/keyturn.key"
expect_status 0
token=$(minted pat)
dialogue "keyturn login bot --api-base $COZE_API --with-token" "expect Token
	paste $token
	$unknown_end
	expect {is stored}"
expect_status 0
# The line of a crontab, in the environment that cron(8) gives it.
keyturn lock
call env -i HOME="$HOME" LOGNAME=x SHELL=/bin/sh PATH="$PATH" TEST_ALONE= \
	sh -c 'keyturn run bot -- sh -c "echo \$COZE_API_TOKEN"'
expect_output "$token"
# A unit, by the user's service manager where there is one, else in the environment that it gives.
keyturn lock
if systemctl --user show-environment >"$work/manager" 2>&1; then
	call systemd-run --user --quiet --pipe --wait -E HOME="$HOME" -E PATH="$PATH" \
		keyturn run bot -- sh -c 'echo $COZE_API_TOKEN'
else
	echo '# no service manager of this user: the unit has its environment alone'
	call env -i HOME="$HOME" LOGNAME=x USER=x SHELL=/bin/sh PATH="$PATH" INVOCATION_ID=1 \
		SYSTEMD_EXEC_PID=1 keyturn run bot -- sh -c 'echo $COZE_API_TOKEN'
fi
expect_output "$token"
arrives

journey 'a redirect URI that is not registered'
port=$(free_port)
redirect=http://127.0.0.1:$port/callback
coze_control '{"auto_approve":"allow"}' >"$work/control"
cat >"$work/register" <<END
curl -s -o "$work/page" --noproxy '*' -X POST --data-binary '{"clients":[{"id":"pkce-client.app.coze",
	"type":"pkce","redirect_uris":["$redirect"]}]}' "$COZE_CONTROL/control"
END
dialogue "keyturn login web --kind pkce --client-id pkce-client.app.coze --redirect-uri $redirect \\
	--api-base $COZE_API --www-base $COZE_WWW --no-browser" \
	"expect {register this redirect URI with the app, if not done: $redirect}
	expect -re {(http://[^\r]*authorize[^\r]*)\r}
	set url \$expect_out(1,string)
	expect {an error about redirect_uri there? register the URI above with the app}
	if {![regexp redirect_uri [exec curl -s --noproxy * \$url]]} { exit 97 }
	exec sh $work/register
	exec curl -s -L -o $work/page --noproxy * \$url
	expect {is stored}"
expect_status 0
must grep -q "<html lang=\"$(said en)\">" "$work/page"
types keyturn status web
expect_status 0
arrives

journey 'a PAT that was revoked'
printf 'pat_revoked\n' | keyturn login dead --api-base "$COZE_API" --with-token 2>"$work/stage.log"
types keyturn status dead
expect_status 3
types_remedy
minted pat >"$work/fresh"
dialogue "$remedy" "expect Token
	paste [exec cat $work/fresh]
	$unknown_end
	expect {the token works, as user}"
expect_status 0
types keyturn status dead
expect_status 0
arrives

journey 'a grant that is over'
grant dev device-client.app.coze device
control "{\"revoke\":\"$family\"}"
types keyturn refresh dev
expect_status 3
types_remedy
control '{"device_interval":1,"enforce_interval":false,"device_script":["approve"]}'
dialogue "$remedy" 'expect {on any device}
	expect {the token works}'
expect_status 0
types keyturn status dev
expect_status 0
arrives

journey 'an app that was deactivated'
control '{"clients":[{"id":"device-client.app.coze","active":false}]}'
types keyturn refresh dev
expect_status 3
expect_cause_and_remedy
expect_said "$(said 'have the app activated at ')"
control '{"clients":[{"id":"device-client.app.coze","active":true}]}'
types keyturn refresh dev
expect_status 0
arrives

journey 'a PAT that is about to end'
printf '%s\n' "$(minted pat)" | keyturn login soon --api-base "$COZE_API" --with-token --expires 3 \
	2>"$work/stage.log"
types keyturn list --ends 7
must grep -q "$(said 'soon .*in 3 days')" "$work/out"
types keyturn show soon
remedy=$(LC_ALL=C grep -ao 'keyturn login [ -~]*' "$work/out")
minted pat >"$work/fresh"
dialogue "$remedy" "expect Token
	paste [exec cat $work/fresh]
	expect {When does it end}
	answer {2099年1月31日}
	expect {is stored}"
expect_status 0
call keyturn list --ends 7
must_not grep -q soon "$work/out"
arrives

keyturn lock
home_leave
home_on_desktop
journey 'a keyring that is locked'
store_token main coze.cn pat_desktop
must desktop_lock
KEYTURN_CACHE=off
export KEYTURN_CACHE
types keyturn token
expect_status 4
types_remedy
dialogue "$remedy" "expect Password
	paste {$DESKTOP_PASSWORD}"
expect_status 0
types keyturn token
expect_output pat_desktop
arrives

finish

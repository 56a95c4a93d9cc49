#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn run.
set -eu

. "$(dirname "$0")/lib/home.sh"
need openssl python3
home_start
store_token work coze.cn pat_work

begin 'the command finds token and service in its environment'
call keyturn run work -- sh -c 'echo "$COZE_API_TOKEN $COZE_API_BASE"'
expect_status 0
expect_output 'pat_work https://api.coze.cn'
expect_said ''

begin 'its arguments are its own'
call keyturn run -- sh -c 'for argument; do echo "[$argument]"; done' - --json --help -- 'a b' ''
expect_output "$(printf '[%s]\n' --json --help -- 'a b' '')"

begin '--env names the variable'
call keyturn run work --env BOT_TOKEN -- sh -c 'echo "$BOT_TOKEN ${COZE_API_TOKEN-none}"'
expect_output 'pat_work none'

begin 'a name that no shell takes is refused'
for name in 1X 'A B' A=B '' A-B; do
	call keyturn run work --env "$name" -- echo ran
	expect_status 125
	expect_output ''
	expect_cause_and_remedy
done

begin 'the command gets stdin, the rest of the environment and the exit status'
input 'from stdin\n'
call env KEEP=kept GIO_USE_VFS=x keyturn run work -- sh -c 'cat; echo $KEEP $GIO_USE_VFS; exit 42'
expect_status 42
expect_output "$(printf 'from stdin\nkept x')"

begin 'no signal is ignored but what the caller ignores'
grep '^SigIgn:' /proc/self/status >"$work/signals"
call keyturn run work -- grep '^SigIgn:' /proc/self/status
expect_output "$(cat "$work/signals")"

begin 'no descriptor of ours is left open'
call keyturn run work -- sh -c 'ls -l /proc/self/fd | grep -c keyturn'
expect_output 0

begin 'a signal that ends the command is seen'
call keyturn run work -- sh -c 'kill -TERM $$'
expect_status 143

begin 'own failures are 125, 126, 127, as of env'
call keyturn run nobody -- echo ran
expect_status 125
expect_output ''
expect_cause_and_remedy
call keyturn run work -- /
expect_status 126
call keyturn run work -- /nonexistent/command
expect_status 127
call keyturn run work
expect_status 125
expect_cause_and_remedy
call keyturn run work --
expect_status 125
call keyturn run work --no-such-option -- echo ran
expect_status 125
expect_output ''

begin '--from-env and --env-file need no keyring'
call env COZE_API_TOKEN=pat_environment COZE_API_BASE=https://api.coze.cn KEYTURN_VAULT=/none \
	keyturn run --from-env -- sh -c 'echo "$COZE_API_TOKEN $COZE_API_BASE"'
expect_output 'pat_environment https://api.coze.cn'
printf 'COZE_API_TOKEN=pat_file\nCOZE_API_BASE=api.coze.cn\n' >"$work/env"
call keyturn run --env-file "$work/env" -- sh -c 'echo "$COZE_API_TOKEN $COZE_API_BASE"'
expect_output 'pat_file https://api.coze.cn'

begin 'a base that nobody named is not set'
printf 'COZE_API_TOKEN=pat_file\n' >"$work/env"
call keyturn run --env-file "$work/env" -- sh -c 'echo "$COZE_API_TOKEN ${COZE_API_BASE-none}"'
expect_output 'pat_file none'
call env COZE_API_TOKEN=pat_environment keyturn run --from-env -- \
	sh -c 'echo "$COZE_API_TOKEN ${COZE_API_BASE-none} ${COZELOOP_API_BASE_URL-none}"'
expect_output 'pat_environment none none'
call keyturn token --env-file "$work/env" --json
expect_json null service
call env COZE_API_BASE=https://api.coze.cn COZE_BASE_URL=https://stale.example \
	keyturn run --env-file "$work/env" -- sh -c 'echo "$COZE_API_BASE $COZE_BASE_URL"'
expect_output 'https://api.coze.cn https://api.coze.cn'

begin 'an app without a site is asked for, or found by its pages'
printf 'COZE_DEVICE_OAUTH_CLIENT_ID=device\n' >"$work/env"
call keyturn run --app --env-file "$work/env" -- echo ran
expect_status 125
expect_said 'no site is named'
expect_cause_and_remedy
printf '{"client_type":"device","client_id":"device","coze_www_base":"https://www.coze.com"}' \
	>"$work/config"
call keyturn run --app --config "$work/config" -- sh -c \
	'echo "$COZE_DEVICE_OAUTH_CLIENT_ID $COZE_API_BASE $COZE_BASE_WS_URL"'
expect_output 'device https://api.coze.com wss://ws.coze.com'
openssl genrsa 2048 2>/dev/null >"$work/key.pem"
printf 'COZE_JWT_OAUTH_CLIENT_ID=1\nCOZE_JWT_OAUTH_PUBLIC_KEY_ID=k\nCOZE_JWT_OAUTH_PRIVATE_KEY="%s"\n' \
	"$(cat "$work/key.pem")" >"$work/env"
call keyturn token --env-file "$work/env"
expect_status 2
expect_said 'no site is named'

begin 'an environment full of stale and foreign names: the command is the account that was named'
# Each name that a token, an app or a service may have, with a value that must not come through.
names='COZE_API_TOKEN COZE_API_KEY COZELOOP_API_TOKEN COZE_TOKEN COZE_PAT VITE_COZE_TOKEN
	VUE_APP_COZE_TOKEN TARO_APP_COZE_PAT TARO_APP_CHATFLOW_COZE_TOKEN COZE_API_BASE
	COZE_API_BASE_URL COZE_BASE_URL COZE_BASE_WS_URL COZELOOP_API_BASE_URL
	COZELOOP_OTLP_ENDPOINT COZE_WWW_BASE COZE_WEB_OAUTH_CLIENT_ID
	COZE_WEB_OAUTH_CLIENT_SECRET COZE_WEB_OAUTH_REDIRECT_URI COZE_PKCE_OAUTH_CLIENT_ID
	COZE_PKCE_OAUTH_REDIRECT_URI COZE_DEVICE_OAUTH_CLIENT_ID COZE_JWT_OAUTH_CLIENT_ID
	COZE_JWT_OAUTH_PRIVATE_KEY COZE_JWT_OAUTH_PRIVATE_KEY_FILE_PATH
	COZE_JWT_OAUTH_PUBLIC_KEY_ID COZELOOP_JWT_OAUTH_CLIENT_ID COZELOOP_JWT_OAUTH_PRIVATE_KEY
	COZELOOP_JWT_OAUTH_PUBLIC_KEY_ID COZELOOP_DEVICE_OAUTH_CLIENT_ID COZE_CLIENT_ID
	COZE_CLIENT_SECRET COZE_PRIVATE_KEY COZE_KEY_ID COZE_USE_CLI_TOKEN'
# full COMMAND...: with all of them.
full()
{
	# shellcheck disable=SC2046
	env $(for name in $names; do echo "$name=stale_$name"; done) COZE_WORKSPACE_ID=73 \
		COZE_BOT_ID=1 "$@"
}
call full keyturn run work -- env
must_not grep stale_ "$work/out"
for name in COZE_API_TOKEN COZE_API_KEY COZELOOP_API_TOKEN; do
	expect_line "$name=pat_work"
done
for name in COZE_API_BASE COZE_BASE_URL COZELOOP_API_BASE_URL; do
	expect_line "$name=https://api.coze.cn"
done
expect_line COZE_BASE_WS_URL=wss://ws.coze.cn
expect_line COZE_WORKSPACE_ID=73
expect_line COZE_BOT_ID=1
call full keyturn run work --env BOT_TOKEN -- env
must_not grep -e stale_ -e "^COZE_API_TOKEN=" "$work/out"
expect_line BOT_TOKEN=pat_work
call full keyturn run work --tool cozeloop -- env
must_not grep -e stale_ -e "^COZE_API_TOKEN=" "$work/out"
expect_line COZELOOP_API_TOKEN=pat_work

begin '--app gives the app alone, its key as a file that ends with the command'
call full keyturn run --app --config "$work/config" -- env
must_not grep -e stale_ -e "TOKEN=" "$work/out"
expect_line COZE_DEVICE_OAUTH_CLIENT_ID=device
printf 'COZE_API_BASE=api.coze.cn\n' >>"$work/env"
call full keyturn run --app --env-file "$work/env" -- sh -c 'env
	sh -c "cat \"\$1\" \"\$1\"; echo spoilt 2>&- >\"\$1\" || echo kept" - "$COZE_JWT_OAUTH_PRIVATE_KEY_FILE_PATH"'
must_not grep -e stale_ -e "TOKEN=" "$work/out"
must [ "$(grep -c -e '-----BEGIN PRIVATE KEY' "$work/out")" -ge 4 ]
expect_line COZE_JWT_OAUTH_CLIENT_ID=1
expect_line COZE_JWT_OAUTH_PUBLIC_KEY_ID=k
expect_line kept
sed -n 's/^COZE_JWT_OAUTH_PRIVATE_KEY_FILE_PATH=//p' "$work/out" >"$work/path"
must test -s "$work/path"
must_not test -e "$(cat "$work/path")"
call keyturn run work --app -- echo ran
expect_status 125
expect_said 'is for an app'
call keyturn run work --app --tool mcp -- echo ran
expect_status 125
expect_cause_and_remedy

begin '--tool names the tool that reads them'
call env OPENAI_ORGANIZATION=stale OPENAI_BASE_URL=stale COZE_API_TOKEN=other \
	keyturn run work --tool openai -- env
expect_line OPENAI_API_KEY=pat_work
expect_line OPENAI_BASE_URL=https://api.coze.cn
expect_line COZE_API_TOKEN=other
must_not grep -F OPENAI_ORGANIZATION "$work/out"
call env GH_ENTERPRISE_TOKEN=stale keyturn run work --tool github -- env
expect_line GH_TOKEN=pat_work
expect_line GH_HOST=api.coze.cn
must_not grep -F GH_ENTERPRISE_TOKEN "$work/out"
call keyturn run work --tool nothing -- echo ran
expect_status 125
expect_output ''
expect_cause_and_remedy

begin 'the token is in the environment of the command alone, and in no argument'
call keyturn run work -- sh -c 'tr "\0" "\n" </proc/$PPID/environ | grep -c "pat_[w]ork"'
expect_output 0
call keyturn run work -- sh -c 'tr "\0" "\n" </proc/$$/cmdline | grep -c "pat_[w]ork"'
expect_output 0

# ends_in SECONDS: a PAT whose end was typed so.
ends_in()
{
	printf 'pat_short\n' | keyturn login short --site coze.cn --with-token \
		--expires "$(date -d "+$1 seconds" '+%Y-%m-%d %H:%M:%S')" 2>"$work/stage.log"
}

# gone: nothing of ours runs any more; the watcher sees the end of its command a moment later.
gone()
{
	for turn in $(seq 200); do
		! none_is_left_behind || return 0
		sleep 0.02
	done
	complain "is left behind: $(cat "$work/left")"
}

begin 'a command that outlives its token is told so once, and nothing else changes'
mkdir -p "$work/managed/systemd"
: >"$work/managed/systemd/private"
ends_in 6
# shellcheck disable=SC2016
call env XDG_RUNTIME_DIR="$work/managed" timeout 60 keyturn run short -- sh -c '
	read -r children </proc/$$/task/$$/children && echo "its children: $children"
	until grep -q "asks keyturn itself" "$1"; do sleep 0.05; done
	exit 42' - "$work/err"
expect_status 42
expect_output ''
must [ "$(grep -c 'the token that sh was started with has ended' "$work/err")" -eq 1 ]
must [ "$(wc -l <"$work/err")" -eq 2 ]
gone

begin 'one that is shorter is not'
ends_in 600
call env XDG_RUNTIME_DIR="$work/managed" keyturn run short -- true
expect_status 0
expect_said ''
gone
keyturn logout short 2>/dev/null

finish

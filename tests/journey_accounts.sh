#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A person with accounts that are there already: a token in ~/.bashrc, two accounts of one git
# server, thirty accounts, another name and another default.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/git_server.sh"
. "$srcdir/tests/lib/journey.sh"
alone "$0" "$@"
need expect python3 git node curl
home_start
coze_server_start "$work/coze" || exit 1
host=${COZE_API#http://}
ends='expect "When does it end"'

# minted KIND: a token that the server takes.
minted()
{
	coze_mint '' "$1" | sed 's/.*"access_token":"\([^"]*\)".*/\1/'
}

journey 'a PAT from ~/.bashrc'
token=$(minted pat)
printf 'alias ll="ls -l"\nexport COZE_API_TOKEN="%s"\n' "$token" >"$HOME/.bashrc"
dialogue "keyturn login --env-file $HOME/.bashrc --api-base $COZE_API" "$ends
	answer {}
	expect -re {(sed -i [^\r]*)}"
expect_status 0
expect_unsaid "$token"
grep -o 'sed -i .*' "$work/out" | tr -d '\r' >"$work/typed"
types sh "$work/typed"
must [ "$(cat "$HOME/.bashrc")" = 'alias ll="ls -l"' ]
types keyturn status
expect_status 0
call keyturn doctor
must_not grep -q ' shell ' "$work/out"
arrives
keyturn logout main 2>/dev/null

journey 'git with two accounts at one server'
mkdir "$work/served"
for name in one two; do
	git init --quiet --bare "$work/served/$name.git"
done
git_serve Basic alice:secret-a bob:secret-b
types git config --global credential.helper keyturn
for user in alice bob; do
	dialogue "env GIT_TERMINAL_PROMPT=1 git clone http://$user@127.0.0.1:$port/one.git $work/$user" \
		"expect -re {Password for|的密码}
		paste secret-$(echo "$user" | cut -c1)"
	expect_status 0
done
for user in alice bob; do
	call git -C "$work/$user" fetch
	expect_status 0
	expect_said ''
done
call keyturn list --json
must [ "$(json accounts | grep -o '"account": "[a-z]*"' | tr -d '\n')" = '"account": "alice""account": "bob"' ]
arrives

journey 'the right one of thirty accounts'
for number in $(seq 30); do
	printf 'pat_n%02d\n' "$number" |
		keyturn login "n$(printf %02d "$number")" --api-base "$COZE_API" --with-token \
			--expires "$((number + 5))" 2>>"$work/stage.log"
done
keyturn default --unset
keyturn default --unset --host "$host"
dialogue 'keyturn token' "expect {1 to 19 of 30}
	answer n17
	expect {asked no more: keyturn default n17@$host}
	expect pat_n17"
expect_status 0
types keyturn default "n17@$host"
expect_status 0
call keyturn token
expect_output pat_n17
types keyturn list --ends 7
expect_status 0
must [ "$(wc -l <"$work/out")" -eq 3 ]
must grep -q "$(said 'n01 .*in 6 days')" "$work/out"
arrives

journey 'another name and another default'
types keyturn set n17 --name bot
expect_status 0
call keyturn token
expect_output pat_n17
types keyturn default n02
expect_status 0
call keyturn token
expect_output pat_n02
call keyturn token bot
expect_output pat_n17
call keyturn token n17
expect_status 1
arrives

finish

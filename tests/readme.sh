#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Each README alone leads from nothing to a first call: its commands are typed as they stand, in a fresh
# home, and its programs are run, with the test server in place of Coze. The Chinese one is followed by
# somebody whose programs speak Chinese.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/locale.sh"
need curl expect git node
need_module @coze/api
alone "$0" "$@"
home_make
coze_server_start "$work/coze" || exit 1
mkdir "$work/directory"
ln -s "$KEYTURN_NODE_MODULES" "$work/directory/node_modules"
coze_mint pkce-client.app.coze pat >"$work/minted"
token=$(member access_token <"$work/minted")

# example LANGUAGE NUMBER: that block of the README, for the test server.
example()
{
	awk -v language="$1" -v number="$2" '
		$0 == "```" language { inside = ++count == number; next }
		/^```/ { inside = 0 }
		inside' "$srcdir/$readme" | sed "s|https://api\.coze\.cn|$COZE_API|"
}

# types BEGINNING [asks]: the one command of the README that begins so, for the test server; at a terminal
# where it asks, and is told yes.
types()
{
	sed -n 's/^    //p' "$srcdir/$readme" | sed 's/ *  # .*//' | grep -e "^$1" |
		sort -u >"$work/found"
	[ "$(wc -l <"$work/found")" -eq 1 ] || complain "$readme has not one command that begins so: $1"
	sed -e "s|--site coze\.cn|--api-base $COZE_API|" -e "s|https://api\.coze\.cn|$COZE_API|" \
		-e "s|host=api\.coze\.cn|host=${COZE_API#http://}|; s|protocol=https|protocol=http|" \
		"$work/found" >"$work/typed"
	if [ "${2:-}" = asks ]; then
		at_terminal "spawn sh $work/typed
			expect -re {y/N}
			send \"y\\r\""
	else
		call sh "$work/typed"
	fi
	expect_status 0
}

# follow README WORD: of the heads of a table.
follow()
{
	readme=$1
	HOME=$work/$1
	mkdir "$HOME"
	cd "$work/directory"

	begin "$readme: a vault that is opened unasked, and a token in it"
	types 'keyturn vault create --key-file'
	printf '%s\n' "$token" >file-with-the-token
	types 'keyturn login work --site coze.cn --with-token --expires 30'
	types 'keyturn token work'
	expect_output "$token"
	types 'keyturn list'
	must grep -q "$2" "$work/out"

	begin "$readme: a first call by curl, and by Coze's SDK for Node"
	types 'keyturn header work | curl'
	must grep -qF tester "$work/out"
	example js 1 >bot.mjs
	call keyturn run work -- node bot.mjs
	expect_output tester
	example js 2 >long.mjs
	call node long.mjs
	expect_output tester

	begin "$readme: git asks keyturn, and the account goes again"
	types 'keyturn setup git$' asks
	types "printf 'protocol=https"
	must grep -qx "password=$token" "$work/out"
	types 'keyturn setup git --undo' asks
	must [ ! -s "$HOME/.gitconfig" ]
	types 'keyturn logout work'
	keyturn lock
	cd "$work"
}

follow README.md STATE
if [ "$(id -u)" -eq 0 ] && mountpoint -q "$TEST_ALONE"; then
	must locales_add zh_CN.UTF-8
	unset LC_ALL
	LANG=zh_CN.UTF-8
	export LANG
	follow README.zh-CN.md 过期时间
else
	echo '# no locale can be added here: the Chinese README is followed in English'
	follow README.zh-CN.md STATE
fi
finish

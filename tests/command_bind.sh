#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn bind, unbind, allow and which: what they say, keep and refuse. bind_layouts.sh has who answers
# where.
set -eu

. "$(dirname "$0")/lib/home.sh"
need git python3
alone "$0" "$@"
home_start

store_token work coze.cn pat_work
store_token home coze.cn pat_home
store_token com coze.com pat_com
for user in acme me; do
	printf 'protocol=https\nhost=github.com\nusername=%s\npassword=%s_secret\n\n' "$user" "$user" |
		keyturn store
done
keyturn default work@coze.cn 2>/dev/null
mkdir -p "$HOME/src/job/deep" "$HOME/src/job2" "$HOME/src/a b" "$HOME/src/项目" "$work/elsewhere"

# answers DIRECTORY TOKEN: there, from the keyring and then from the cache.
answers()
{
	for again in first second; do
		call sh -c 'cd "$1" && keyturn token' - "$1"
		[ "$(cat "$work/out")" = "$2" ] && continue
		complain "in $1 ($again time) answers $(cat "$work/out"), not $2"
		show_call
	done
}

# gets DIRECTORY URL PASSWORD: the same of git's question; '' nothing.
gets()
{
	for again in first second; do
		input 'url=%s\n\n' "$2"
		call sh -c 'cd "$1" && keyturn get' - "$1"
		got=$(sed -n 's/^password=//p' "$work/out")
		[ "$got" = "$3" ] && continue
		complain "in $1 $2 gets $got ($again time), not $3"
		show_call
	done
}

begin 'nothing is bound, and the default answers'
call keyturn bind
expect_status 0
expect_output ''
expect_said 'keyturn bind ACCOUNT'
answers "$HOME/src/job" pat_work
call keyturn which
expect_line 'work@coze.cn'
must grep -q '^\* default  *decides' "$work/out"

begin 'a directory is bound, with all below it'
call keyturn bind home "$HOME/src/job"
expect_status 0
expect_said "home@coze.cn answers in $HOME/src/job and below it"
answers "$HOME/src/job" pat_home
answers "$HOME/src/job/deep" pat_home
begin 'no directory beside it, nor above, nor one whose name begins so'
answers "$HOME/src" pat_work
answers "$HOME/src/job2" pat_work
answers / pat_work
begin 'the deepest directory wins'
must keyturn bind com@coze.com "$HOME/src/job/deep/" 2>"$work/stage.log"
answers "$HOME/src/job/deep" pat_com
answers "$HOME/src/job" pat_home
begin 'without a directory the working one is bound'
call sh -c 'cd "$HOME/src/a b" && keyturn bind home'
answers "$HOME/src/a b" pat_home
begin 'blanks and other scripts in a path'
must keyturn bind com "$HOME/src/项目" 2>"$work/stage.log"
answers "$HOME/src/项目" pat_com
ln -s "$HOME/src/job" "$work/link"
begin 'what is bound by a link is the directory'
must keyturn bind com "$work/link" 2>"$work/stage.log"
call keyturn bind
expect_line "directory  $HOME/src/job  com@coze.com"
must keyturn bind home "$work/link" 2>"$work/stage.log"
begin 'a deleted directory cannot be bound'
call sh -c 'mkdir "$HOME/gone" && cd "$HOME/gone" && rmdir "$HOME/gone" && keyturn bind home'
expect_status 2
expect_said 'the working directory is not there any more'
begin 'another HOME has bindings of its own'
mkdir -p "$work/root"
call sh -c 'cd "$1" && HOME=$2 KEYTURN_VAULT=$HOME/.local/share/keyturn/vault \
	KEYTURN_VAULT_KEY_FILE=$HOME/vault.key KEYTURN_KEYRING=vault keyturn bind' - \
	"$HOME/src/job" "$work/root"
expect_output ''

begin 'all directories, by the highest one'
must keyturn bind com / 2>"$work/stage.log"
answers "$work/elsewhere" pat_com
answers "$HOME/src/job" pat_home
must keyturn unbind / 2>"$work/stage.log"
answers "$work/elsewhere" pat_work
begin 'what is named, and KEYTURN_ACCOUNT, go before a binding'
call sh -c 'cd "$HOME/src/job" && keyturn token work@coze.cn && KEYTURN_ACCOUNT=com keyturn token'
expect_output "$(printf 'pat_work\npat_com')"
begin 'a host is never left: bindings to another are passed over'
gets "$HOME/src/job" https://api.coze.cn pat_home
gets "$HOME/src/job/deep" https://api.coze.cn pat_home
gets "$HOME/src/job/deep" https://api.coze.com pat_com
gets "$HOME/src/job" https://api.coze.com pat_com
gets "$HOME/src/job" https://other.example ''

begin 'which tells the reasons, and those that lost'
call sh -c 'cd "$HOME/src/job/deep" && keyturn which https://api.coze.cn/'
expect_status 0
expect_line 'home@coze.cn'
must grep -q "^  directory  *does not fit  $HOME/src/job/deep: com@coze.com" "$work/out"
must grep -q "^\* directory  *decides  *$HOME/src/job: home@coze.cn" "$work/out"
call sh -c 'cd "$HOME/src/job/deep" && keyturn which --json'
expect_json com account
expect_json directory reason
expect_json decides reasons 3 outcome
call keyturn which --json https://github.com/acme/tool
expect_status 1
expect_json not_found error code
expect_json null account
call keyturn which nonsense
expect_status 2

begin 'a prefix of a remote picks among several accounts'
gets "$HOME" https://github.com/acme/tool ''
call keyturn bind acme@github.com https://GitHub.com/acme/
expect_said 'acme@github.com answers for https://github.com/acme and'
expect_said 'credential.useHttpPath'
must keyturn bind me@github.com https://github.com:443 2>"$work/stage.log"
gets "$HOME" https://github.com/acme/tool.git acme_secret
gets "$HOME" https://github.com/acme acme_secret
gets "$HOME" https://github.com/acme2/tool me_secret
gets "$HOME" https://github.com/ac/tool me_secret
gets "$HOME" https://github.com me_secret
gets "$HOME" https://github.com:8443/acme/tool ''
begin 'a user name in the URL goes before it'
gets "$HOME" https://me@github.com me_secret
begin 'and it goes before a directory'
must keyturn bind me@github.com "$HOME/src/job" 2>"$work/stage.log"
gets "$HOME/src/job" https://github.com/acme/tool acme_secret
gets "$HOME/src/job" https://github.com/other/tool me_secret
call keyturn which https://github.com/acme/tool
must grep -q '^\* remote  *decides  *https://github.com/acme: acme@github.com' "$work/out"
begin 'git itself asks so'
printf 'url=https://github.com/acme/tool.git\n\n' | git -c credential.helper= \
	-c credential.helper=keyturn -c credential.useHttpPath=true credential fill >"$work/out"
expect_line password=acme_secret
begin 'an account is bound to its own host alone'
call keyturn bind work@coze.cn https://github.com/acme
expect_status 6
expect_said 'is never sent to github.com'
call keyturn bind me@github.com https://me:hunter2@github.com/
expect_status 6
expect_unsaid hunter2

begin 'two services in one directory'
must keyturn bind com@coze.com "$HOME/src/job" 2>"$work/stage.log"
gets "$HOME/src/job" https://api.coze.cn pat_home
gets "$HOME/src/job" https://api.coze.com pat_com
call sh -c 'cd "$HOME/src/job" && keyturn bind && keyturn unbind'
expect_status 0
must [ "$(grep -c "$HOME/src/job  " "$work/out")" -eq 3 ]
answers "$HOME/src/job" pat_work
answers "$HOME/src/job/deep" pat_com
call keyturn unbind "$HOME/src/job"
expect_status 1
expect_said 'is not bound'
call keyturn unbind https://github.com/acme/
expect_status 0
gets "$HOME" https://github.com/acme/tool me_secret

begin 'a directory that is gone is unbound by its path'
mkdir "$HOME/src/old"
must keyturn bind home "$HOME/src/old" 2>"$work/stage.log"
rmdir "$HOME/src/old"
call keyturn unbind "$HOME/src/old/"
expect_status 0

begin 'a cloned .keyturn is never obeyed unasked'
git init -q "$work/origin" 2>/dev/null
printf '# the team\nhome@coze.cn\n' >"$work/origin/.keyturn"
git -C "$work/origin" add .keyturn
git -C "$work/origin" -c user.name=x -c user.email=x@y.z commit -q -m x
git clone -q "$work/origin" "$HOME/src/clone" 2>/dev/null
answers "$HOME/src/clone" pat_work
gets "$HOME/src/clone" https://api.coze.cn pat_work
call sh -c 'cd "$HOME/src/clone" && keyturn which'
must grep -q "not allowed  *$HOME/src/clone/.keyturn is not obeyed" "$work/out"
begin 'it is, once it was allowed'
call keyturn allow "$HOME/src/clone"
expect_status 0
expect_said "$HOME/src/clone/.keyturn is obeyed as it is now: home@coze.cn"
answers "$HOME/src/clone" pat_home
gets "$HOME/src/clone" https://api.coze.cn pat_home
gets "$HOME/src/clone" https://api.coze.com pat_com
begin 'whoever asks elsewhere makes no difference, nor does a touch'
answers "$HOME/src" pat_work
answers "$HOME/src/clone" pat_home
touch "$HOME/src/clone/.keyturn"
answers "$HOME/src/clone" pat_home
answers "$HOME/src" pat_work
answers "$HOME/src/clone" pat_home
begin 'and no more after any change, at once'
printf 'com\n' >"$HOME/src/clone/.keyturn"
answers "$HOME/src/clone" pat_work
call keyturn bind
must grep -q 'not obeyed: not as it was allowed' "$work/out"
begin 'allowed again, changed back, removed'
must keyturn allow "$HOME/src/clone" 2>"$work/stage.log"
answers "$HOME/src/clone" pat_com
rm "$HOME/src/clone/.keyturn"
answers "$HOME/src/clone" pat_work
printf 'com\n' >"$HOME/src/clone/.keyturn"
answers "$HOME/src/clone" pat_com
must keyturn unbind "$HOME/src/clone" 2>"$work/stage.log"
answers "$HOME/src/clone" pat_work
begin 'a file that cannot be one is refused'
while read -r content said; do
	# shellcheck disable=SC2059
	printf -- "$content" >"$HOME/src/clone/.keyturn"
	call keyturn allow "$HOME/src/clone"
	expect_status 2
	expect_said "$said"
	expect_unsaid canary
done <<'END'
pat_canary0123456789abcdef0123456789\n this may be a token
#nothing\n no account is named
-x\n line 1
a\0b\n no text
END
rm "$HOME/src/clone/.keyturn"
ln -s /etc/passwd "$HOME/src/clone/.keyturn"
call keyturn allow "$HOME/src/clone"
expect_status 2
rm "$HOME/src/clone/.keyturn"
call keyturn allow "$HOME/src/clone"
expect_status 2
expect_said 'there is no file .keyturn'

begin 'where the account of a binding is gone no other answers'
store_token late coze.cn pat_late
must keyturn bind late "$HOME/src/job2" 2>"$work/stage.log"
answers "$HOME/src/job2" pat_late
keyturn logout late 2>/dev/null
call sh -c 'cd "$HOME/src/job2" && keyturn token'
expect_status 1
expect_output ''
expect_said 'is bound to late@coze.cn, which is not stored'
gets "$HOME/src/job2" https://api.coze.cn ''
gets "$HOME/src/job2" https://api.coze.com pat_com
store_token late coze.cn pat_later
answers "$HOME/src/job2" pat_later
begin 'a renamed account stays bound, and a file that has the old name is told'
printf 'late\n' >"$work/elsewhere/.keyturn"
must keyturn allow "$work/elsewhere" 2>"$work/stage.log"
answers "$work/elsewhere" pat_later
call keyturn set late --name later
expect_said "$work/elsewhere/.keyturn names it late still: write later@coze.cn there, then run: keyturn allow $work/elsewhere"
answers "$HOME/src/job2" pat_later
must keyturn unbind "$work/elsewhere" 2>"$work/stage.log"
rm "$work/elsewhere/.keyturn"

begin 'a file of an editor that marks the order of bytes is read as any other'
printf '\357\273\277later@coze.cn\n' >"$work/elsewhere/.keyturn"
must keyturn allow "$work/elsewhere" 2>"$work/stage.log"
answers "$work/elsewhere" pat_later
must keyturn unbind "$work/elsewhere" 2>"$work/stage.log"
rm "$work/elsewhere/.keyturn"

begin 'a choice is remembered if the person says so'
need expect
keyturn default --unset 2>/dev/null
at_terminal "spawn -noecho sh -c {cd '$work/elsewhere'; keyturn token}
	expect {with a + it is remembered here}
	send {com+}
	send \\r
	expect pat_com"
expect_status 0
answers "$work/elsewhere" pat_com
keyturn default work@coze.cn 2>/dev/null

begin 'the file of bindings holds nothing secret, and what cannot be read is passed over'
must_not grep -qE 'pat_|secret' "$HOME/.config/keyturn/bindings"
printf 'nonsense\ndirectory =x\n%s\n' 'directory =/ =https =api.coze.cn = =%' \
	>>"$HOME/.config/keyturn/bindings"
answers "$HOME/src/job2" pat_later

finish

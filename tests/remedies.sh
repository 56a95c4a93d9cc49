#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every failure that can be provoked here says what to do, and what it says can be typed: a command
# of keyturn in it is run as it stands, and mends the failure, or asks for what only the person has.
set -eu

. "$(dirname "$0")/lib/home.sh"
need expect python3
home_start
failures=0
followed=0

# remedy_of: the line below the cause.
remedy_of()
{
	sed -n '2s/^keyturn: //p' "$work/err"
}

# fails STATUS PATTERN COMMAND...: it fails so, and its remedy matches the pattern.
fails()
{
	wanted=$1
	pattern=$2
	shift 2
	failures=$((failures + 1))
	call "$@"
	expect_status "$wanted"
	expect_cause_and_remedy
	remedy_of | grep -q -e "$pattern" || {
		complain "the remedy of '$*' does not say $pattern"
		show_call
	}
	follow "$*"
}

# The typed command did it, or asks for what only the person has: a token, a site.
leads_on()
{
	[ "$follow_status" -eq 0 ] ||
		grep -q -e 'no token was given' -e 'no service is named' "$work/follow.err"
}

# corrected WORDS: with the option that was meant in place of the last one.
corrected()
{
	option=$(remedy_of | sed -n 's/^did you mean \(--[a-z-]*\)?$/\1/p')
	[ -z "$option" ] || echo "$1" | sed "s/.* --[a-z-]*$/&/; s/--[a-z-]*$/$option/"
}

# follow WORDS: the command in the remedy of those words is typed as it stands, in a copy of the
# home. Words in capitals are the person's own, and a remedy without a command is for a person.
follow()
{
	corrected "$1" >"$work/follow"
	is_option=$([ -s "$work/follow" ] && echo true || echo false)
	$is_option || typed >"$work/follow"
	if [ ! -s "$work/follow" ] || grep -q ' [A-Z][A-Z]*\b' "$work/follow"; then
		return
	fi
	followed=$((followed + 1))
	rm -rf "$work/copy"
	cp -a "$HOME" "$work/copy"
	echo 'print("ran")' >"$work/bot.py"
	follow_status=0
	(cd "$work" && HOME=$work/copy KEYTURN_VAULT_KEY_FILE=$work/copy/vault.key sh follow) \
		>"$work/follow.out" 2>"$work/follow.err" </dev/null || follow_status=$?
	if $is_option; then
		! grep -q 'has no option' "$work/follow.err"
	else
		leads_on
	fi || {
		complain "the remedy of '$1' does not lead on: $(cat "$work/follow")"
		sed 's/^/#   stderr: /' "$work/follow.err"
	}
}

# typed: the command in the remedy, from "keyturn" to its end.
typed()
{
	remedy_of | sed 's/ (.*//' | sed -n 's/.*\(keyturn [a-z].*\)$/\1/p'
}

# mends: what the remedy says is run as it stands, and succeeds.
mends()
{
	typed >"$work/remedy"
	must test -s "$work/remedy"
	call sh "$work/remedy"
	expect_status "${1:-0}"
}

token()
{
	input 'pat_%s\n' "$1"
}

begin 'a word that is none is answered with the one that was meant'
fails 2 'keyturn help' keyturn
mends
while read -r word meant; do
	fails 2 "did you mean $meant?" keyturn "$word"
	mends
done <<END
toekn token
logn login
lgoin login
lst list
ls list
rm logout
whoami status
defualt default
docter doctor
unlok unlock
vualt vault
stauts status
END
fails 2 'keyturn help' keyturn banana
mends
fails 2 'keyturn help' keyturn help banana
mends

begin 'an option that is none is answered with the one that was meant'
while read -r command option meant; do
	fails 2 "did you mean --$meant?" keyturn "$command" "--$option"
done <<END
login siet site
login clientid client-id
login with-tokn with-token
token min-vald min-valid
list jsn json
set expirs expires
default hots host
lock deskop desktop
refresh deu due
END
for command in login token header list show set default logout reject lock unlock vault doctor; do
	fails 2 "keyturn help $command" keyturn "$command" --banana
	mends
done
fails 2 'keyturn login --with-token' keyturn login --token
fails 2 'keyturn help token' keyturn token --min-valid
mends
fails 2 'keyturn help list' keyturn list --json=x
mends
fails 2 'with -- before' keyturn login '—with-token'

begin 'a login that cannot be is told what is missing'
token one
fails 2 '--site coze.cn' keyturn login --with-token
fails 2 '--with-token' keyturn login --site coze.cn
token one
fails 2 'did you mean --site coze.com?' keyturn login --site coze.con --with-token
token one
fails 2 '--api-base' keyturn login --site example.org --with-token
token one
fails 6 'https://' keyturn login --api-base http://api.example.com --with-token
fails 2 'give the token alone' keyturn login --site cn --with-token
for paste in 'pat_****' 'pat_a...b' 'pat_xxxx'; do
	input "$paste"
	fails 2 'make a new one' keyturn login --site cn --with-token
done
for paste in 'pat_a b' 'pat_a\342\200\213b' '\357\275\220at_a' 'pat_\303\244' 'pat_\377'; do
	input "$paste"
	fails 2 'copy it again' keyturn login --site cn --with-token
done
input hunter2
fails 2 '--force' keyturn login --site cn --with-token
token one
fails 2 'choose a name' keyturn login --site cn --with-token -- -x
token one
fails 6 'revoke it' keyturn login pat_A1b2C3d4E5f6G7h8I9j0 --site cn
fails 2 '--client-id' keyturn login --site cn --kind device
fails 2 '--client-secret-file' keyturn login --site cn --kind web --client-id 1
fails 2 '--private-key-file' keyturn login --site cn --kind jwt --client-id 1
fails 2 'keyturn help login' keyturn login --site cn --kind banana
mends
fails 2 'COZE_API_TOKEN' keyturn login --site cn --from-env
token one
fails 2 'keyturn help login' keyturn login --site cn --with-token --expires soon
mends

begin 'an account that is not there'
fails 1 'keyturn login --site coze.cn --with-token' keyturn token
token first
mends
call keyturn token
expect_output pat_first
fails 1 'keyturn list' keyturn token nobody
mends
fails 1 'did you mean main?' keyturn token mian
for command in token header show logout default status; do
	fails 1 'keyturn list' keyturn "$command" nobody
	mends
done
fails 1 'keyturn list' keyturn set nobody --accept
mends
input 'x\n'
fails 1 'keyturn list' keyturn reject nobody
mends
input 'protocol=https\nhost=git.example.com\nusername=alice\npassword=p\n\n'
call keyturn store
for command in token header status; do
	fails 1 'keyturn show alice' keyturn "$command" alice
	mends
	expect_line 'kind         password'
done

begin 'an account that would be replaced'
token second
call keyturn login second --site cn --with-token
input 'sat_x\n'
fails 6 '--replace' keyturn login second --site cn --with-token
fails 6 '--replace' keyturn login second --site cn --kind device --client-id 1
call keyturn token second
expect_output pat_second

begin 'several accounts, and no default'
keyturn default --unset 2>/dev/null
keyturn default --unset --host cn 2>/dev/null
fails 2 'keyturn default ACCOUNT' keyturn token
call keyturn default
expect_status 1
expect_said 'keyturn default ACCOUNT'
fails 1 '--host api.coze.com' keyturn default --host com
fails 2 'keyturn default' keyturn default main --host com
mends
call keyturn token
expect_output pat_first

begin 'a refused token'
input 'pat_second\n'
call keyturn reject second
for command in token header status; do
	fails 3 'keyturn login' keyturn "$command" second
done
typed >"$work/remedy"
input 'pat_again\n'
call sh "$work/remedy"
call keyturn token second
expect_output pat_again

begin 'wrong words for a command'
fails 2 'keyturn list' keyturn reject
mends
fails 2 'keyturn help set' keyturn set main
mends
fails 2 'keyturn login main@coze.cn --with-token' keyturn refresh main
input 'pat_first\n'
mends
fails 2 'keyturn show ACCOUNT' keyturn list main
fails 2 'keyturn list' keyturn set main --name second
mends
fails 2 'keyturn help token' keyturn token main second
mends
fails 2 'keyturn help default' keyturn default main --unset
mends
fails 2 'keyturn list' keyturn token main --session-name x
mends
fails 125 'keyturn run main -- python3 bot.py' keyturn run main python3 bot.py
fails 125 'keyturn run -- python3 bot.py' keyturn run python3 bot.py
fails 125 'keyturn help run' keyturn run --banana -- true
mends
fails 127 'directory of PATH' keyturn run main -- no-such-program
fails 127 'leave the quotes away' keyturn run main -- 'echo one'

begin 'a locked vault and one that is not there'
fails 2 'keyturn' keyturn vault banana
fails 2 'keyturn vault status' keyturn vault create --key-file "$HOME/other.key"
mends
mv "$HOME/vault.key" "$HOME/moved.key"
keyturn lock
fails 4 'put the key file back, or name it in KEYTURN_VAULT_KEY_FILE' \
	env KEYTURN_CACHE=off keyturn token main
call env KEYTURN_VAULT_KEY_FILE="$HOME/moved.key" keyturn token main
expect_output pat_first
mv "$HOME/moved.key" "$HOME/vault.key"

begin 'several accounts fit, or none of that sort'
token three
call keyturn login three --site cn --with-token
token four
call keyturn login three --site com --with-token
fails 2 'name one of them' keyturn show three
fails 2 'name one of them' keyturn logout three
fails 2 'keyturn list --ends 7' keyturn list --ends soon
mends
fails 2 'keyturn help list' keyturn list --kind banana
mends
fails 2 'give a site or a host' keyturn list --site pat_A1b2
fails 2 'keyturn help status' keyturn status --all main
mends
fails 2 'give a site or a host' keyturn default main --host pat_A1b2
fails 2 'keyturn help default' keyturn default --banana
mends
fails 1 'keyturn list' keyturn token pat_A1b2
mends

begin 'a place that cannot be bound, and what is bound to nobody'
fails 2 'name a directory that is there' keyturn bind main /no/such/place
fails 2 'name a directory that is there' keyturn allow /no/such/place
fails 2 'keyturn bind ACCOUNT DIR' keyturn allow "$HOME"
fails 1 'keyturn bind' keyturn unbind "$HOME"
mends
fails 6 'keyturn list' keyturn bind main https://github.com/acme
mends
fails 6 'leave it away, and change it' keyturn bind main https://me:secret@github.com/
fails 2 'https://github.com/acme' keyturn bind main ssh://git@github.com/acme
fails 2 'with https://' keyturn which github.com
fails 1 'keyturn list' keyturn which https://nobody.example/
mends

begin 'a name, an end, a provider that is none'
fails 2 'choose a name' keyturn set main --name "$(printf 'a\tb')"
fails 6 'revoke it' keyturn set main --name 'COZE_API_TOKEN=pat_A1b2C3d4E5f6G7h8I9j0'
fails 2 'give a day to come' keyturn set main --expires 2020-01-31
fails 2 'keyturn help set' keyturn set main --expires tomorrow
mends
for option in --client-secret-file --private-key-file --scope; do
	fails 2 'keyturn list' keyturn set main "$option" "$HOME/vault.key"
done
mends
fails 2 'keyturn providers' keyturn login --provider banana --client-id 1
mends
fails 2 'keyturn providers' keyturn providers banana
mends

begin 'a service that does not answer'
token near
call keyturn login near --api-base http://127.0.0.1:9 --with-token
fails 5 'try again' keyturn status near
input 'x\n'
fails 2 'such as https://api.coze.cn' keyturn login near --api-base near --with-token
keyturn logout near 2>/dev/null

begin 'a file that is not there'
fails 2 . keyturn login x --site cn --env-file "$work/none"
fails 2 . keyturn login x --config "$work/none"
fails 2 . keyturn login x --site cn --kind jwt --client-id 1 --public-key-id k \
	--private-key-file "$work/none"
fails 2 . keyturn login x --site cn --kind web --client-id 1 --client-secret-file "$work/none"
fails 2 . keyturn token --env-file "$work/none"
fails 2 . keyturn token --config "$work/none"

begin 'there are a hundred and twenty of them, and most say what to type'
echo "# $failures failures, $followed remedies were typed"
must [ "$failures" -ge 120 ]
must [ "$followed" -ge 80 ]

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn login with a PAT or SAT, and what is refused before anybody is asked.
set -eu

. "$(dirname "$0")/lib/home.sh"
need expect openssl python3
home_start

begin 'a token from stdin is kept under the name main'
input 'pat_one\n'
call keyturn login --site coze.cn --with-token
expect_status 0
expect_output ''
expect_said 'main@coze.cn is stored'
expect_unsaid pat_one
call keyturn token
expect_output pat_one

begin 'the keyring of the first login is recorded, and holds nothing secret'
must [ "$(cat "$HOME/.config/keyturn/keyring")" = vault ]

begin 'blanks and line ends around a token are removed'
input ' \t pat_two \r\n\n'
call keyturn login --site coze.cn --with-token
expect_status 0
call keyturn token
expect_output pat_two

begin 'a token without a line end is taken'
input 'pat_three'
call keyturn login --site=coze.cn --with-token
expect_status 0
call keyturn token
expect_output pat_three

begin 'a token that begins sat_ is a SAT, any other a PAT'
input 'sat_one\n'
call keyturn login service --site coze.com --with-token
expect_status 0
call keyturn show service --json
expect_json sat kind
expect_json https://api.coze.com service
input 'cztei_other\n'
call keyturn login other --site coze.com --with-token
call keyturn show other --json
expect_json pat kind

begin 'an account stored again with another kind leaves one item'
input 'sat_now\n'
call keyturn login other --site coze.com --with-token
expect_status 6
expect_cause_and_remedy
expect_said --replace
call keyturn token other
expect_output cztei_other
input 'sat_now\n'
call keyturn login other --site coze.com --with-token --replace
expect_status 0
call keyturn list --json
must [ "$(grep -o '"account":"other"' "$work/out" | wc -l)" -eq 1 ]
call keyturn token other
expect_output sat_now

begin "a name that a shell would read otherwise is quoted where it is to be typed"
for name in 'my work' "o'neill" '$HOME;id' '工作'; do
	input 'pat_quoted\n'
	call keyturn login "$name" --site coze.cn --with-token
	expect_status 0
	sed -n 's/.* try: //p' "$work/err" >"$work/typed"
	call sh "$work/typed"
	expect_status 0
	expect_output pat_quoted
	call keyturn logout "$name"
	expect_status 0
done

begin 'an address to open is told whole, however long it is'
long=$(printf '%0700d' 7)
input 'nothing\n'
call keyturn login long --site coze.cn --kind pkce --client-id "$long" --paste
expect_status 2
expect_said "client_id=$long&redirect_uri="
expect_said 'code_challenge_method=S256'

begin 'a typing error of an option or a site gets its suggestion, and names it'
call keyturn login --wit-token
expect_status 2
expect_said 'login has no option --wit-token'
expect_said 'did you mean --with-token?'
call keyturn login --token
expect_said 'to type a token: keyturn login --with-token'
call keyturn login x --site coze.con --with-token
expect_said '--site coze.con: known are coze.cn and coze.com'
expect_said 'did you mean --site coze.com?'
call keyturn login '—with-token'
expect_said "a dash that is not '-'"

begin 'NAME@SITE names both'
input 'pat_at\n'
call keyturn login at@coze.com --with-token
expect_status 0
call keyturn show at --json
expect_json at account
expect_json https://api.coze.com service

begin 'NAME@OTHER-SITE with --site is a name as a whole'
input 'pat_whole\n'
call keyturn login me@coze.com --site coze.cn --with-token
expect_status 0
call keyturn show me@coze.com --json
expect_json me@coze.com account
expect_json https://api.coze.cn service

begin 'the service of another server is given by its address'
input 'pat_base\n'
call keyturn login base --api-base https://API.Example.com:443/v1/ --with-token
expect_status 0
call keyturn show base --json
expect_json https://api.example.com/v1 service

begin 'plain http is taken for the own machine alone'
input 'pat_near\n'
call keyturn login near --api-base http://127.0.0.1:8080 --with-token
expect_status 0
input 'pat_far\n'
call keyturn login far --api-base http://api.example.com --with-token
expect_status 6
expect_cause_and_remedy
expect_said 'ssh -L'
for far in http://localhost.example.com:8080 http://localhosts; do
	input 'pat_far\n'
	call keyturn login far --api-base "$far" --with-token
	expect_status 6
done

begin 'localhost is taken as its address, whatever it resolves to'
input 'pat_local\n'
call keyturn login local --api-base http://localhost:8081 --with-token
expect_status 0
call keyturn show local --json
expect_json http://127.0.0.1:8081 service
call keyturn run local -- printenv COZE_API_BASE
expect_output http://127.0.0.1:8081

begin 'without --site COZE_API_BASE says where'
input 'pat_env\n'
call env COZE_API_BASE=https://api.coze.com keyturn login env --with-token
expect_status 0
call keyturn show env --json
expect_json https://api.coze.com service

begin 'without any of them a login is refused, before the token is read'
input 'pat_nowhere\n'
call keyturn login nowhere --with-token
expect_status 2
expect_cause_and_remedy
expect_said '--site coze.cn'

begin 'a new token for a stored account goes to its service, which is said'
store_token known coze.com pat_known
input 'pat_newer\n'
call keyturn login known --with-token
expect_status 0
expect_said 'known is stored for coze.com, and so is the new token'
call keyturn token known
expect_output pat_newer
must [ "$(keyturn list | grep -c ' known ')" -eq 1 ]

begin 'unless another is named, or several have the name'
input 'pat_elsewhere\n'
call env COZE_API_BASE=https://api.coze.cn keyturn login known --with-token
expect_status 0
must_not grep -q 'and so is the new token' "$work/err"
input 'pat_nowhere\n'
call keyturn login known --with-token
expect_status 2
expect_said '--site coze.cn'
keyturn logout known@coze.cn 2>/dev/null
keyturn logout known@coze.com 2>/dev/null

begin 'the first login becomes the default, later ones never move it'
call keyturn default
expect_output main@coze.cn

begin 'a typed end is kept: days, a date, never'
for end in 90 2099-12-31 never; do
	input 'pat_end\n'
	call keyturn login end --site coze.cn --with-token --expires "$end"
	expect_status 0
done
call keyturn show end --json
expect_json null expires_at
input 'pat_end\n'
call keyturn login end --site coze.cn --with-token --expires 2099-12-31
call keyturn show end
must grep -q '2099-12-31 23:59' "$work/out"
input 'pat_end\n'
call keyturn login end --site coze.cn --with-token --expires 10
call keyturn show end --json
left=$(($(json expires_at) - $(date +%s)))
must [ "$left" -gt 863900 ] && must [ "$left" -le 864000 ]

begin 'a date as a console writes it'
while read -r end seen; do
	input 'pat_end\n'
	call keyturn login end --site coze.cn --with-token --expires "$end"
	expect_status 0
	call keyturn show end
	expect_line "ends         2099-01-05 $seen"
done <<END
2099/01/05 23:59
2099/1/5 23:59
2099.1.5 23:59
2099-1-5 23:59
2099年1月5日 23:59
２０９９－０１－０５ 23:59
2099-01-05T08:07 08:07
2099-01-05T08:07:06 08:07
END
for end in 永久 NEVER; do
	input 'pat_end\n'
	call keyturn login end --site coze.cn --with-token --expires "$end"
	call keyturn show end
	expect_line 'ends         never'
done

begin 'at a terminal the end is asked for, and asked again after a slip'
at_terminal 'spawn keyturn login asked --site coze.cn --with-token
	expect "Token"
	send "pat_asked\r"
	expect "When does it end"
	send "2020-01-01\r"
	expect "the end of the token is past: 2020-01-01; try again (2 left)"
	expect "When does it end"
	send "\"2099-01-05 08:07\"\r"
	expect "is stored"'
expect_status 0
call keyturn show asked
expect_line 'ends         2099-01-05 08:07'
at_terminal 'spawn keyturn login asked --site coze.cn --with-token --expires 30
	expect "Token"
	send "pat_again\r"
	expect "is stored"'
expect_status 0
must_not grep -q 'When does' "$work/out"
at_terminal 'spawn keyturn login asked --site coze.cn --with-token
	expect "Token"
	send "pat_never\r"
	expect "When does it end"
	send "\004"'
expect_status 2
call keyturn token asked
expect_output pat_again
keyturn logout asked 2>/dev/null

begin 'a token that is exported is told of'
at_terminal 'spawn env COZE_API_TOKEN=pat_old keyturn login exported --site coze.cn --with-token --expires 30
	expect "Token"
	send "pat_new\r"
	expect "COZE_API_TOKEN is exported here"'
expect_status 0
keyturn logout exported 2>/dev/null

begin 'an end that is none is refused'
for end in 0 -1 36501 2001-01-01 2099-02-30 2099-1 2099-13-01 2099-01-32 20990-1-1 2099-01-01x \
	'2099-01-01 24:00' '2099-01-01 8' soon 1.5 ''; do
	input 'pat_end\n'
	call keyturn login end --site coze.cn --with-token --expires "$end"
	expect_status 2
	expect_cause_and_remedy
done

begin '--authtype is bearer'
input 'pat_b\n'
call keyturn login b --site coze.cn --with-token --authtype bearer
expect_status 0
input 'pat_b\n'
call keyturn login b --site coze.cn --with-token --authtype basic
expect_status 2
expect_cause_and_remedy

begin '--git-username is what git is told'
input 'pat_gitname\n'
call keyturn login gitname --api-base https://git.example.com --with-token --git-username oauth2
expect_status 0
input 'protocol=https\nhost=git.example.com\n\n'
call keyturn get
expect_line username=oauth2
expect_line password=pat_gitname

begin '--site and --api-base exclude each other'
input 'pat_x\n'
call keyturn login x --site coze.cn --api-base https://api.example.com --with-token
expect_status 2
expect_cause_and_remedy

begin 'without a terminal a way has to be named'
call keyturn login x --site coze.cn
expect_status 2
expect_cause_and_remedy
expect_said '--with-token'

begin 'a name is text without control characters that does not begin with a hyphen'
input 'pat_x\n'
call keyturn login "$(printf 'a\nb')" --site coze.cn --with-token
expect_status 2
expect_cause_and_remedy
input 'pat_x\n'
call keyturn login --site coze.cn --with-token -- -x
expect_status 2
input 'pat_x\n'
call keyturn login 'Jürgen Müller' --site coze.cn --with-token
expect_status 0
call keyturn token 'Jürgen Müller'
expect_output pat_x

begin 'a new login mends a refused token'
input 'pat_bad\n'
call keyturn login again --site coze.cn --with-token
input 'pat_bad\n'
call keyturn reject again
call keyturn token again
expect_status 3
input 'pat_good\n'
call keyturn login again --site coze.cn --with-token
expect_status 0
call keyturn token again
expect_output pat_good

begin 'at a terminal site and token are asked for, and the token is not shown'
at_terminal 'spawn keyturn login typed
	expect "Which site"
	send "coze.com\r"
	expect "Token"
	send "pat_typed\r"
	expect "When does it end? A date as the console shows it, 30d or never; Enter if unknown: "
	send "\r"'
expect_status 0
expect_unsaid pat_typed
must grep -q 'https://www.coze.com/open/oauth/pats' "$work/out"
call keyturn token typed
expect_output pat_typed

begin 'a login that is broken off at the question leaves nothing'
at_terminal 'spawn keyturn login broken --site coze.com
	expect "Token"
	send "\003"'
expect_status 2
call keyturn token broken
expect_status 1

begin 'without a name, at a terminal, a login over a stored one is asked for a name'
at_terminal 'spawn keyturn login --site coze.cn --with-token
	expect "main@coze.cn is here already: pat"
	expect "A name for this login (main: replace main@coze.cn): "
	send "second\r"
	expect "Token"
	send "pat_second_one\r"
	expect "When does it end"
	send "\r"'
expect_status 0
call keyturn token main
expect_output pat_three
call keyturn token second
expect_output pat_second_one

begin 'an empty name is asked again, and the end of the input leaves all as it was'
at_terminal 'spawn keyturn login --site coze.cn --with-token
	expect "A name for this login"
	send "\r"
	expect "1 to 255 bytes"
	expect "A name for this login"
	send "\004"'
expect_status 2
call keyturn token main
expect_output pat_three

begin 'its own name replaces it'
at_terminal 'spawn keyturn login --site coze.cn --with-token
	expect "A name for this login"
	send "main\r"
	expect "Token"
	send "pat_four\r"
	expect "When does it end"
	send "\r"'
expect_status 0
call keyturn token main
expect_output pat_four

begin 'a login of another kind is asked about at a terminal'
input 'sat_kept\n'
call keyturn login kept --site coze.cn --with-token
at_terminal 'spawn keyturn login kept --site coze.cn --kind device --client-id 310000000001.app.coze
	expect "kept@coze.cn is here already: sat"
	expect "Replace kept@coze.cn? "
	send "n\r"'
expect_status 2
call keyturn token kept
expect_output sat_kept

begin 'without a terminal it takes --replace, and is refused before anything is asked of the service'
call keyturn login kept --site coze.cn --kind device --client-id 310000000001.app.coze
expect_status 6
expect_cause_and_remedy
expect_said '--replace'

begin 'a token as an argument is refused, stored nowhere, and said to be in the history'
for words in 'login pat_A1b2C3d4E5f6G7h8I9j0' 'login x --site coze.cn pat_A1b2C3d4E5f6G7h8I9j0' \
	'login --token=pat_A1b2C3d4E5f6G7h8I9j0' 'token sat_A1b2C3d4E5f6G7h8I9j0' \
	'set main --name pat_A1b2C3d4E5f6G7h8I9j0'; do
	# shellcheck disable=SC2086
	call keyturn $words
	expect_status 6
	expect_cause_and_remedy
	expect_said history
	expect_unsaid A1b2C3
done
call keyturn list --json
expect_unsaid A1b2C3

begin 'what is pasted around a token is taken off, and said'
input 'export COZE_API_TOKEN="pat_pasted" \n'
call keyturn login pasted --site cn --with-token
expect_status 0
expect_said 'the quotes around it are taken off'
expect_said 'the name before it is taken off'
call keyturn token pasted
expect_output pat_pasted

begin 'no bad paste replaces a good token'
for paste in 'pat_****' 'hunter2' 'pat_a\342\200\213b' '\357\275\220at_a' 'pat_a b' '"pat_a' \
	'pat_abc...def' 'device'; do
	input "$paste\n"
	call keyturn login pasted --site cn --with-token
	expect_status 2
	expect_cause_and_remedy
	call keyturn token pasted
	expect_output pat_pasted
done
input 'hunter2\n'
call keyturn login hunter --site cn --with-token --force
expect_status 0

begin 'at a terminal an unknown form is asked about'
at_terminal 'spawn keyturn login odd --site coze.cn --with-token
	expect "Token"
	send "hunter2\r"
	expect "Store it all the same? "
	send "n\r"
	expect "try again (2 left)"
	expect "Token"
	send "pat_odd\r"
	expect "When does it end"
	send "\r"'
expect_status 0
call keyturn token odd
expect_output pat_odd

begin 'a token of 10,000 characters is typed whole'
long=pat_$(head -c 5000 /dev/zero | tr '\0' a)$(head -c 4996 /dev/zero | tr '\0' b)
printf '%s\r' "$long" >"$work/typed"
at_terminal 'spawn keyturn login long --site coze.cn --with-token
	expect "Token (not shown while you type): "
	set file [open "'"$work"'/typed"]
	send [read $file]
	expect "When does it end"
	send "\r"
	expect "is stored"'
expect_status 0
call keyturn token long
expect_output "$long"
keyturn logout long 2>/dev/null

begin 'Ctrl-D at the hidden question ends it'
at_terminal 'spawn keyturn login ended --site coze.cn --with-token
	expect "Token"
	send "\004"'
expect_status 2

begin 'SIGTERM at the hidden question ends it at once, and the terminal echoes again'
at_terminal 'spawn sh -c {keyturn login ended --site coze.cn --with-token; echo "status $?"; stty -a}
	expect "Token"
	exec pkill -TERM -s [exp_pid] keyturn
	expect "status 143"
	expect -re {[^-]echo [^-]*echoe}'
expect_status 0
call keyturn token ended
expect_status 1

begin 'a slip at each question is asked again'
at_terminal 'spawn keyturn login
	expect "Which way to log in"
	send "9\r"
	expect "type a number from 1 to 5, try again (2 left)"
	send "token\r"
	expect "Which site"
	send "coze.con\r"
	expect "neither coze.cn nor coze.com"
	expect "Site: "
	send "https://www.coze.cn/open/oauth/pats\r"
	expect "A name for this login"
	send "wizard\r"
	expect "Token"
	send "Bearer pat_wizard\r"
	expect "the word Bearer"
	expect "When does it end"
	send "\r"'
expect_status 0
call keyturn token wizard@coze.cn
expect_output pat_wizard

begin 'a page of the console as --api-base means its site'
input 'pat_page\n'
call keyturn login page --api-base https://www.coze.cn/open/oauth/pats --with-token
expect_status 0
call keyturn show page --json
expect_json https://api.coze.cn service

begin 'a file that holds more than the secret is never removed: the line is named'
printf 'alias ll="ls -l"\nexport COZE_API_TOKEN=pat_rc\nPATH=$PATH:/x\n' >"$work/bashrc"
at_terminal 'spawn keyturn login rc --site coze.cn --env-file '"$work"'/bashrc
	expect "When does it end"
	send "\r"
	expect "line 2 of '"$work"'/bashrc still holds the secret"
	expect -re {sed -i [^\r]*}'
expect_status 0
expect_unsaid 'Remove that file'
typed=$(grep -o 'sed -i --follow-symlinks 2d .*' "$work/out" | tr -d '\r')
sh -c "$typed"
must [ "$(wc -l <"$work/bashrc")" -eq 2 ]
must_not grep -q pat_rc "$work/bashrc"

begin 'a file with nothing else is offered'
printf 'COZE_API_TOKEN=pat_env\nCOZE_API_BASE=https://api.coze.cn\n' >"$work/only.env"
at_terminal 'spawn keyturn login only --env-file '"$work"'/only.env
	expect "When does it end"
	send "\r"
	expect "Remove that file now"
	send "y\r"
	expect "is removed"'
expect_status 0
must_not test -e "$work/only.env"
call keyturn token only
expect_output pat_env

conclude
[ "$(id -u)" -eq 0 ] || skip "needs root, to make another user's file"
begin 'a private key of another user is refused'
openssl genrsa -out "$work/key.pem" 2048 2>"$work/stage.log"
chown 65534 "$work/key.pem"
call keyturn login app --site coze.cn --kind jwt --client-id 310000000002 \
	--public-key-id kid1 --private-key-file "$work/key.pem"
expect_status 6
expect_cause_and_remedy

finish

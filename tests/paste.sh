#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What people paste for a client id, an address and a date: the right thing comes of it, or a sentence
# that names the character and its place. What is stored already stays as it is. Tokens are
# test_pasted's.
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3
home_start
store_token main coze.cn pat_good
cases=0

# bytes TEXT: with the escapes of printf.
bytes()
{
	# shellcheck disable=SC2059
	printf -- "$1"
}

# app ID SAID: a login of an app that ends before the network, with that sentence.
app()
{
	cases=$((cases + 1))
	call keyturn login x --site cn --kind web --client-id "$(bytes "$1")"
	expect_status 2
	expect_said "$2"
}

begin 'a client id'
lacks='a web login needs the client secret'
while IFS='|' read -r id said; do
	app "$id" "${said:-$lacks}"
done <<'END'
310000000001.app.coze|
 310.app.coze |
\t310.app.coze\r|
"310.app.coze"|
'310.app.coze'|
`310.app.coze`|
"310.app.coze",|
\342\200\234310.app.coze\342\200\235|the quotes around it are taken off
\357\273\277310.app.coze|characters around it that cannot be seen are taken off
310.app.coze\343\200\200|characters around it that cannot be seen are taken off
\302\240310.app.coze|characters around it that cannot be seen are taken off
client_id=310.app.coze|the name before it is taken off
COZE_WEB_OAUTH_CLIENT_ID=310.app.coze|the name before it is taken off
310\342\200\213.app.coze|the client id has as its character 4 one that cannot be seen: U+200B
\357\274\223\357\274\221.app.coze|the client id has a full-width character as its character 1: U+FF13
310\342\200\2231.app.coze|the client id has as its character 4 a dash that is not '-': U+2013
310 1.app.coze|the client id has a blank as its character 4
\345\256\242\346\210\267|the client id has as its character 1 one that is not ASCII: U+5BA2
310\377|the client id is not UTF-8 at its character 4
310****.app.coze|the client id is masked
310...coze|the client id is masked
|the app's client id
END

# address TEXT STATUS WANTED: stored for that service, or refused with that sentence.
address()
{
	cases=$((cases + 1))
	input 'pat_x\n'
	call keyturn login x --api-base "$(bytes "$1")" --with-token
	expect_status "$2"
	if [ "$2" -ne 0 ]; then
		expect_cause_and_remedy
		expect_said "$3"
		return
	fi
	call keyturn show x
	expect_line "service      $3"
	keyturn logout x 2>/dev/null
}

begin 'an address'
while IFS='|' read -r text wanted said; do
	address "$text" "$wanted" "$said"
done <<'END'
https://api.coze.cn|0|https://api.coze.cn
 https://api.coze.cn |0|https://api.coze.cn
"https://api.coze.cn"|0|https://api.coze.cn
"https://api.coze.cn",|0|https://api.coze.cn
<https://api.coze.cn>|0|https://api.coze.cn
https://api.coze.cn/|0|https://api.coze.cn
HTTPS://API.COZE.CN|0|https://api.coze.cn
\357\273\277https://api.coze.cn|0|https://api.coze.cn
https://api.coze.cn\342\200\213|0|https://api.coze.cn
https://api.coze.cn\343\200\200|0|https://api.coze.cn
COZE_API_BASE=https://api.coze.cn|0|https://api.coze.cn
export COZE_API_BASE="https://api.coze.cn"|0|https://api.coze.cn
https\357\274\232//api.coze.cn|0|https://api.coze.cn
\357\275\210\357\275\224\357\275\224\357\275\220\357\275\223://api.coze.cn|0|https://api.coze.cn
https://api.coze\343\200\202cn|0|https://api.coze.cn
https://www.coze.cn/open/oauth/pats|0|https://api.coze.cn
api.example.com|0|https://api.example.com
https://api.example.com\343\200\202|0|https://api.example.com
https://api.co ze.cn|2|has a blank as its character 15
https://api\342\200\213.example.com|2|has as its character 12 one that cannot be seen: U+200B
https://api\342\200\223x.example.com|2|has as its character 12 a dash that is not '-': U+2013
https://api.example.com\nx|2|has a line end as its character 24
https://****.example.com|2|is masked
https:/api.coze.cn|2|https://HOST
https:api.coze.cn|2|https://HOST
coze|2|https://HOST
http://api.coze.cn|6|over https only
END

# date TEXT STATUS WANTED: the end that show tells, or a refusal.
date_of()
{
	cases=$((cases + 1))
	input 'pat_x\n'
	call keyturn login x --site cn --with-token --expires "$(bytes "$1")"
	expect_status "$2"
	if [ "$2" -ne 0 ]; then
		expect_cause_and_remedy
		return
	fi
	call keyturn show x
	grep -q "^ends  *$3" "$work/out" || {
		complain "$1 does not end $3"
		show_call
	}
	keyturn logout x 2>/dev/null
}

begin 'a date'
while IFS='|' read -r text wanted end; do
	date_of "$text" "$wanted" "$end"
done <<'END'
2099-01-31|0|2099-01-31 23:59$
 2099-01-31 |0|2099-01-31 23:59$
"2099-01-31"|0|2099-01-31 23:59$
2099-01-31,|0|2099-01-31 23:59$
2099-01-31.|0|2099-01-31 23:59$
\342\200\2342099-01-31\342\200\235|0|2099-01-31 23:59$
\357\273\2772099-01-31|0|2099-01-31 23:59$
2099-01-31\343\200\200|0|2099-01-31 23:59$
2099\342\200\22301\342\200\22331|0|2099-01-31 23:59$
2099\342\210\22201\342\210\22231|0|2099-01-31 23:59$
2099/1\342\200\213/31|0|2099-01-31 23:59$
\357\274\222\357\274\220\357\274\231\357\274\231-01-31|0|2099-01-31 23:59$
2099\345\271\2641\346\234\21031\346\227\245|0|2099-01-31 23:59$
2099\345\271\2641\346\234\21031\346\227\245 08:30|0|2099-01-31 08:30$
2099-01-31\302\24008:30:00|0|2099-01-31 08:30$
Jan 31, 2099|0|2099-01-31 23:59$
31 January 2099|0|2099-01-31 23:59$
30\345\244\251|0|20
never|0|never
\346\260\270\344\271\205|0|never
31.01.2099|2|
2099-01-31T08:30:00Z|0|2099-01-31 08:30$
2099-01-31T08:30:00+0000|0|2099-01-31 08:30$
4073531400|0|2099-01-31 08:30$
4073531400000|0|2099-01-31 08:30$
Feb 31, 2099|2|
2099-02-31|2|
**-**-2099|2|
-30|2|
2099-01-31 2100-01-31|2|
\377|2|
END

begin 'nothing that was stored is lost in any of them'
call keyturn token main
expect_output pat_good
call keyturn list
must [ "$(wc -l <"$work/out")" -eq 2 ]
echo "# $cases pastes"
must [ "$cases" -ge 60 ]

finish

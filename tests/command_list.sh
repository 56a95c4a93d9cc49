#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn list and keyturn show.
set -eu

. "$(dirname "$0")/lib/home.sh"
need faketime python3
home_start

begin 'an empty list is empty, and says how to fill it'
call keyturn list
expect_status 0
expect_output ''
expect_said 'keyturn login'
call keyturn list --json
expect_json '[]' accounts

begin 'accounts are listed by service and name, the default marked'
store_token work coze.com pat_canary_one
store_token work coze.cn pat_canary_two
store_token alone coze.cn sat_canary_three
keyturn default work@coze.cn
call keyturn list
expect_status 0
must [ "$(cut -c1-7 "$work/out")" = "$(printf '  ACCOU\n  alone\n* work \n  work ')" ]
expect_unsaid canary

begin 'list --json has every account, and no secret'
call keyturn list --json
expect_json 1 version
expect_json alone accounts 0 account
expect_json sat accounts 0 kind
expect_json https://api.coze.cn accounts 0 service
expect_json false accounts 0 default
expect_json true accounts 1 default
expect_json null accounts 1 expires_at
expect_json ok accounts 1 state
expect_unsaid canary

begin 'what a program stored is listed, too'
input 'protocol=https\nhost=git.example.com\npath=a/b.git\nusername=me\npassword=canary_pw\n\n'
call keyturn store
call keyturn list
must grep -q 'me  *https://git.example.com/a/b.git  *password' "$work/out"
expect_unsaid canary

begin 'ends are told: soon, over, never'
keyturn set alone --expires 3
call keyturn list
must grep -q 'alone.* ends soon' "$work/out"
call env TZ=UTC faketime '+4 days' keyturn list
must grep -q 'alone.* ended ' "$work/out"
keyturn set alone --expires never
call keyturn list
must grep -q 'alone.* ok  *never' "$work/out"
keyturn set alone --expires 30d
call keyturn list
must grep -q 'alone.* ok  *in 30 days' "$work/out"

begin 'columns stand under each other, also with names of double width'
store_token 扣子 coze.cn pat_han
call keyturn list
must python3 -c '
import sys, unicodedata
places = set()
for line in open(sys.argv[1]).read().splitlines():
    at = line.index("SERVICE" if "ACCOUNT" in line else "https" if "https" in line else "coze.c")
    places.add(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line[:at]))
    assert line == line.rstrip()
assert len(places) == 1, places
' "$work/out"
keyturn logout 扣子 2>/dev/null

begin 'at a terminal of 60 columns the accounts stand below their services, and no line is broken'
need expect
store_token a-name-that-is-rather-long coze.com pat_long
printf 'protocol=https\nhost=a-host-that-is-rather-long.example.com\nusername=扣子\npassword=p\n\n' |
	keyturn store
for term in dumb xterm; do
	at_terminal "spawn -noecho sh -c {stty columns 60; TERM=$term keyturn list}"
	expect_status 0
	must python3 -c '
import sys, unicodedata
lines = open(sys.argv[1], newline="").read().splitlines()
assert len(lines) > 6 and "SERVICE" not in lines[0], lines
for line in lines:
    width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
    assert width <= 60 and "\\033" not in line, line
services = [line for line in lines if line[0] not in " *"]
assert "coze.com" in services and len(services) == len(set(services)), lines
' "$work/out"
done
at_terminal 'spawn -noecho sh -c {stty columns 120; keyturn list}'
must grep -q 'a-name-that-is-rather-long  coze.com' "$work/out"
must grep -q 'a-name-that-is-rather-long.* pat ' "$work/out"
keyturn logout a-name-that-is-rather-long 2>/dev/null
keyturn logout 扣子 2>/dev/null

begin 'sentences are broken between words there, and commands not at all'
for line in 'login x --site coze.cn --with-token --expires tomorrow' 'token no-such-account' \
	'login y --site git.example.com --with-token' 'doctor' 'show work@coze.cn' 'setup nothing'; do
	at_terminal "spawn -noecho sh -c {stty columns 60; exec </dev/null; keyturn $line}"
	must python3 -c '
import re, sys
for line in open(sys.argv[1], newline="").read().splitlines():
    is_command = re.match(r" +(keyturn|git|man) ", line)
    assert len(line) <= 60 or is_command, line
    assert not re.search(r"(: keyturn|--[a-z-]+)$", line), line
' "$work/out"
done
# Without a vault there is something to create.
at_terminal 'spawn -noecho sh -c {stty columns 60; KEYTURN_KEYRING=memory keyturn doctor}'
must grep -q '^      keyturn vault create.$' "$work/out"

begin 'a PAT without a typed end is warned about as if it had 30 days'
call faketime '+22 days' keyturn list
must grep -q 'work.* ok ' "$work/out"
call faketime '+24 days' keyturn list
must grep -q 'work.* ends soon ' "$work/out"

begin 'and is unknown afterwards, not ended'
call faketime '+40 days' keyturn list
must grep -q 'work.* unknown  *unknown' "$work/out"

begin 'list takes no account'
call keyturn list work
expect_status 2
expect_cause_and_remedy

begin 'accounts of one site, of one kind, and those that end soon'
printf 'pat_s\n' | keyturn login soon --site coze.com --with-token --expires 5 2>/dev/null
printf 'pat_l\n' | keyturn login later --site coze.com --with-token --expires 20 2>/dev/null
names()
{
	python3 -c 'import json, sys
print(" ".join(a["account"] for a in json.load(open(sys.argv[1]))["accounts"]))' "$work/out"
}
call keyturn list --site www.coze.com --json
expect_status 0
must [ "$(names)" = 'later soon work' ]
call keyturn list --site com --ends 31 --json
must [ "$(names)" = 'soon later work' ]
call keyturn list --site com --ends 7d --json
must [ "$(names)" = soon ]
call keyturn list --kind sat --site com
expect_status 0
expect_said 'no account is like that'
for filter in '--kind banana' '--ends soon' '--ends never' '--site pat_canary'; do
	# shellcheck disable=SC2086
	call keyturn list $filter
	expect_status 2
	expect_cause_and_remedy
	expect_unsaid canary
done
keyturn logout soon 2>/dev/null
keyturn logout later 2>/dev/null

begin 'show tells what mends a state that is not ok'
printf 'pat_s\n' | keyturn login soon --site coze.com --with-token --expires 5 2>/dev/null
call keyturn show soon
expect_line 'to mend it   make a new one in the console, then run: keyturn login soon@coze.com --with-token'
call keyturn show soon --json
must grep -q '"remedy":"make a new one' "$work/out"
keyturn logout soon 2>/dev/null

begin 'show tells about one account, and no secret'
call keyturn show work@coze.com
expect_status 0
expect_line 'account      work'
expect_line 'service      https://api.coze.com'
expect_line 'kind         pat'
expect_line 'keyring      vault'
expect_line 'default      no'
expect_unsaid canary
call keyturn show work@coze.cn --json
expect_json 1 version
expect_json work account
expect_json true default
expect_json vault keyring
expect_unsaid canary

begin 'show of an account that is not there is exit 1'
call keyturn show nobody
expect_status 1
expect_cause_and_remedy
call keyturn show nobody --json
expect_json not_found error code

begin 'a name cannot write to the terminal what it likes'
input 'protocol=https\nhost=git.example.com\nusername=a\342\200\256b\302\233c\npassword=p\n\n'
call keyturn store
call keyturn list
must_not grep -q "$(printf '\302\233')" "$work/out"

finish

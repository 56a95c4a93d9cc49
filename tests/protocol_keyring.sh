#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyring: the command line of Python's keyring, as pip and uv call it.
set -eu

. "$(dirname "$0")/lib/home.sh"
need expect python3
home_start
store_token work coze.cn pat_work
! command -v keyring | grep -q "^$builddir/" || complain 'it hides another keyring in PATH'
PATH=$builddir/tests/bin/keyring:$PATH
index=https://pypi.example.com/simple/

begin 'a password that pip stores is the answer to both forms of call'
input 's 1"\n'
call keyring set "$index" jane
expect_status 0
expect_output ''
call keyring get "$index" jane
expect_status 0
expect_output 's 1"'
expect_said ''
call keyring --mode=creds --output=json get "$index"
expect_status 0
expect_json 's 1"' password
expect_json jane username
call keyring get "$index" --mode creds
expect_output "jane
s 1\""
call keyring --output json get "$index" jane
expect_output '{"password":"s 1\""}'

begin 'the index is found by its host, too, which pip asks for next'
call keyring --mode=creds --output=json get pypi.example.com jane
expect_json jane username

begin 'a miss is exit 1 and silence'
for words in "$index joe" 'pypi.example.com:8443 jane' 'example.com jane' "$index.. jane" \
	'https://pypi.example.com.evil.example/simple/ jane' 'http://pypi.example.com/simple/ jane' \
	'https://pypi.example.com/other/ jane'; do
	# shellcheck disable=SC2086
	call keyring get $words
	expect_status 1
	expect_output ''
	expect_said ''
done
call keyring --mode=creds --output=json get https://other.example.com/simple/
expect_status 1
expect_output ''
expect_said ''

begin 'a token is the password of every path at its host, to its account and to --git-username'
call keyring get https://api.coze.cn/simple/ work
expect_output pat_work
call keyring get https://api.coze.cn/simple/ --mode creds
expect_output 'work
pat_work'
call keyring get https://api.coze.cn/simple/ __token__
expect_status 1
keyturn set work --git-username __token__ 2>"$work/stage.log"
call keyring get https://api.coze.cn/simple/ __token__
expect_output pat_work

begin 'a token of ours that comes back is dropped, and del leaves it'
input 'pat_work\n'
call keyring set https://api.coze.cn/simple/ work
expect_status 0
call keyring del https://api.coze.cn/ work
expect_status 0
call keyring get https://api.coze.cn/simple/ work
expect_output pat_work

begin 'del deletes what was set, twice, and nothing of git'
for round in 1 2; do
	call keyring del "$index" jane
	expect_status 0
	expect_output ''
done
call keyring get "$index" jane
expect_status 1
printf 'url=https://git.example.com\nusername=u\npassword=secret\n\n' | keyturn store
call keyring del git.example.com u
call keyring get git.example.com u
expect_output secret

begin 'of several logins the default one answers'
printf 'url=https://git.example.com\nusername=v\npassword=other\n\n' | keyturn store
call keyring --mode creds get git.example.com
expect_output 'u
secret'

begin 'a service may be a name that is no address'
input 's2'
call keyring set poetry-repository-private_one jane
expect_status 0
call keyring get poetry-repository-private_one jane
expect_output s2

begin 'bad input is refused with status 2 and nothing on stdout'
for words in '' get "get $index" "set $index" "del $index" future "get $index u v" '--mode' \
	"--mode=none get $index" "--output=xml get $index u" "-x get $index u" 'get a\b u' \
	"get https://u:secret@pypi.example.com/ u" "--modecreds get $index"; do
	# shellcheck disable=SC2086
	call keyring $words
	must expr "$status" : '[26]$' >/dev/null
	expect_output ''
	expect_unsaid secret
	expect_cause_and_remedy
done
for bad in '' '\n' 'a\nb\n' 'a\000b'; do
	input "$bad"
	call keyring set "$index" jane
	expect_status 2
	expect_cause_and_remedy
done
call keyring get "$index" jane
expect_status 1

begin 'a password is not read from a terminal'
at_terminal "spawn keyring set $index jane"
must grep -q 'not typed' "$work/out"
must [ "$status" -eq 2 ]

begin 'help tells the forms'
call keyring --help
expect_status 0
must grep -q '^usage: keyring ' "$work/out"

finish

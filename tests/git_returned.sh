#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What keyturn answered comes back from git, under the user name that git was told, with state[] or
# without, with the cache and without: it is known again, so that nothing is stored twice, and a
# refused token is not handed out for ever.
set -eu

. "$(dirname "$0")/lib/home.sh"
need git python3
home_start
git config --global credential.helper keyturn

# account NAME TOKEN HOST [OPTION...]
account()
{
	account_name=$1 account_token=$2 account_host=$3
	shift 3
	printf '%s\n' "$account_token" |
		keyturn login "$account_name" --api-base "https://$account_host" --with-token "$@" \
			2>>"$work/stage.log" || complain "no login of $account_name"
}

# git_credential VERB FORMAT...: real git, with the helper as configured.
git_credential()
{
	git_verb=$1
	shift
	input "$@"
	call env KEYTURN_CACHE="$cache" git credential "$git_verb"
}

speak()
{
	speak_verb=$1
	shift
	input "$@"
	call env KEYTURN_CACHE="$cache" keyturn "$speak_verb"
}

# accounts HOST: how many are stored there.
accounts()
{
	keyturn list | grep -c "$1" || true
}

returned()
{
	host=hub-$cache.example.com
	account work "ghp_one_$cache" "$host" --git-username oauth2

	begin "the user name that git is told names the account (cache: $cache)"
	git_credential fill "url=https://oauth2@$host/team/one.git\n\n"
	expect_status 0
	expect_line username=oauth2
	expect_line "password=ghp_one_$cache"
	git_credential fill "url=https://work@$host\n\n"
	expect_line username=oauth2
	speak get "protocol=https\nhost=$host\nusername=other\n\n"
	expect_output ''

	begin "what worked is stored once (cache: $cache)"
	snapshot >"$work/before"
	git_credential fill "url=https://$host\n\n"
	cp "$work/out" "$work/filled"
	git_credential approve "$(cat "$work/filled")\n\n"
	expect_status 0
	git_credential approve "protocol=https\nhost=$host\npath=team/one.git\nusername=oauth2
password=ghp_one_$cache\n\n"
	git_credential approve "protocol=https\nhost=$host\nusername=oauth2\npassword=ghp_old\n\n"
	expect_unchanged
	must [ "$(accounts "$host")" -eq 1 ]

	begin "state[] alone tells whose it was (cache: $cache)"
	speak store "capability[]=state\nprotocol=https\nhost=$host\nusername=work
password=ghp_former\nstate[]=keyturn:acct=work\n\n"
	expect_status 0
	expect_unchanged

	begin "a refused token is marked, whatever it is called (cache: $cache)"
	git_credential reject "$(cat "$work/filled")\n\n"
	expect_status 0
	git_credential fill "url=https://oauth2@$host\n\n"
	must [ "$status" -ne 0 ]
	expect_unsaid "ghp_one_$cache"
	must keyturn show work --json >"$work/out"
	must grep -q refused "$work/out"
	must keyturn set "work@$host" --accept
	speak erase "protocol=https\nhost=$host\nusername=stranger\npassword=ghp_one_$cache\n\n"
	speak get "protocol=https\nhost=$host\n\n"
	expect_status 3
	expect_output quit=1
	must keyturn set "work@$host" --accept

	begin "another refused token is none of its business (cache: $cache)"
	snapshot >"$work/before"
	git_credential reject "protocol=https\nhost=$host\nusername=oauth2\npassword=ghp_old\n\n"
	expect_unchanged

	begin "a new secret under the name of a refused one is kept, and answers (cache: $cache)"
	git_credential reject "protocol=https\nhost=$host\nusername=oauth2\npassword=ghp_one_$cache\n\n"
	git_credential approve "protocol=https\nhost=$host\nusername=oauth2\npassword=glpat_new\n\n"
	git_credential fill "url=https://$host\n\n"
	expect_line password=glpat_new
	must keyturn logout "oauth2@$host" 2>>"$work/stage.log"
	keyturn logout "work@$host" 2>/dev/null
}

for cache in off 60; do
	returned
done

cache=off
begin 'of two accounts with one user name each keeps its own'
account first ghp_first hub.example.com --git-username oauth2
account second ghp_second hub.example.com --git-username oauth2
git_credential fill 'url=https://oauth2@hub.example.com\n\n'
expect_line password=ghp_first
input 'url=https://oauth2@hub.example.com\n\n'
call env KEYTURN_ACCOUNT=second git credential fill
expect_line password=ghp_second
snapshot >"$work/before"
git_credential approve 'url=https://oauth2:ghp_second@hub.example.com\n\n'
expect_unchanged
git_credential reject 'url=https://oauth2:ghp_second@hub.example.com\n\n'
call keyturn list
must grep -q '^[* ] second .* refused' "$work/out"
must_not grep -q '^[* ] first .* refused' "$work/out"

begin 'an account of that very name goes before it'
account oauth2 ghp_third hub.example.com
git_credential fill 'url=https://oauth2@hub.example.com\n\n'
expect_line password=ghp_third
snapshot >"$work/before"
git_credential approve 'url=https://oauth2:ghp_first@hub.example.com\n\n'
expect_unchanged

begin 'a grant takes no password under either name'
printf 'protocol=https\nhost=grant.example.com\nusername=job\npassword=access\nkind=oauth
oauth_refresh_token=refresh\nclient_id=c\ntoken_endpoint=https://grant.example.com/token
password_expiry_utc=%s\n\n' "$(($(date +%s) + 900))" | keyturn store
git_credential fill 'url=https://grant.example.com\n\n'
expect_line password=access
git_credential approve 'url=https://job:former@grant.example.com\n\n'
must [ "$(accounts grant.example.com)" -eq 1 ]

begin 'passwords that are alike are of two people'
for name in alice bob; do
	git_credential approve "url=https://$name:hunter2@git.example.com\n\n"
done
must [ "$(accounts git.example.com)" -eq 2 ]
git_credential reject 'url=https://bob:hunter2@git.example.com\n\n'
git_credential fill 'url=https://alice@git.example.com\n\n'
expect_line password=hunter2
must [ "$(accounts git.example.com)" -eq 1 ]

begin 'a password of a path is kept for each, a token for all of its host'
git config --global credential.useHttpPath true
for path in one.git two.git; do
	git_credential approve "url=https://carol:same@path.example.com/$path\n\n"
done
must [ "$(accounts path.example.com)" -eq 2 ]
account token pat_path token.example.com
git_credential approve 'url=https://token:pat_path@token.example.com/one.git\n\n'
must [ "$(accounts token.example.com)" -eq 1 ]
git_credential reject 'url=https://token:pat_path@token.example.com/one.git\n\n'
call keyturn list
must grep -q '^[* ] token .* refused' "$work/out"

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Provider files: what keyturn providers lists, what a login takes from one, and what is refused.
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3
home_start
own=$work/config/keyturn/providers
export XDG_CONFIG_HOME="$work/config"
mkdir -p "$own"

begin 'each service is listed by name'
call keyturn providers
expect_status 0
for name in atlassian auth0 bitbucket coze entra feishu forgejo gitea gitee github github-app gitlab \
	google huggingface keycloak lark linear okta slack; do
	must grep -q "^$name " "$work/out"
done
call keyturn providers --json
expect_status 0
expect_json atlassian providers 0 provider

begin 'one service: what its file says, and where an app is made'
call keyturn providers gitlab
expect_status 0
must grep -q '^make an app .*https://gitlab.com/' "$work/out"
must grep -q '^token-endpoint https://{host}/oauth/token$' "$work/out"

begin 'one that is not there'
call keyturn providers nowhere
expect_status 2
expect_said 'keyturn providers'
call keyturn login x --provider ../etc/passwd --client-id app
expect_status 2

begin 'a service that needs something of its own says so, and how it looks'
call keyturn login x --provider gitea --client-id app
expect_status 2
expect_said '--host gitea.example.com'
call keyturn login x --provider okta --client-id app
expect_status 2
expect_said '--issuer https://YOUR-DOMAIN.okta.com'

begin 'a service that is no plain OAuth server names the login to type'
call keyturn login x --provider coze --client-id app
expect_status 2
expect_said 'keyturn login --site coze.cn'

begin "the address is the service's own, with the host that is named"
call keyturn login x --provider gitlab --host git.example.org --client-id app --paste
must grep -q 'https://git.example.org/oauth/authorize?' "$work/err"
call keyturn login x --provider google --client-id app --issuer http://127.0.0.1:1 --paste
expect_status 5

begin "the user's own file goes before the installed one"
printf 'version = 1\ntitle = Mine\nauthorization-endpoint = https://mine.example/a\ntoken-endpoint = https://mine.example/t\nparam = a=b c\n' \
	>"$own/github.conf"
call keyturn providers github
expect_line 'title          Mine'
call keyturn login x --provider github --client-id app --param a=d --paste
must grep -q 'https://mine.example/a?.*&a=d' "$work/err"

begin 'a file that breaks a rule: the file, the line and the rule'
printf '# ours\nversion = 1\ntokens-endpoint = https://x.example/\n' >"$own/broken.conf"
call keyturn providers broken
expect_status 2
expect_said 'line 3: tokens-endpoint is none of the keys'
expect_said "$own/broken.conf"
call keyturn providers
expect_status 0
expect_said 'provider broken'
must grep -q '^gitlab ' "$work/out"
call keyturn doctor
must grep -q 'provider broken cannot be read: line 3' "$work/out"
printf 'version = 2\n' >"$own/broken.conf"
call keyturn providers broken
expect_status 2
expect_said 'version = 1'
finish

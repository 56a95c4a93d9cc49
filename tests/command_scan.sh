#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What keyturn scan finds in plain text: in a home as shells, SDKs and tools make it, and below a
# directory. It tells file and line, never a secret, and changes nothing.
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3
home_start
token=pat_9fQx2LmV7aZk3BtR8nWc5YhJ

# put FILE FORMAT [ARGUMENT...]: below the home, with its directories.
put()
{
	file=$1
	shift
	mkdir -p "$HOME/$(dirname "$file")"
	# shellcheck disable=SC2059
	printf "$@" >"$HOME/$file"
}

# finds SOURCE FILE LINE
finds()
{
	expect_line "$HOME/$2:$3: a secret in plain text ($1)"
}

begin 'a clean home has none'
put .bashrc 'export PATH=$PATH:~/bin\nexport COZE_API_TOKEN=$(keyturn token)\nalias pat=cat\n'
put .netrc 'machine example.com login me\n'
put .npmrc '//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n'
put .docker/config.json '{"auths":{"registry.example.com":{}},"credHelpers":{"a":"keyturn"}}\n'
call keyturn scan
expect_status 0
expect_output ''
expect_said ''
call keyturn scan --json
expect_status 0
expect_output '{"version":1,"found":[]}'

begin 'each source is found, with file and line'
put .bashrc 'alias ll=ls\nexport COZE_API_TOKEN=%s\n' "$token"
put .env 'A=1\nCOZE_CLIENT_SECRET=hunter2hunter2\n'
put coze_oauth_config.json '{\n "client_id": "1",\n "private_key": "-----BEGIN PRIVATE KEY-----"\n}\n'
put .cache/coze_token_a.json '{"access_token": "czu_x", "refresh_token": "r-9"}\n'
put .git-credentials 'https://me@example.com\nhttps://me:secret@example.com\n'
put .config/gh/hosts.yml 'github.com:\n    user: me\n    oauth_token: gho_short\n'
put .docker/config.json '{"auths":{"r.example.com":{"auth":"bWU6c2VjcmV0"}}}\n'
put .netrc 'machine example.com login me password secret\n'
put .npmrc '//registry.npmjs.org/:_authToken=npm_abc\n'
put .pypirc '[pypi]\nusername = __token__\npassword = pypi-abc\n'
put .cargo/credentials.toml '[registry]\ntoken = "abc"\n'
put .cursor/mcp.json '{"mcpServers":{"c":{"env":{"COZE_API_TOKEN":"%s"}}}}\n' "$token"
put .config/environment.d/coze.conf 'COZE_API_TOKEN=%s\n' "$token"
snapshot >"$work/before"
call keyturn scan
expect_status 1
finds shell .bashrc 2
finds dotenv .env 2
finds coze-app coze_oauth_config.json 3
finds cozepy .cache/coze_token_a.json 1
finds git .git-credentials 2
finds gh .config/gh/hosts.yml 3
finds docker .docker/config.json 1
finds netrc .netrc 1
finds npm .npmrc 1
finds pip .pypirc 3
finds cargo .cargo/credentials.toml 2
finds mcp .cursor/mcp.json 1
finds environment.d .config/environment.d/coze.conf 1
must [ "$(wc -l <"$work/out")" -eq 13 ]
expect_said '13 secrets lie in plain text'
expect_cause_and_remedy
for secret in "$token" hunter2 secret@ gho_short bWU6 npm_abc pypi-abc; do
	expect_unsaid "$secret"
done
expect_unchanged

begin 'doctor tells of each file of the shell, and how many lie elsewhere'
call keyturn doctor
must grep -q "^warning *shell *line 2 of $HOME/.bashrc has a token" "$work/out"
must grep -q '^warning *plain *12 secrets lie in plain text' "$work/out"

begin 'as one object for programs'
call keyturn scan --json
expect_status 1
expect_json 1 version
must python3 - "$work/out" <<'END'
import json, sys
found = json.load(open(sys.argv[1]))["found"]
assert len(found) == 13, found
assert {"source": "shell", "line": 2} == {k: found[0][k] for k in ("source", "line")}
END

begin 'below a directory: by name, not by links, and nothing of version control or of packages'
mkdir -p "$work/tree/app/node_modules/x" "$work/tree/.git" "$work/tree/sub"
printf 'COZE_API_TOKEN=%s\n' "$token" >"$work/tree/app/.env.local"
cp "$work/tree/app/.env.local" "$work/tree/app/node_modules/x/.env"
cp "$work/tree/app/.env.local" "$work/tree/.git/.env"
cp "$work/tree/app/.env.local" "$work/tree/sub/notes.txt"
ln -s "$HOME/.netrc" "$work/tree/sub/.netrc"
ln -s "$work/tree" "$work/tree/sub/loop"
call keyturn scan "$work/tree"
expect_status 1
expect_output "$work/tree/app/.env.local:1: a secret in plain text (dotenv)"
expect_said '1 secret lies in plain text'
rm "$work/tree/app/.env.local"
call keyturn scan "$work/tree"
expect_status 0

begin 'what is no text, too large, or no file holds nobody up, and is told'
mkfifo "$work/tree/.env"
python3 -c 'import sys; open(sys.argv[1], "w").write("x" * (1 << 21))' "$work/tree/.env.large"
printf 'C\0O\0Z\0E\0' >"$work/tree/.env.wide"
printf 'a=1\r\nCOZE_API_TOKEN=%s\r\n' "$token" >"$work/tree/.env.windows"
call keyturn scan "$work/tree"
expect_status 1
expect_output "$work/tree/.env.windows:2: a secret in plain text (dotenv)"
expect_said '.env.large is passed over: it is larger than 1 MiB'
expect_said '.env.wide is passed over: it is not a text in UTF-8'

begin 'a directory that is not there, and two of them'
call keyturn scan "$work/nowhere"
expect_status 2
expect_cause_and_remedy
call keyturn scan "$work/tree/.env.large"
expect_status 2
if setpriv --reuid 65534 --clear-groups true 2>/dev/null; then
	mkdir -m 700 "$work/closed"
	chmod 711 "$work"
	call setpriv --reuid 65534 --clear-groups keyturn scan "$work/closed"
	expect_status 2
	expect_said 'Permission denied'
	chmod 700 "$work"
else
	echo 'skip: needs root'
fi
call keyturn scan a b
expect_status 2
expect_cause_and_remedy

finish

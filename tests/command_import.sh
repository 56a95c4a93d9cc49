#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn import: secrets in plain text go into the keyring, are read back, and are then taken out
# of files that otherwise stay as they are.
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3 git openssl expect
home_start
token=pat_9fQx2LmV7aZk3BtR8nWc5YhJ
other=pat_Zk3BtR8nWc5YhJ9fQx2LmV7a

# put FILE FORMAT [ARGUMENT...]: below the home, with its directories.
put()
{
	file=$1
	shift
	mkdir -p "$HOME/$(dirname "$file")"
	# shellcheck disable=SC2059
	printf "$@" >"$HOME/$file"
}

# has FILE FORMAT [ARGUMENT...]: the file is that, to the byte.
has()
{
	file=$HOME/$1
	shift
	# shellcheck disable=SC2059
	printf "$@" >"$work/expected"
	cmp -s "$work/expected" "$file" && return
	complain "$file is not as expected:"
	diff "$work/expected" "$file" | sed 's/^/#   /'
}

begin 'a home without any is told so'
call keyturn import
expect_status 0
expect_output ''
expect_said 'no secret lies in plain text'

begin 'a dry run tells account, kind and place, and changes nothing'
put .bashrc 'alias ll=ls\nexport COZE_API_BASE=https://api.coze.cn\n%s\n' \
	"if true; then
  export COZE_API_TOKEN=\"$token\" # mine
fi"
put bot/.env 'A=1\nCOZE_API_BASE=https://api.coze.com\nCOZE_API_TOKEN=%s\nB=2\n' "$other"
put .git-credentials 'https://me:s%%c3%%a4cret%%40@git.example.com\nhttps://only@example.com\n'
snapshot >"$work/before"
call keyturn import --dry-run shell git "$HOME/bot"
expect_status 0
expect_line "$HOME/.bashrc:4: main@coze.cn (pat), not in the keyring yet"
expect_line "$HOME/bot/.env:3: bot@coze.com (pat), not in the keyring yet"
expect_line "$HOME/.git-credentials:1: me@git.example.com (password), not in the keyring yet"
must [ "$(wc -l <"$work/out")" -eq 3 ]
for secret in "$token" "$other" cret; do
	expect_unsaid "$secret"
done
expect_unchanged

begin 'nobody to ask and no --yes: nothing is done, and it is told'
call keyturn import shell
expect_status 2
expect_said 'there is no terminal to ask at'
expect_said '--yes'
expect_unchanged

begin '--yes stores them, and leaves the files as they are'
call keyturn import --yes shell git "$HOME/bot"
expect_status 0
expect_said '3 secrets are in the keyring'
expect_said 'to take them out, add --remove'
must [ "$(keyturn token main@coze.cn)" = "$token" ]
must [ "$(keyturn token bot)" = "$other" ]
input 'url=https://git.example.com\n\n'
call keyturn get
expect_line 'password=säcret@'
has bot/.env 'A=1\nCOZE_API_BASE=https://api.coze.com\nCOZE_API_TOKEN=%s\nB=2\n' "$other"

begin '--remove takes out what is stored already, and says what is to be typed instead'
chmod 640 "$HOME/bot/.env"
mv "$HOME/.bashrc" "$HOME/rc"
ln -s rc "$HOME/.bashrc"
call keyturn import --yes --remove shell git "$HOME/bot"
expect_status 0
expect_line "$HOME/.bashrc:4: main@coze.cn (pat), in the keyring already"
has .bashrc 'alias ll=ls\nexport COZE_API_BASE=https://api.coze.cn\n%s\n' \
	"if true; then
  : # COZE_API_TOKEN=<kept by keyturn: keyturn run main@coze.cn -- COMMAND>
fi"
must bash -n "$HOME/.bashrc"
must test -L "$HOME/.bashrc"
has bot/.env 'A=1\nCOZE_API_BASE=https://api.coze.com\n%s\nB=2\n' \
	'# COZE_API_TOKEN=<kept by keyturn: keyturn run bot@coze.com -- COMMAND>'
must [ "$(stat -c %a "$HOME/bot/.env")" = 640 ]
has .git-credentials 'https://only@example.com\n'
call keyturn scan
expect_status 0
call keyturn scan "$HOME"
expect_status 0
call keyturn list --json
must [ "$(json accounts | grep -o '"account"' | wc -l)" -eq 3 ]
must [ "$(git config --global credential.helper)" = keyturn ]

begin 'the command that the comment tells works'
call keyturn run main@coze.cn -- sh -c 'echo "$COZE_API_TOKEN"'
expect_output "$token"

begin 'the same secret in two places is one account, and each place is told'
put .zshrc 'export COZE_API_BASE=coze.cn\nexport COZE_API_TOKEN=%s\n' "$other"
put .profile 'COZE_API_TOKEN=%s; # old\nCOZE_API_BASE=https://api.coze.cn\n' "$other"
call keyturn import --yes --remove shell
expect_status 0
expect_line "$HOME/.profile:1: main-2@coze.cn (pat), not in the keyring yet"
expect_line "$HOME/.zshrc:2: main-2@coze.cn (pat), the same secret again"
must [ "$(keyturn token main@coze.cn)" = "$token" ]
must [ "$(keyturn token main-2@coze.cn)" = "$other" ]
has .zshrc 'export COZE_API_BASE=coze.cn\n%s\n' \
	'# COZE_API_TOKEN=<kept by keyturn: keyturn run main-2@coze.cn -- COMMAND>'

begin 'an account that has another secret is not replaced'
put .git-credentials 'https://me:new@git.example.com\n'
call keyturn import --yes --remove git
expect_status 6
expect_said 'me@git.example.com has another secret already'
expect_said 'keyturn logout me@git.example.com'
has .git-credentials 'https://me:new@git.example.com\n'
input 'url=https://git.example.com\n\n'
call keyturn get
expect_line 'password=säcret@'

begin 'a token without a site waits for one'
put bot/.env 'COZE_API_TOKEN=sat_9fQx2LmV7aZk3BtR8nWc5YhJ\r\nX=1\r\n'
call keyturn import --yes --remove "$HOME/bot/.env"
expect_status 2
expect_said 'coze.cn or coze.com'
call keyturn import --yes --remove --site coze.cn "$HOME/bot/.env"
expect_status 0
has bot/.env '# COZE_API_TOKEN=<kept by keyturn: keyturn run bot@coze.cn -- COMMAND>\r\nX=1\r\n'

begin 'a line that does more than to set a variable stays, with its place'
put .bashrc 'alias c="curl -H '\''Authorization: Bearer %s'\''"\nexport A=1 T=%s\n' "$token" "$token"
call keyturn import --yes --remove shell
expect_status 2
expect_said "2 secrets stay in plain text, the first in line 1 of $HOME/.bashrc"
expect_cause_and_remedy
has .bashrc 'alias c="curl -H '\''Authorization: Bearer %s'\''"\nexport A=1 T=%s\n' "$token" "$token"
rm "$HOME/.bashrc"

begin 'a line of a history goes'
put .bash_history 'ls\ncurl -H "Authorization: Bearer %s" https://api.coze.cn/v1/users/me\ncd\n' "$token"
put .local/share/fish/fish_history '%s\n' "- cmd: ls
  when: 1
- cmd: set -gx COZE_API_TOKEN $token
  when: 2
- cmd: cd
  when: 3"
call keyturn import --yes --remove --site coze.cn shell
expect_status 0
has .bash_history 'ls\ncd\n'
has .local/share/fish/fish_history '%s\n' "- cmd: ls
  when: 1
- cmd: cd
  when: 3"

begin 'a copy in version control or beside the file is told, with the page to revoke it at'
put bot/.env 'COZE_API_BASE=https://api.coze.cn\nCOZE_API_TOKEN=%s\n' "$token"
git -C "$HOME/bot" init -q
git -C "$HOME/bot" add .env
git -C "$HOME/bot" -c user.name=a -c user.email=a@b commit -qm x
call keyturn import --yes --remove "$HOME/bot"
expect_status 0
expect_said "main@coze.cn is in git's history: revoke it (https://www.coze.cn/open/oauth/pats)"
put .bashrc 'export COZE_API_TOKEN=%s\n' "$token"
cp "$HOME/.bashrc" "$HOME/.bashrc~"
call keyturn import --yes --remove --site cn shell
expect_status 0
expect_said "main@coze.cn has a copy in $HOME/.bashrc~: revoke it"
rm "$HOME/.bashrc~"

begin 'as one object for programs'
put .bashrc 'export COZE_API_TOKEN=%s\n' "$token"
call keyturn import --yes --remove --site cn --json shell
expect_status 0
expect_json shell found 0 source
expect_json main found 0 account
expect_json pat found 0 kind
expect_json stored found 0 state
expect_json true found 0 removed
expect_unsaid "$token"

begin 'a file that is not to be changed is passed over whole, and the others are moved'
put .netrc 'machine good.example.com login me password goodpass\n'
mkfifo "$HOME/.npmrc"
mkdir -p "$HOME/.config/gh" "$HOME/.docker" "$HOME/.cargo"
printf 'github.com:\n    oauth_token: &a gho_abcabcabcabcabc12345\n    user: *a\n' >"$HOME/.config/gh/hosts.yml"
python3 - "$HOME" <<'END'
import sys
home = sys.argv[1]
open(home + "/.zshrc", "w").write("export COZE_API_TOKEN=pat_" + "x1" * 5000000 + "\n")
open(home + "/.docker/config.json", "w").write('{"auths":' * 10000 + "{}" + "}" * 10000)
open(home + "/.cargo/credentials.toml", "wb").write("[registry]\ntoken = \"abc\"\n".encode("utf-16"))
open(home + "/.pypirc", "wb").write(b"[pypi]\nusername = a\n\nrepository = \xff\npassword = p\n")
END
ln "$HOME/.netrc" "$work/second"
snapshot >"$work/before"
for case in "netrc|has 2 names (hard links)|6" 'npm|is no regular file|6' 'docker|nested too deeply|2' \
	'cargo|has a NUL byte|6' 'pip|no text in UTF-8: line 4|6' "shell|is longer than|6"; do
	call keyturn import --yes --remove --site cn "${case%%|*}"
	expect_status "${case##*|}"
	middle=${case%|*}
	expect_said "${middle#*|}"
	expect_said "$HOME/."
	expect_cause_and_remedy
done
call keyturn import --yes --remove gh
expect_status 2
expect_said "1 secret stays in plain text, in line 2 of $HOME/.config/gh/hosts.yml: it is written in a form of YAML"
expect_unchanged
rm "$work/second"
call keyturn import --yes --remove --site cn
must [ "$status" -ne 0 ]
expect_line "$HOME/.netrc:1: me@good.example.com (password), not in the keyring yet"
has .netrc '# machine good.example.com <kept by keyturn: curl --netrc-file <(keyturn netrc good.example.com) URL>\n'
rm "$HOME/.npmrc" "$HOME/.zshrc" "$HOME/.pypirc" "$HOME/.docker/config.json"

begin 'nor are sources with clients and servers that are no such files'
mkdir -p "$HOME/.config/oidc-agent/below"
python3 - "$HOME" <<'END'
import sys
home = sys.argv[1]
open(home + "/.config/pizauth.conf", "w").write('account "a" { client_secret = "' + "x" * 10000000 + '"; }')
open(home + "/.claude.json", "w").write('{"mcpServers":' * 10000 + "{}" + "}" * 10000)
open(home + "/.config/oidc-agent/lab", "wb").write("538\n".encode("utf-16"))
END
snapshot >"$work/before"
for case in 'pizauth|is longer than|6' 'mcp|nested too deeply|2' 'oidc-agent|has a NUL byte|6'; do
	call keyturn import --yes --remove "${case%%|*}"
	expect_status "${case##*|}"
	middle=${case%|*}
	expect_said "${middle#*|}"
	expect_cause_and_remedy
done
expect_unchanged
rm "$HOME/.claude.json" "$HOME/.config/oidc-agent/lab"
for text in 'account "a" { client_secret = "lonely' 'account "a" { client_secret = "lonely";' \
	'account { client_secret = "lonely"; }' 'account "a" client_secret = "lonely";'; do
	printf '%s\n' "$text" >"$HOME/.config/pizauth.conf"
	call keyturn import --yes --remove pizauth
	expect_status 2
	expect_said 'it stands in a form that import does not change'
	has .config/pizauth.conf '%s\n' "$text"
done
rm "$HOME/.config/pizauth.conf"
mkfifo "$HOME/.config/pizauth.conf"
call keyturn import --yes --remove pizauth
expect_status 6
expect_said 'is no regular file'
rm "$HOME/.config/pizauth.conf"
call keyturn import --yes --remove oidc-agent
expect_status 0
rmdir "$HOME/.config/oidc-agent/below"
printf '\357\273\277account "w" {\r\n auth_uri = "https://w.example.com/a"; token_uri = "https://w.example.com/t";\r\n%s\r\n}\r\n' \
	' client_id = "i"; client_secret = "windows"; // x' >"$HOME/.config/pizauth.conf"
call keyturn import --yes --remove pizauth
expect_status 0
has .config/pizauth.conf '\357\273\277%s\r\n' \
	'// account <kept by keyturn: keyturn login w@w.example.com, then: keyturn token w@w.example.com>'
rm "$HOME/.config/pizauth.conf"

begin 'another user'\''s file is left alone, also behind a link'
if [ "$(id -u)" -eq 0 ]; then
	printf 'machine evil.example.com login me password p\n' >"$work/others"
	chown 65534 "$work/others"
	ln -sf "$work/others" "$HOME/.netrc"
	call keyturn import --yes --remove netrc
	expect_status 6
	expect_said "is another user's"
	must grep -q evil.example.com "$work/others"
	rm "$HOME/.netrc"
fi

begin 'a client of pizauth is kept, and its name alone logs in; one without a secret is told'
put .config/pizauth.conf '%s\n' 'auth_notify_cmd = "if [ \"$x\" ]; then y; fi"; // a; "b' \
	'account "office" { // mine' '  auth_uri = "https://login.example.com/authorize";' \
	'  token_uri = "https://login.example.com/token"; client_id = "app-1";' \
	'  client_secret = "se\\\\cret\"x"; scopes = [ "imap", "offline_access" ];' \
	'  auth_uri_fields = { "login_hint": "me@example.com", "a": "b" };' '} // behind' \
	'account "free"{auth_uri="https://f.example.com/a";token_uri="https://f.example.com/t";client_id="c d";}' \
	'account "half" { client_secret = "lonely"; }'
call keyturn import --yes --remove pizauth
expect_status 2
expect_line "$HOME/.config/pizauth.conf:2: office@login.example.com (oauth), not in the keyring yet"
expect_line "$HOME/.config/pizauth.conf:8: it has no secret; to log in with its settings:"
expect_line "  keyturn login free --authorization-endpoint https://f.example.com/a \
--token-endpoint https://f.example.com/t --client-id 'c d' --scope ''"
expect_said '1 secret stays in plain text, in line 9'
has .config/pizauth.conf '%s\n' 'auth_notify_cmd = "if [ \"$x\" ]; then y; fi"; // a; "b' \
	'// account <kept by keyturn: keyturn login office@login.example.com, then: keyturn token office@login.example.com> // behind' \
	'account "free"{auth_uri="https://f.example.com/a";token_uri="https://f.example.com/t";client_id="c d";}' \
	'account "half" { client_secret = "lonely"; }'
call keyturn show office@login.example.com --json
expect_json app-1 client_id
call keyturn token office@login.example.com
expect_status 3
expect_said 'keyturn login office@login.example.com'
: >"$work/err"
keyturn login office@login.example.com --redirect-uri http://localhost:0/ >"$work/out" 2>"$work/err" &
login=$!
login_says 'https://login.example.com/authorize?.*response_type'
kill "$login" || :
wait "$login" || :
for part in client_id=app-1 scope=imap%20offline_access login_hint=me%40example.com a=b \
	redirect_uri=http%3A%2F%2Flocalhost%3A; do
	must grep -qF "$part" "$work/err"
done
rm "$HOME/.config/pizauth.conf"

begin 'a token in a header of an MCP server gives way to the command that prints the header'
put .claude.json '%s\n' '{"projects": {"/p": {"mcpServers": {"hub": {' \
	'  "type": "http", "url": "https://mcp.example.com/mcp",' \
	'  "headers": {"Authorization": "Bearer sk-hub-1"}}}}},' \
	' "mcpServers": {"two": {"type": "sse", "url": "https://two.example.com/sse",' \
	'  "headers": {"X-Team": "a", "authorization": "Bearer sk-two-2", "Accept": "b"}}}}'
call keyturn scan
expect_status 1
expect_line "$HOME/.claude.json:3: a secret in plain text (mcp)"
call keyturn import --yes --remove mcp
expect_status 0
expect_line "$HOME/.claude.json:3: hub@mcp.example.com (pat), not in the keyring yet"
has .claude.json '%s\n' '{"projects": {"/p": {"mcpServers": {"hub": {' \
	'  "type": "http", "url": "https://mcp.example.com/mcp",' \
	'  "headersHelper": "keyturn header hub@mcp.example.com --json"}}}},' \
	' "mcpServers": {"two": {"type": "sse", "url": "https://two.example.com/sse",' \
	'  "headers": {"X-Team": "a", "Accept": "b"}, "headersHelper": "keyturn header two@two.example.com --json"}}}'
call sh -c "$(python3 -c '
import json, sys
print(json.load(open(sys.argv[1]))["mcpServers"]["two"]["headersHelper"])' "$HOME/.claude.json")"
expect_output '{"Authorization":"Bearer sk-two-2"}'
call keyturn scan
must_not grep -q '(mcp)' "$work/out"
rm "$HOME/.claude.json"

begin 'a header among the arguments of mcp-remote becomes a variable, which mcp-remote puts in'
put .cursor/mcp.json '%s\n' '{"mcpServers": {"far": {"command": "npx", "args": ["-y", "mcp-remote@latest",' \
	' "https://far.example.com/mcp", "--header", "Authorization: Bearer sk-far-1",' \
	' "--header", "X-Key:ghp_9fQx2LmV7aZk3BtR8nWc5YhJ"], "env": {"A": "1"}}}}'
call keyturn import --yes --remove mcp
expect_status 0
has .cursor/mcp.json '%s%s\n%s\n%s\n' '{"mcpServers": {"far": {"command": "keyturn", "args": ["run", "far@far.example.com", "--env",' \
	' "KEYTURN_TOKEN", "--", "keyturn", "run", "far-2@far.example.com", "--env", "KEYTURN_TOKEN_2", "--", "npx", "-y", "mcp-remote@latest",' \
	' "https://far.example.com/mcp", "--header", "Authorization: Bearer ${KEYTURN_TOKEN}",' \
	' "--header", "X-Key:${KEYTURN_TOKEN_2}"], "env": {"A": "1"}}}}'
must [ "$(keyturn token far@far.example.com)" = sk-far-1 ]
call keyturn scan
must_not grep -q '(mcp)' "$work/out"

begin 'one in an address, in another client'\''s header or in a program'\''s arguments stays, with the reason'
for case in '"url": "https://u.example.com/mcp?api_key=abcdefgh1"|part of an address|revoke it' \
	'"url": "https://u.example.com/mcp", "headers": {"Authorization": "Bearer abcdefgh1"}|no command that prints a header|mcp-remote' \
	'"url": "https://u.example.com/mcp", "headers": {"X-API-Key": "ghp_9fQx2LmV7aZk3BtR8nWc5YhJ"}|no header of that form|keyturn login' \
	'"command": "x", "args": ["--token", "ghp_9fQx2LmV7aZk3BtR8nWc5YhJ"]|every program of this machine|as a variable'; do
	put .cursor/mcp.json '{"mcpServers": {"u": {%s}}}\n' "${case%%|*}"
	snapshot >"$work/before"
	call keyturn scan
	expect_status 1
	call keyturn import --yes --remove mcp
	expect_status 2
	rest=${case#*|}
	expect_said "${rest%|*}"
	expect_said "${rest#*|}"
	expect_cause_and_remedy
	expect_unchanged
done
rm "$HOME/.cursor/mcp.json"

begin 'a token among the headers of a server of codex becomes a variable, which codex is started with'
# codex_has EXPECTED HEADERS: import makes that of a server with these lines, and another run nothing more.
codex_has()
{
	put .codex/config.toml '%s\n' 'model = "x"' '[mcp_servers.dex]' 'url = "https://dex.example.com/mcp"' \
		"$2" 'enabled = true'
	call keyturn scan
	expect_status 1
	call keyturn import --yes --remove mcp
	expect_status 0
	expect_unsaid sk-dex-
	has .codex/config.toml '%s\n' 'model = "x"' '[mcp_servers.dex]' "$1"
	call keyturn scan
	must_not grep -q '(mcp)' "$work/out"
	must [ "$(keyturn run dex@dex.example.com --env KEYTURN_TOKEN_DEX -- sh -c 'echo "$KEYTURN_TOKEN_DEX"')" = "$3" ]
	keyturn logout dex@dex.example.com 2>>"$work/stage.log"
}
started='# keyturn run dex@dex.example.com --env KEYTURN_TOKEN_DEX -- codex'
codex_has "url = \"https://dex.example.com/mcp\"
$started
bearer_token_env_var = \"KEYTURN_TOKEN_DEX\" # x
enabled = true" 'http_headers = { "Authorization" = "Bearer sk-dex-123" } # x' sk-dex-123
codex_has "url = \"https://dex.example.com/mcp\"
$started
bearer_token_env_var = \"KEYTURN_TOKEN_DEX\"
http_headers = { \"X-Team\" = \"a\" }
enabled = true" 'http_headers = { "Authorization" = "Bearer sk-dex-234", "X-Team" = "a" }' sk-dex-234
codex_has "url = \"https://dex.example.com/mcp\"
$started
env_http_headers = { \"X-API-Key\" = \"KEYTURN_TOKEN_DEX\" }
http_headers = { X-Team = \"a\" , X = 'b' }
enabled = true" "http_headers = { X-Team = \"a\" , X-API-Key='sk-dex-345678', X = 'b' }" sk-dex-345678
codex_has "$started
bearer_token_env_var = \"KEYTURN_TOKEN_DEX\"
url = \"https://dex.example.com/mcp\"
[mcp_servers.dex.http_headers]
X-Team = \"a\"
# authorization = <kept by keyturn>
enabled = true" '[mcp_servers.dex.http_headers]
X-Team = "a"
"authorization" = "bearer  sk-dex-456" # y' sk-dex-456

begin 'one that codex could not take so stays, with what to write there'
for headers in 'http_headers = { "Authorization" = "Token ghp_9fQx2LmV7aZk3BtR8nWc5YhJ", "X-Team" = "a" }' \
	'bearer_token_env_var = "OTHER"
http_headers = { "X-Key" = "ghp_9fQx2LmV7aZk3BtR8nWc5YhJ" }' \
	'http_headers = { "X-Key" = """ghp_9fQx2LmV7aZk3BtR8nWc5YhJ""" }' \
	'[model_providers.x]
http_headers = { "X-Key" = "ghp_9fQx2LmV7aZk3BtR8nWc5YhJ" }'; do
	put .codex/config.toml '%s\n' '[mcp_servers.far]' 'url = "https://far.example.com/mcp"' "$headers"
	snapshot >"$work/before"
	call keyturn scan
	expect_status 1
	call keyturn import --yes --remove mcp
	expect_status 2
	expect_said 'codex has no command that prints a header'
	expect_said 'bearer_token_env_var = "TOKEN"'
	expect_cause_and_remedy
	expect_unchanged
done
put .codex/config.toml '%s\n' '[mcp_servers.far]' 'bearer_token_env_var = "TOKEN"' \
	'http_headers = { "X-Team" = "a" }'
call keyturn import --yes mcp
expect_status 0
rm "$HOME/.codex/config.toml"

begin 'a token of a service that nothing names waits for its host'
put .zshrc 'export GITLAB_TOKEN=glpat-9fQx2LmV7aZk3BtR8nWc5YhJ\n'
call keyturn import --yes --remove shell
expect_status 2
expect_said 'keyturn import FILE --host HOST'
call keyturn import --yes --remove --host 'gitlab example' "$HOME/.zshrc"
expect_status 2
call keyturn import --yes --remove --host gitlab.example.com "$HOME/.zshrc"
expect_status 0
has .zshrc '# GITLAB_TOKEN=<kept by keyturn: keyturn run main@gitlab.example.com --env GITLAB_TOKEN -- COMMAND>\n'
rm "$HOME/.zshrc"

begin 'a registry of cargo with a provider of its own keeps its token until that is keyturn'
put .cargo/credentials.toml '[registries.own]\ntoken = "own-1"\n'
put .cargo/config.toml '[registries.own]\nindex = "sparse+https://own.example.com/i/"\n%s\n' \
	'credential-provider = "cargo:token"'
call keyturn import --yes --remove cargo
expect_status 2
expect_said 'config.toml names another provider for its registry'
has .cargo/credentials.toml '[registries.own]\ntoken = "own-1"\n'
put .cargo/config.toml '[registries.own]\nindex = "sparse+https://own.example.com/i/"\n%s\n' \
	'credential-provider = ["keyturn"]'
call keyturn import --yes --remove cargo
expect_status 0
has .cargo/credentials.toml '[registries.own]\n# token = <kept by keyturn>\n'
rm -r "$HOME/.cargo"

begin 'at an enterprise gh reads another variable, and a user of digits alone is quoted'
put .config/gh/hosts.yml '%s\n' 'ghe.example.com:' '    users:' '        "123":' \
	'            oauth_token: gho_digits' '    user: "123"'
call keyturn import --yes --remove gh
expect_status 0
has .config/gh/hosts.yml '%s\n' 'ghe.example.com:' '    users:' '        "123":' \
	'            # oauth_token: <kept by keyturn: keyturn run 123@ghe.example.com --env GH_ENTERPRISE_TOKEN -- COMMAND>' \
	'    user: "123"'
rm "$HOME/.config/gh/hosts.yml"

begin 'a byte order mark and line ends of Windows stay'
put bot/.env '\357\273\277COZE_API_TOKEN=%s\r\nCOZE_API_BASE=https://api.coze.cn\r\n' "$token"
put .netrc '\357\273\277machine bom.example.com\r\nlogin me\r\npassword bompass\r\n'
call keyturn import --yes --remove netrc "$HOME/bot"
expect_status 0
has bot/.env '\357\273\277%s\r\nCOZE_API_BASE=https://api.coze.cn\r\n' \
	'# COZE_API_TOKEN=<kept by keyturn: keyturn run main@coze.cn -- COMMAND>'
has .netrc '\357\273\277# machine bom.example.com <kept by keyturn: curl --netrc-file <(keyturn netrc bom.example.com) URL>\r\n'

begin 'at a terminal each is asked for, and the change is shown first'
rm -rf "$HOME/bot" "$HOME/.netrc"
put .bashrc '# mine\nexport COZE_API_TOKEN=pat_newnewnewnew1newnewnew\nalias x=y\nG=ghp_9fQx2LmV7aZk3BtR8nWc5YhJ; f\n'
put .git-credentials 'https://yes@ask.example.com\nhttps://no:nosecret@ask.example.com\n'
at_terminal '
spawn keyturn import shell git
expect "Is it coze.cn or coze.com?"
send "cn\r"
expect "Keep main-3@coze.cn (pat), from line 2 of * "
send "y\r"
expect "Keep no@ask.example.com (password), from line 2 of * "
send "n\r"
expect "Change * so? "
send "y\r"'
expect_status 2
expect_unsaid pat_newnew
expect_unsaid ghp_9f
expect_unsaid nosecret
must grep -q '^ G=\.\.\.' "$work/out"
must grep -q '^-export COZE_API_TOKEN= \.\.\.' "$work/out"
must grep -q '^+# COZE_API_TOKEN=<kept by keyturn: keyturn run main-3@coze.cn' "$work/out"
must [ "$(keyturn token main-3@coze.cn)" = pat_newnewnewnew1newnewnew ]
has .bashrc '# mine\n%s\nalias x=y\nG=ghp_9fQx2LmV7aZk3BtR8nWc5YhJ; f\n' \
	'# COZE_API_TOKEN=<kept by keyturn: keyturn run main-3@coze.cn -- COMMAND>'
has .git-credentials 'https://yes@ask.example.com\nhttps://no:nosecret@ask.example.com\n'

home_again
begin 'a home full of them: one import moves every one, and scan finds none'
openssl genrsa -out "$work/key.pem" 2048 2>/dev/null
put .zshenv 'export GITHUB_TOKEN=ghp_9fQx2LmV7aZk3BtR8nWc5YhJ\n'
put .config/environment.d/coze.conf 'COZE_API_TOKEN="%s"\n' "$token"
put bot/.env '%s\n' 'COZE_API_BASE=https://api.coze.cn' 'COZE_JWT_OAUTH_CLIENT_ID=app1' \
	'COZE_JWT_OAUTH_PUBLIC_KEY_ID=kid1' "COZE_JWT_OAUTH_PRIVATE_KEY=\"$(cat "$work/key.pem")\"" LAST=1
put .coze/config.json '{"apiBase": "https://api.coze.com", "accessToken": "%s"}\n' "$other"
put .cache/coze_token_77.json '{"access_token": "czu_a", "token_type": "Bearer", %s}\n' \
	'"expires_in": 1700000000, "refresh_token": "refresh-77"'
python3 - "$work/key.pem" "$HOME/coze_oauth_config.json" <<'END'
import json, sys
json.dump({"client_type": "jwt", "client_id": "app2", "private_key": open(sys.argv[1]).read(),
           "public_key_id": "kid2", "coze_api_base": "https://api.coze.cn"},
          open(sys.argv[2], "w"), indent=2)
END
put .git-credentials 'https://me:gitpass@git.example.com%%3a8443/team\nhttp://127.0.0.1:8080\n'
put .gitconfig '[credential]\n\thelper = store\n[url "https://bob:urlpass@code.example.com/"]\n\tinsteadOf = c:\n'
put .config/gh/hosts.yml '%s\n' 'github.com:' '    users:' '        ann:' \
	'            oauth_token: gho_annannannannannann1' '        me:' \
	'            oauth_token: gho_mememememememememem2' '    git_protocol: https' \
	'    oauth_token: gho_mememememememememem2' '    user: me'
put .docker/config.json '%s\n' '{' '  "auths": {' '    "https://index.docker.io/v1/": {' \
	'      "auth": "ZG9jOmRvY2tlcnBhc3M="' '    },' \
	'    "r.example.com": {"auth": "PHRva2VuPjo=", "identitytoken": "idtok"}' '  },' \
	'  "detachKeys": "ctrl-a"' '}'
put .netrc 'machine a.example.com\n\tlogin me\n\tpassword netpass\n%s\n' \
	'machine b.example.com login you password "two words" machine c.example.com login x password y'
put .npmrc 'save-exact=true\n//registry.npmjs.org/:_authToken=npm_abcdef\n//r.example.com/npm/:_authToken="q"\n'
put .pypirc '[distutils]\nindex-servers = pypi\n\n[pypi]\nusername = __token__\npassword = pypi-abcdef\n'
put .config/pip/pip.conf '[global]\nindex-url = https://u:pippass@py.example.com/simple\n'
put .local/share/uv/credentials/credentials.toml '%s\n' '[[credential]]' \
	'service = "https://tok.example.com/"' 'username = "__token__"' 'scheme = "basic"' \
	'password = "abcdef12345"' '' '[[credential]]' 'service = "https://uv.example.com/"' \
	'username = "me"' 'scheme = "basic"' 'password = "sekret"'
put .cargo/config.toml '[registries.mine]\nindex = "sparse+https://crates.example.com/index/"\n'
put .cargo/credentials.toml '[registry]\ntoken = "cio_abc"\n\n[registries.mine]\ntoken = "mine-1"\n'
put .cursor/mcp.json '%s\n' '{' '  "mcpServers": {' '    "coze": {' '      "command": "uvx",' \
	'      "args": ["coze-mcp-server"],' \
	"      \"env\": {\"COZE_API_TOKEN\": \"$token\", \"COZE_API_BASE\": \"https://api.coze.cn\"}" \
	'    },' '    "gh": {' '      "command": "gh-mcp",' \
	'      "env": {"A": "1", "GITHUB_TOKEN": "ghp_9fQx2LmV7aZk3BtR8nWc5YhJ"}' '    }' '  }' '}'
put .config/Code/User/mcp.json '{ // servers\n\t"servers": {"x": {"command": "x", "args": [], %s},},\n}\n' \
	"\"env\": {\"B\": \"$other\", \"COZE_API_BASE\": \"https://api.coze.com\", \"C\": \"$token\",}"
put .codex/config.toml '%s\n' 'model = "x"' '[mcp_servers.coze]' 'command = "uvx"' \
	'args = ["coze-mcp-server"]' '[mcp_servers.coze.env]' "COZE_API_TOKEN = \"$token\"" 'D = "1"'
call keyturn scan
expect_status 1
call keyturn import --yes --remove --site coze.cn
expect_status 0
call keyturn import --yes --remove --site coze.cn "$HOME/bot"
expect_status 0
for secret in "$token" ghp_ gitpass urlpass refresh-77 gho_ ZG9jOmR idtok netpass 'two words' npm_abcdef \
	pypi-abcdef pippass abcdef12345 sekret cio_abc mine-1 BEGIN; do
	must_not grep -raF -e "$secret" --exclude-dir=.local --exclude-dir=keyturn "$HOME"
	must_not grep -rqaF -e "$secret" "$HOME/.config/keyturn" "$HOME/.local/share/uv"
	expect_unsaid "$secret"
done
call keyturn scan
expect_status 0
expect_output ''
call keyturn list --json
must [ "$(json accounts | grep -o '"account"' | wc -l)" -eq 24 ]
has .docker/config.json '%s\n' '{' '  "credsStore": "keyturn",' \
	'  "credHelpers": {"docker.io": "keyturn", "r.example.com": "keyturn"},' '  "auths": {' \
	'    "https://index.docker.io/v1/": {},' '    "r.example.com": {}' '  },' \
	'  "detachKeys": "ctrl-a"' '}'
has .npmrc 'save-exact=true\n%s\n%s\n%s\n%s\n' \
	'; keyturn run npm@registry.npmjs.org --env NPM_TOKEN -- npm ...' \
	'//registry.npmjs.org/:_authToken=${NPM_TOKEN}' \
	'; keyturn run npm@r.example.com --env NPM_TOKEN_2 -- npm ...' \
	'//r.example.com/npm/:_authToken="${NPM_TOKEN_2}"'
must_not test -e "$HOME/.cache/coze_token_77.json"
must [ "$(git config -f "$HOME/.gitconfig" --get-all credential.helper)" = keyturn ]
must python3 - "$HOME/.cursor/mcp.json" "$HOME/coze_oauth_config.json" <<'END'
import json, sys
servers = json.load(open(sys.argv[1]))["mcpServers"]
assert servers["coze"] == {"command": "keyturn", "env": {"COZE_API_BASE": "https://api.coze.cn"},
                           "args": ["run", "main@coze.cn", "--tool", "mcp", "--", "uvx",
                                    "coze-mcp-server"]}, servers
assert servers["gh"] == {"command": "keyturn", "env": {"A": "1"},
                         "args": ["run", "github@github.com", "--env", "GITHUB_TOKEN", "--",
                                  "gh-mcp"]}, servers
assert json.load(open(sys.argv[2]))["private_key"].startswith("<kept by keyturn: keyturn run --app")
END

begin 'each tool gets its secret back'
for url in https://me@git.example.com:8443/team:gitpass https://bob@code.example.com:urlpass \
	https://me@a.example.com:netpass 'https://you@b.example.com:two words' \
	https://me@uv.example.com:sekret; do
	input 'url=%s\n\n' "${url%:*}"
	call keyturn get
	expect_line "password=${url##*:}"
done
input 'https://index.docker.io/v1/'
call docker-credential-keyturn get
expect_json dockerpass Secret
input 'docker.io'
call docker-credential-keyturn get
expect_json dockerpass Secret
input 'r.example.com'
call docker-credential-keyturn get
expect_json '<token>' Username
expect_json idtok Secret
for registry in registry+https://github.com/rust-lang/crates.io-index:cio_abc \
	sparse+https://crates.example.com/index/:mine-1; do
	input '{"v":1,"registry":{"index-url":"%s"},"kind":"get","operation":"read"}\n' \
		"$(echo "${registry%:*}" | sed 's/^registry+//')"
	call keyturn --cargo-plugin
	must grep -q "\"token\":\"${registry##*:}\"" "$work/out"
done
call keyturn run npm@r.example.com --env NPM_TOKEN_2 -- sh -c 'echo "$NPM_TOKEN_2"'
expect_output q
call keyturn run __token__@upload.pypi.org --env TWINE_PASSWORD -- sh -c 'echo "$TWINE_PASSWORD"'
expect_output pypi-abcdef
call keyturn run --app bot@coze.cn -- sh -c 'echo "$COZE_JWT_OAUTH_CLIENT_ID"'
expect_output app1
call keyturn show main-3@coze.cn --json
expect_json device kind

home_again
begin 'what git, npm and skopeo wrote themselves is moved, and each goes on by its helper'
need npm skopeo
python3 "$srcdir/tests/programs/plain_services.py" "$work/port" 2>"$work/services" &
services=$!
wait_beside "$services" test -s "$work/port"
port=$(cat "$work/port")
git config --global credential.helper store
printf 'protocol=http\nhost=127.0.0.1:%s\nusername=me\npassword=real-pass\n\n' "$port" | git credential approve
must npm config set "//127.0.0.1:$port/:_authToken" npm_real0123456789abcdef
mkdir "$HOME/.docker"
must skopeo login --authfile "$HOME/.docker/config.json" --tls-verify=false -u me -p real-pass "127.0.0.1:$port" \
	>"$work/stage.log" 2>&1
for file in .git-credentials .npmrc .docker/config.json; do
	must test -s "$HOME/$file"
done
call keyturn import --yes --remove
expect_status 0
for secret in real-pass npm_real "$(printf me:real-pass | base64)"; do
	must_not grep -rqF -e "$secret" --exclude-dir=.local --exclude-dir=.npm "$HOME"
done
call keyturn scan
expect_status 0
# works COMMAND...: it comes through, by an answer of the service from now on.
works()
{
	: >"$work/port.seen"
	"$@" >"$work/out" 2>"$work/err" || complain "$1 does not go on: $(tail -n 1 "$work/err")"
	must grep -q ' 200$' "$work/port.seen"
}
works git ls-remote "http://127.0.0.1:$port/code.git"
works skopeo list-tags --authfile "$HOME/.docker/config.json" --tls-verify=false "docker://127.0.0.1:$port/app"
works keyturn run "npm@127.0.0.1:$port" --env NPM_TOKEN -- npm whoami --registry "http://127.0.0.1:$port/"
expect_output me
kill "$services"
wait "$services" || :

finish

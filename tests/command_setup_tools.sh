#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn setup: the files of the other tools. Each is wired, wired again, and given back to the byte.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/setup.sh"
home_start
cd "$work"
setup_start
unset PIP_CONFIG_FILE UV_CONFIG_FILE

# given TOOL FILE FORMAT EXPECTED [changed]: the file as it stands, and as it is then; it is given
# back, also after a change.
given()
{
	fresh
	file=$HOME/$2
	mkdir -p "${file%/*}"
	# shellcheck disable=SC2059
	printf "$3" >"$file"
	picture >"$work/before"
	# shellcheck disable=SC2086
	call keyturn setup "$1" $whose --yes
	expect_status 0
	# shellcheck disable=SC2059
	printf "$4" | cmp -s - "$file" || {
		complain "not so: $4"
		sed 's/^/#   /' "$file"
	}
	picture '%i %T@' >"$work/wired"
	# shellcheck disable=SC2086
	call keyturn setup "$1" $whose --yes
	expect_status 0
	expect_said "$1: it asks keyturn already"
	picture '%i %T@' | cmp -s - "$work/wired" || complain 'the second time changed something'
	[ -z "${5:-}" ] || printf '\n' >>"$file"
	call keyturn setup "$1" --undo --yes
	expect_status 0
	# shellcheck disable=SC2059
	if [ "$(cat "$file")" != "$(printf "$3")" ]; then
		complain "not given back: $3"
		sed 's/^/#   /' "$file"
	fi
	[ -n "${5:-}" ] || picture | cmp -s - "$work/before" || complain 'it is not as it was'
}

whose=
docker()
{
	given docker .docker/config.json "$@"
}

begin 'pip and uv: the setting alone, in its section or before the first table'
for tool in pip uv; do
	fresh
	call keyturn setup $tool --yes
	expect_status 2
	expect_said "PATH=$builddir/tests/bin/keyring:"
done
PATH=$builddir/tests/bin/keyring:$PATH
for changed in '' changed; do
	given pip .config/pip/pip.conf '' '[global]\nkeyring-provider = subprocess\n' $changed
	given pip .config/pip/pip.conf '[global]\nindex-url = https://x\n[install]\nno-deps = 1\n' \
		'[global]\nkeyring-provider = subprocess\nindex-url = https://x\n[install]\nno-deps = 1\n' $changed
	given pip .config/pip/pip.conf '[install]\nkeyring-provider = x\n' \
		'[install]\nkeyring-provider = x\n[global]\nkeyring-provider = subprocess\n' $changed
	given pip .config/pip/pip.conf '[global]\n# mine\nkeyring-provider: import\r\n' \
		'[global]\n# mine\nkeyring-provider: subprocess\r\n' $changed
	given uv .config/uv/uv.toml '# mine\nnative-tls = true\n[pip]\nkeyring-provider = "x"\n' \
		'keyring-provider = "subprocess"\n# mine\nnative-tls = true\n[pip]\nkeyring-provider = "x"\n' $changed
	given uv .config/uv/uv.toml 'keyring-provider="disabled" # mine\n' \
		'keyring-provider="subprocess" # mine\n' $changed
done
given uv .config/uv/uv.toml '' 'keyring-provider = "subprocess"\n'
printf 'x = """\nkeyring-provider = "a"\n"""\n' >"$HOME/.config/uv/uv.toml"
call keyturn setup uv --yes
expect_status 2
expect_cause_and_remedy
call keyturn setup uv --print
expect_output 'keyring-provider = "subprocess"'
mkdir -p "$HOME/.config/pip"
printf '[global]\nkeyring-provider = a\nkeyring-provider = b\n' >"$HOME/.config/pip/pip.conf"
call keyturn setup pip --yes
expect_status 2
expect_cause_and_remedy
fresh
call keyturn setup pip --yes
call keyturn doctor
must grep -qE '^ok +pip +pip asks keyturn$' "$work/out"
mkdir -p "$work/other"
printf '#!/bin/sh\n' >"$work/other/keyring"
chmod +x "$work/other/keyring"
call env PATH="$work/other:$PATH" keyturn doctor
must grep -qE '^warning +pip +pip does not find the keyring of keyturn' "$work/out"

begin 'docker: the member alone is written, and given back'
for changed in '' changed; do
	docker '{\n\t"auths": {}\n}\n' '{\n\t"credsStore": "keyturn",\n\t"auths": {}\n}\n' $changed
	docker '{"auths":{"x":{"a":"}\\""}}}' \
		'{"credsStore":"keyturn","auths":{"x":{"a":"}\\""}}}' $changed
	docker '{\n  "a": [1, {"credsStore": "x"}],\n  "credsStore": "keychain",\n  "b": 1\n}' \
		'{\n  "a": [1, {"credsStore": "x"}],\n  "credsStore": "keyturn",\n  "b": 1\n}' $changed
	docker '{\r\n    "credsStore" : "pass"\r\n}' '{\r\n    "credsStore" : "keyturn"\r\n}' $changed
done
docker '{}' '{\n\t"credsStore": "keyturn"\n}'
docker '' '{\n\t"credsStore": "keyturn"\n}\n'
docker '{"credHelpers":{"x.example.com":"ecr-login"}}' \
	'{"credsStore":"keyturn","credHelpers":{"x.example.com":"ecr-login"}}'
fresh
picture >"$work/before"
call keyturn setup docker --yes
expect_status 0
must [ "$(stat -c %a "$HOME/.docker/config.json")" = 600 ]
call keyturn setup docker --undo --yes
picture | cmp -s - "$work/before" || complain 'the directory is left'
for text in '[]' '{' '{"a":1,"a":2}' 'x'; do
	fresh
	mkdir "$HOME/.docker"
	printf '%s' "$text" >"$HOME/.docker/config.json"
	call keyturn setup docker --yes
	expect_status 2
	expect_cause_and_remedy
	must [ "$(cat "$HOME/.docker/config.json")" = "$text" ]
done

begin 'docker: what another helper and the file keep is told, each with the command that moves it'
fresh
mkdir "$HOME/.docker"
printf '{"credsStore":"secretservice","auths":{"r.example.com":{"auth":"bWU6dGhyZWU="}}}' \
	>"$HOME/.docker/config.json"
call keyturn setup docker --yes
expect_status 0
expect_said 'docker no longer asks secretservice; to move what it still keeps, run: keyturn import desktop'
expect_said 'in plain text, and are not used any more; to move them, run: keyturn import docker'
call keyturn import docker --yes --remove
expect_status 0
input r.example.com
call docker-credential-keyturn get
expect_json three Secret

begin 'go: the command is the first of the list, and the others stay'
go()
{
	given go .config/go/env "$@"
}
for changed in '' changed; do
	go '' 'GOAUTH=keyturn goauth; netrc\n' $changed
	go 'GOPROXY=direct\n# mine\n' 'GOPROXY=direct\n# mine\nGOAUTH=keyturn goauth; netrc\n' $changed
	go 'GOAUTH=git /x; netrc\nGOPROXY=direct\n' \
		'GOAUTH=keyturn goauth; git /x; netrc\nGOPROXY=direct\n' $changed
	go 'GOAUTH=netrc\n' 'GOAUTH=keyturn goauth; netrc\n' $changed
	go 'GOAUTH=a\nGOAUTH=b' 'GOAUTH=a\nGOAUTH=keyturn goauth; b' $changed
done
go 'GOAUTH=off\n' 'GOAUTH=keyturn goauth\n'
go 'GOPROXY=direct' 'GOPROXY=direct\nGOAUTH=keyturn goauth; netrc'
go 'GOPROXY=direct\r\n' 'GOPROXY=direct\r\nGOAUTH=keyturn goauth; netrc\r\n'
for value in 'keyturn goauth' 'netrc; /x/keyturn goauth work ;git /x'; do
	fresh
	mkdir -p "$HOME/.config/go"
	printf 'GOAUTH=%s\n' "$value" >"$HOME/.config/go/env"
	call keyturn setup go
	expect_status 0
	expect_said 'go: it asks keyturn already'
	call keyturn setup go --undo --yes
	must_not grep -q keyturn "$HOME/.config/go/env"
done
must [ "$(cat "$HOME/.config/go/env")" = 'GOAUTH=netrc; git /x' ]
# go leaves a process behind that counts in its home. The file is that of ours all the same.
real_go()
{
	GOENV=$HOME/.config/go/env HOME=$work/go_home GOTOOLCHAIN=local command go "$@"
}
if real_go help goauth >"$work/out" 2>&1; then
	fresh
	call keyturn setup go --yes
	must [ "$(real_go env GOAUTH)" = 'keyturn goauth; netrc' ]
	call keyturn setup go --undo --yes
fi

begin 'cargo: the list in its table is written, and given back'
cargo()
{
	given cargo .cargo/config.toml "$@"
}
line='global-credential-providers = ["cargo:token", "keyturn"]'
for changed in '' changed; do
	cargo '[net]\nretry = 1\n' "[net]\nretry = 1\n[registry]\n$line\n" $changed
	cargo '[registry] # mine\ndefault = "x"\n[net]\n' \
		"[registry] # mine\n$line\ndefault = \"x\"\n[net]\n" $changed
	cargo '[registry]\n' "[registry]\n$line\n" $changed
	cargo '[registry]\nglobal-credential-providers = ["a]b"] # mine\n' \
		'[registry]\nglobal-credential-providers = ["a]b", "keyturn"] # mine\n' $changed
done
cargo '' "[registry]\n$line\n"
cargo '[net]' "[net]\n[registry]\n$line"
cargo '[net]\r\n' "[net]\r\n[registry]\r\n$line\r\n"
cargo '[registry]\nglobal-credential-providers = []\n' "[registry]\n$line\n"
for text in '[ registry ]' 'registry = { default = "x" }' 'registry.default = "x"' \
	'[registry]\nglobal-credential-providers = [\n"a"]' '[x]\ny = """\n[registry]"""' \
	'["registry"]'; do
	fresh
	mkdir -p "$HOME/.cargo"
	# shellcheck disable=SC2059
	printf "$text" >"$HOME/.cargo/config.toml"
	cp "$HOME/.cargo/config.toml" "$work/odd"
	call keyturn setup cargo --yes
	expect_status 2
	expect_cause_and_remedy
	must cmp -s "$work/odd" "$HOME/.cargo/config.toml"
done

# odd TOOL FILE FORMAT: what is written in another way is left alone, and the lines are printed.
odd()
{
	fresh
	mkdir -p "$HOME/$(dirname "$2")"
	# shellcheck disable=SC2059
	printf "$3" >"$HOME/$2"
	cp "$HOME/$2" "$work/odd"
	# shellcheck disable=SC2086
	call keyturn setup "$1" $whose --yes
	expect_status 2
	expect_cause_and_remedy
	must cmp -s "$work/odd" "$HOME/$2"
	# shellcheck disable=SC2086
	call keyturn setup "$1" $whose --print
	expect_status 0
	must grep -q keyturn "$work/out"
}

echo pat_0123456789 | keyturn login work --with-token --expires never --api-base https://api.example.com \
	>"$work/log" 2>&1
path=$(command -v keyturn)
unset AWS_CONFIG_FILE KUBECONFIG TF_CLI_CONFIG_FILE CODEX_HOME CLAUDE_CONFIG_DIR NPM_CONFIG_USERCONFIG
whose='--account work'

begin 'aws: a profile of the account'
block="[profile work]\ncredential_process = $path aws work\n"
for changed in '' changed; do
	given aws .aws/config '[default]\nregion = x\n' "[default]\nregion = x\n$block" $changed
	given aws .aws/config '[default]\r\nregion = x\r\n' \
		"[default]\r\nregion = x\r\n[profile work]\r\ncredential_process = $path aws work\r\n" $changed
done
given aws .aws/config '' "$block"
given aws .aws/config '# mine' "# mine\n${block%??}"
odd aws .aws/config '[profile work]\nregion = x\n'

begin 'bazel: a helper for the host of the account'
given bazel .bazelrc 'build -c opt\n' "build -c opt\ncommon --credential_helper=api.example.com=$(
	command -v bazel-credential-keyturn)\n" changed

begin 'codex: the table of a provider'
block='[model_providers.work.auth]\ncommand = "keyturn"\nargs = ["token", "work"]\n'
given codex .codex/config.toml 'model = "x"\n' "model = \"x\"\n$block" changed
expect_said 'changed in it stays'
given codex .codex/config.toml '[model_providers.work]\nbase_url = "https://x"\n' \
	"[model_providers.work]\nbase_url = \"https://x\"\n$block"
odd codex .codex/config.toml '[model_providers.work.auth]\ncommand = "x"\n'

begin 'claude: the member alone is written, and given back'
member='"apiKeyHelper": "keyturn token work"'
for changed in '' changed; do
	given claude .claude/settings.json '{\n  "a": {"apiKeyHelper": "x"}\n}\n' \
		"{\n  $member,\n  \"a\": {\"apiKeyHelper\": \"x\"}\n}\n" $changed
	given claude .claude/settings.json '{\n  "apiKeyHelper": "./key.sh"\n}\n' \
		"{\n  $member\n}\n" $changed
done
given claude .claude/settings.json '' "{\n\t$member\n}\n"
odd claude .claude/settings.json '{'

begin 'claude-mcp: a member of the server that has the name of the account'
helper='"headersHelper": "keyturn header work --json"'
for changed in '' changed; do
	given claude-mcp .claude.json \
		'{\n  "n": 1,\n  "mcpServers": {\n    "x": {"url": "u"},\n    "work": {\n      "type": "http"\n    }\n  }\n}\n' \
		"{\n  \"n\": 1,\n  \"mcpServers\": {\n    \"x\": {\"url\": \"u\"},\n    \"work\": {\n      $helper,\n      \"type\": \"http\"\n    }\n  }\n}\n" $changed
	given claude-mcp .claude.json '{"mcpServers":{"work":{"headersHelper": "./h.sh"}}}' \
		"{\"mcpServers\":{\"work\":{$helper}}}" $changed
done
odd claude-mcp .claude.json '{"mcpServers":{"other":{}}}'
odd claude-mcp .claude.json '{"mcpServers":[],"work":{}}'
odd claude-mcp .claude.json ''
fresh
printf '{"mcpServers":{"a":{%s},"b":{%s}}}' "$helper" "$helper" >"$HOME/.claude.json"
call keyturn setup claude-mcp --undo --yes
expect_status 2
expect_cause_and_remedy

begin 'pnpm: the line of the registry, and the script that it names'
script=$HOME/.config/keyturn/helpers/pnpm-work
line="//api.example.com/:tokenHelper=$script\n"
for changed in '' changed; do
	given pnpm .npmrc 'registry=https://x/\n' "registry=https://x/\n$line" $changed
	must [ ! -e "${script%/*}" ]
done
odd pnpm .npmrc '//api.example.com/:tokenHelper=/bin/other\n'
call keyturn setup pnpm --account work --yes
expect_status 2
fresh
call keyturn setup pnpm --account work --yes
expect_said 'npm and yarn take no helper'
must [ "$(stat -c %a "$script")" = 700 ]
must [ "$("$script")" = 'Bearer pat_0123456789' ]
call keyturn doctor
must grep -qE '^ok +pnpm +pnpm asks keyturn$' "$work/out"
call keyturn setup pnpm --undo --yes
must [ ! -e "$HOME/.npmrc" ]
call keyturn setup npm
expect_status 2
expect_said 'keyturn run --env NPM_TOKEN -- npm'

begin 'kubernetes: an entry in the list of users'
# entry INDENTATION
entry()
{
	printf '%s\n' '- name: work' '  user:' '    exec:' \
		'      apiVersion: client.authentication.k8s.io/v1' '      command: keyturn' \
		'      args:' '      - kubernetes' '      - work' '      interactiveMode: Never' |
		sed "s/^/$1/; s/\$/\\\\n/" | tr -d '\n'
}
head='apiVersion: v1\nkind: Config\n'
for changed in '' changed; do
	given kubernetes .kube/config "${head}users:\n- name: a\n  user: {}\nx: 1\n" \
		"${head}users:\n$(entry '')- name: a\n  user: {}\nx: 1\n" $changed
	given kubernetes .kube/config "${head}users:\n  - name: a\n    user: {}\n" \
		"${head}users:\n$(entry '  ')  - name: a\n    user: {}\n" $changed
	given kubernetes .kube/config "users: []\n$head" "users: \n$(entry '')$head"
	given kubernetes .kube/config "${head}contexts:\n- name: work\n" \
		"${head}contexts:\n- name: work\nusers:\n$(entry '')" $changed
done
given kubernetes .kube/config '' "${head}users:\n$(entry '')"
odd kubernetes .kube/config 'users:\n- name: work\n  user: {}\n'
odd kubernetes .kube/config 'users:\n- user: {}\n  name: "work"\n'
odd kubernetes .kube/config 'users: [{name: a}]\n'
odd kubernetes .kube/config '{"kind": "Config", "users": []}\n'
if command -v kubectl >/dev/null; then
	fresh
	call keyturn setup kubernetes --account work --yes
	must [ "$(kubectl config view -o 'jsonpath={.users[?(@.name=="work")].user.exec.command}')" = keyturn ]
fi
if command -v aws >/dev/null; then
	fresh
	call keyturn setup aws --account work --yes
	must [ "$(aws configure get credential_process --profile work)" = "$path aws work" ]
fi

begin 'podman: the line that names the helpers, in a file of its own'
whose=
helpers='credential-helpers = ["keyturn", "containers-auth.json"]\n'
for changed in '' changed; do
	given podman .config/containers/registries.conf.d/keyturn.conf '# mine\n' "# mine\n$helpers" $changed
done
odd podman .config/containers/registries.conf.d/keyturn.conf '[[registry]]\nlocation = "a"\n'
odd podman .config/containers/registries.conf.d/keyturn.conf 'credential-helpers = ["pass"]\n'
whose='--account work'

begin 'mutt: the commands for the token'
for changed in '' changed; do
	given mutt .muttrc 'set from=me@example.com\n' "set from=me@example.com\n$(printf 'set %s\\n' \
		'imap_oauth_refresh_command="keyturn token work"' 'imap_authenticators="oauthbearer:xoauth2"' \
		'smtp_oauth_refresh_command="keyturn token work"' 'smtp_authenticators="oauthbearer:xoauth2"')" \
		$changed
done
odd mutt .muttrc 'set imap_oauth_refresh_command="keyturn token other"\nset a=b\n'

begin 'terraform: its line, and the link to the program that it looks for'
whose=
for changed in '' changed; do
	given terraform .terraformrc 'disable_checkpoint = true\n' \
		'disable_checkpoint = true\ncredentials_helper "keyturn" {}\n' $changed
done
odd terraform .terraformrc 'credentials_helper "other" {}\n'
fresh
picture >"$work/before"
call keyturn setup terraform --yes
link=$HOME/.terraform.d/plugins/terraform-credentials-keyturn
must [ "$(readlink "$link")" = "$(command -v terraform-credentials-keyturn)" ]
call keyturn doctor
must grep -qE '^ok +terraform +terraform asks keyturn$' "$work/out"
call keyturn setup terraform --undo --yes
picture | cmp -s - "$work/before" || complain 'it is not as it was'

begin 'lines that have to be written by hand are those of the account that was named'
fresh
mkdir "$HOME/.aws"
printf '[profile work]\nregion = x\n' >"$HOME/.aws/config"
call keyturn setup aws --account work --yes
expect_status 2
expect_said 'keyturn setup aws --account work --print'

begin 'whose token it is: the account that answers, one that is named, or nobody'
fresh
call keyturn setup aws --yes
expect_status 0
must grep -qF 'aws work@api.example.com' "$HOME/.aws/config"
call keyturn setup aws --account work --yes
expect_status 2
call keyturn setup aws --account nobody --yes
expect_status 1
call keyturn setup git --account work --yes
expect_status 2
expect_cause_and_remedy
echo '# more' >>"$HOME/.aws/config"
call keyturn setup aws --undo --yes
must [ "$(cat "$HOME/.aws/config")" = '# more' ]
call keyturn logout work@api.example.com

finish

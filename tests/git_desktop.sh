#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The main job: real git, and a real gnome-keyring or the vault. GIT_BIN may name the directory of
# another git.
set -eu

PATH=${GIT_BIN:+$GIT_BIN:}$PATH
. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/git_server.sh"
need git python3
alone "$0" "$@"

# fill: what git gets for api.coze.cn.
fill()
{
	input 'protocol=https\nhost=api.coze.cn\n\n'
	call git credential fill
}

expect_token()
{
	expect_status 0
	expect_line "password=$1"
	expect_said ''
}

fill_and_approve()
{
	git credential fill <<-END | git credential approve
	protocol=https
	host=api.coze.cn

	END
}

# 100 times, as fast as git is.
fill_and_approve_often()
{
	rounds=100
	while [ "$rounds" -gt 0 ]; do
		fill_and_approve || return 1
		rounds=$((rounds - 1))
	done
}

# no_clear_text TEXT...: in no file below the home and the configuration.
no_clear_text()
{
	for canary in "$@"; do
		must_not grep -rqaF -e "$canary" "$HOME"
		must_not grep -rqaF -e "$(printf '%s' "$canary" | base64 -w 0 | cut -c1-20)" "$HOME"
	done
}

item_time()
{
	secret-tool search --all xdg:schema org.keyturn.Credential 2>/dev/null |
		grep -e '^modified' -e '^created'
}

# everyday: the story that is the same with every keyring.
everyday()
{
	git config --global credential.helper keyturn

	begin "$1: git gets the PAT"
	store_token main coze.cn pat_canary_everyday
	fill
	expect_token pat_canary_everyday
	expect_line username=main

	begin "$1: to hand it out takes less than 16 MiB"
	takes_little env KEYTURN_CACHE=off keyturn token
	takes_little env KEYTURN_CACHE=900 keyturn token

	begin "$1: a password that git was given comes back"
	input 'protocol=https\nhost=git.example.com\nusername=me\npassword=canary_typed\n\n'
	call git credential approve
	expect_status 0
	expect_said ''
	input 'protocol=https\nhost=git.example.com\n\n'
	call git credential fill
	expect_line password=canary_typed

	begin "$1: a password that was refused is forgotten"
	input 'protocol=https\nhost=git.example.com\nusername=me\npassword=canary_typed\n\n'
	call git credential reject
	expect_status 0
	input 'protocol=https\nhost=git.example.com\n\n'
	call env GIT_ASKPASS=true git credential fill
	must_not grep -q canary_typed "$work/out"

	begin "$1: nothing secret is in clear text on the disk"
	no_clear_text pat_canary_everyday canary_typed
}

need dbus-daemon dbus-send gnome-keyring-daemon secret-tool perl docker-credential-secretservice
home_on_desktop
everyday desktop

begin 'desktop: 100 times fill and approve leave the item as it is, with and without the cache'
item_time >"$work/times"
cksum "$HOME"/.local/share/keyrings/*.keyring >"$work/sums"
sleep 1
must fill_and_approve_often
export KEYTURN_CACHE=off
must fill_and_approve_often
unset KEYTURN_CACHE
item_time >"$work/times-after"
cksum "$HOME"/.local/share/keyrings/*.keyring >"$work/sums-after"
must cmp "$work/times" "$work/times-after"
must cmp "$work/sums" "$work/sums-after"
must [ "$(wc -l <"$work/times")" -ge 2 ]

begin 'desktop: after the daemon was restarted git is told why it gets nothing'
must desktop_restart_daemon
keyturn lock 2>/dev/null
fill
must_not grep -q pat_canary "$work/out"
must grep -q 'keyturn unlock' "$work/err"

begin 'desktop: and once it is unlocked gets the PAT as before'
must desktop_unlock
fill
expect_token pat_canary_everyday

begin 'desktop: items of git-credential-libsecret, Git Credential Manager, gh and docker are moved'
printf 'libpass\npassword_expiry_utc=9999999999' | secret-tool store --label x \
	xdg:schema org.git.Password user me protocol https server lib.example.com port 8443 object team
printf 'gcmpass' | secret-tool store --label x xdg:schema com.microsoft.GitCredentialManager \
	service git:https://gcm.example.com account you
printf 'oldpass' | secret-tool store --label 'Git: https://old.example.com/' \
	xdg:schema org.gnome.keyring.NetworkPassword user me protocol https server old.example.com
printf 'otherpass' | secret-tool store --label 'me@files.example.com' \
	xdg:schema org.gnome.keyring.NetworkPassword user me protocol http server files.example.com
for user in ann ''; do
	printf 'gho_annannannannannann1' | secret-tool store --label x service gh:github.com \
		username "$user"
done
printf 'gho_bobbobbobbobbobbob1' | secret-tool store --label x service gh:ghe.example.com username bob
printf 'not of gh' | secret-tool store --label x service github:ghe.example.com username bob
for server in https://index.docker.io/v1/ r.example.com:5000; do
	input '{"ServerURL":"%s","Username":"doc","Secret":"dockpass"}' "$server"
	call docker-credential-secretservice store
	expect_status 0
done
mkdir "$HOME/.docker"
printf '{"credsStore": "secretservice", "auths": {"r.example.com:5000": {}}}\n' >"$HOME/.docker/config.json"
call keyturn import --dry-run desktop
expect_status 0
expect_line 'desktop keyring (gh):1: bob@ghe.example.com (pat), not in the keyring yet'
expect_line 'desktop keyring (docker-credential-secretservice):1: doc@index.docker.io (password), not in the keyring yet'
expect_line 'desktop keyring (docker-credential-secretservice):1: doc@r.example.com:5000 (password), not in the keyring yet'
expect_unsaid dockpass
expect_line 'desktop keyring (git-credential-libsecret):1: me@lib.example.com:8443 (password), not in the keyring yet'
expect_line 'desktop keyring (git-credential-libsecret):1: me@old.example.com (password), not in the keyring yet'
must_not grep -q files.example.com "$work/out"
expect_line 'desktop keyring (Git Credential Manager):1: you@gcm.example.com (password), not in the keyring yet'
expect_line 'desktop keyring (gh):1: ann@github.com (pat), not in the keyring yet'
expect_line 'desktop keyring (gh):1: ann@github.com (pat), the same secret again'
call keyturn import --yes --remove desktop
expect_status 0
expect_said 'to move what it still keeps, run: keyturn import desktop'
expect_unsaid libpass
expect_unsaid dockpass
must grep -q '"credsStore": "keyturn"' "$HOME/.docker/config.json"
for server in https://index.docker.io/v1/ r.example.com:5000; do
	input '%s' "$server"
	call docker-credential-keyturn get
	expect_json dockpass Secret
	input '%s' "$server"
	call docker-credential-secretservice get
	expect_status 1
done
rm -r "$HOME/.docker"
must [ "$(keyturn token bob@ghe.example.com)" = gho_bobbobbobbobbobbob1 ]
must [ "$(secret-tool lookup service github:ghe.example.com)" = 'not of gh' ]
for answer in https://lib.example.com:8443/team=libpass https://old.example.com=oldpass https://gcm.example.com=gcmpass \
	https://github.com=gho_annannannannannann1; do
	input 'url=%s\n\n' "${answer%=*}"
	call git credential fill
	expect_line "password=${answer##*=}"
done
for item in 'xdg:schema org.git.Password' 'xdg:schema com.microsoft.GitCredentialManager' \
	'service gh:github.com' 'service gh:ghe.example.com' 'docker_cli 1'; do
	# shellcheck disable=SC2086
	must [ -z "$(secret-tool search --all $item 2>/dev/null)" ]
done
must [ "$(secret-tool lookup server files.example.com)" = otherpass ]
must [ -z "$(secret-tool search --all server old.example.com xdg:schema org.gnome.keyring.NetworkPassword 2>/dev/null)" ]
for account in me@lib.example.com:8443 me@old.example.com you@gcm.example.com ann@github.com \
	bob@ghe.example.com doc@index.docker.io doc@r.example.com:5000; do
	must keyturn logout "$account" 2>>"$work/stage.log"
done

begin 'desktop: a session without a bus is exit 4, and no second home'
call env -u DBUS_SESSION_BUS_ADDRESS -u XDG_RUNTIME_DIR KEYTURN_CACHE=off keyturn token
expect_status 4
expect_cause_and_remedy
expect_said 'desktop keyring, which this session cannot reach'
input 'pat_second\n'
call env -u DBUS_SESSION_BUS_ADDRESS -u XDG_RUNTIME_DIR KEYTURN_CACHE=off \
	keyturn login --site coze.cn --with-token
expect_status 4
call keyturn token
expect_output pat_canary_everyday
must_not test -e "$HOME/.local/share/keyturn/vault"

begin 'desktop: an account stored again with another kind leaves one item'
input 'sat_again\n'
call keyturn login --site coze.cn --with-token --replace
expect_status 0
must [ "$(secret-tool search --all xdg:schema org.keyturn.Credential username main 2>&1 |
	grep -c '^label')" -eq 1 ]
fill
expect_token sat_again

begin 'desktop: a store without a path leaves the item with one alone'
for part in 'path=team/one.git\npassword=with_path' 'password=without_path'; do
	input "protocol=https\nhost=git.example.com\nusername=me\n$part\n\n"
	call keyturn store
	expect_status 0
done
input 'protocol=https\nhost=git.example.com\npath=team/one.git\n\n'
call keyturn get
expect_line password=with_path
input 'protocol=https\nhost=git.example.com\n\n'
call keyturn get
expect_line password=without_path
must [ "$(secret-tool search --all xdg:schema org.keyturn.Credential username me 2>&1 |
	grep -c '^label')" -eq 2 ]

home_again
everyday vault

begin 'vault: 100 times fill and approve leave the item as it is, with and without the cache'
snapshot >"$work/before"
must fill_and_approve_often
export KEYTURN_CACHE=off
must fill_and_approve_often
unset KEYTURN_CACHE
expect_unchanged

begin 'vault: after lock and unlock git gets the PAT as before'
keyturn lock
call keyturn unlock
expect_status 0
fill
expect_token pat_canary_everyday

# clone SCHEME TOKEN: from a server that knows only that scheme.
clone()
{
	git init --quiet --bare "$work/served/$1.git"
	git -C "$work/served/$1.git" config http.receivepack true
	git_serve "$1" "$2"
	printf '%s\n' "$2" |
		keyturn login "git-$1" --api-base "http://127.0.0.1:$port" --with-token 2>>"$work/stage.log"
	call git clone --quiet "http://127.0.0.1:$port/$1.git" "$work/cloned-$1"
	expect_status 0
	git -C "$work/cloned-$1" -c user.name=x -c user.email=x@example.com commit --quiet \
		--allow-empty --message one
	call git -C "$work/cloned-$1" push --quiet origin HEAD:refs/heads/main
	expect_status 0
	git_unserve
	must grep -q "$1" "$work/asked"
	call keyturn token "git-$1"
	expect_output "$2"
}

need node

begin 'a clone and a push where only Basic is known'
clone Basic pat_basic

git_version=$(git version | sed 's/[^0-9]*\([0-9]*\)\.\([0-9]*\).*/\1 \2/')
if [ "${git_version% *}" -gt 2 ] || [ "${git_version#* }" -ge 46 ]; then
	begin 'a clone and a push where only Bearer is known'
	clone Bearer pat_bearer
fi

finish

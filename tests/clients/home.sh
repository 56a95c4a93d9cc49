# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/clients.sh: a home full of what tools wrote themselves (git, git-credential-libsecret,
# secret-tool, gh, docker or skopeo, npm, cargo, uv, cozepy), in files and in a real gnome-keyring. One
# import moves it all, and each tool goes on at its server.

. "$srcdir/tests/clients/cargo.sh"
. "$srcdir/tests/clients/python.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
home_here=$KEYTURN_CLIENTS_DIR/home
registries_home='debian pypi pool'
gh_package=gh_2.46.0-3_amd64.deb
gh_sum=4af2d243a11c94ade52aa2e66bb28d8a048fc05f95e2f7cb0e0ecad2343ea872

# gh of Debian 13, beside the system: the one of Debian 12 keeps nothing in the desktop's keyring.
get_gh()
{
	gh=$home_here/gh/usr/bin/gh
	[ ! -x "$gh" ] || return 0
	curl -sSf -o "$home_here/$gh_package" \
		"http://deb.debian.org/debian/pool/main/g/gh/$gh_package" || return 1
	echo "$gh_sum  $home_here/$gh_package" | sha256sum -c --quiet &&
		dpkg -x "$home_here/$gh_package" "$home_here/gh"
}

get_home()
{
	for program in npm expect secret-tool gnome-keyring-daemon skopeo docker-credential-secretservice; do
		command -v "$program" || { echo "there is no $program"; return 1; }
	done
	has_module ws || { echo 'there is no ws: run npm ci in tests/servers'; return 1; }
	mkdir -p "$home_here"
	get_gh && get_cargo && get_python &&
		HOME=$caller_home "$python_here/new/bin/python" -m pip install --quiet \
			--disable-pip-version-check cozepy==0.20.0 &&
		cc -O2 -o "$home_here/git-credential-libsecret" \
			/usr/share/doc/git/contrib/credential/libsecret/git-credential-libsecret.c \
			$(pkg-config --cflags --libs libsecret-1 glib-2.0)
}

# by_proxy COMMAND...: GitHub's hosts are the services' own, by their proxy.
by_proxy()
{
	env -u no_proxy -u NO_PROXY HTTPS_PROXY="http://$github" SSL_CERT_FILE="$work/github.pem" \
		GIT_SSL_CAINFO="$work/github.pem" GH_NO_UPDATE_NOTIFIER=1 "$@"
}

# start_service NAME: one of its own, so that a tool's account is the only one there; its address is
# in $service, and its answers are told in $work/NAME.seen.
start_service()
{
	python3 "$srcdir/tests/programs/plain_services.py" "$work/$1" "$work/github.both" \
		2>"$work/$1.log" &
	pids="$pids $!"
	wait_until test -s "$work/$1"
	service=127.0.0.1:$(cat "$work/$1")
}

start_services()
{
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=github.com -days 2 -keyout "$work/github.key" \
		-addext subjectAltName=DNS:github.com,DNS:api.github.com,DNS:ghe.example.com,DNS:ghk.example.com \
		-out "$work/github.pem" 2>/dev/null
	cat "$work/github.key" "$work/github.pem" >"$work/github.both"
	for name in git github images npm crates wheels; do
		start_service "$name"
		eval "$name=\$service"
	done
	coze_server_start "$work/coze"
}

# works COMMAND...: it comes through, by an answer of the services from now on.
works()
{
	rm -f "$work"/*.seen
	call "$@"
	expect_status 0
	must grep -q ' 20[01]$' "$work"/*.seen
}

# docker keeps it where skopeo did: in a file without any login it would take another helper.
log_in_images()
{
	input 'real-pass\n'
	works skopeo login --authfile "$HOME/.docker/config.json" --tls-verify=false --username me \
		--password-stdin "$images"
	command -v docker >/dev/null || return 0
	input 'real-pass\n'
	works docker login --username me --password-stdin "$images"
}

log_in_npm()
{
	at_terminal "
	spawn npm login --auth-type=legacy --registry http://$npm/
	expect Username:
	send me\\r
	expect Password:
	send real-pass\\r"
	expect_status 0
}

# As the device login of cozepy's examples keeps it.
log_in_cozepy()
{
	coze_control '{"device_interval":1,"enforce_interval":false,"device_script":["approve"]}' \
		>"$work/control"
	mkdir -p "$HOME/.cache"
	call "$python_here/new/bin/python" -c '
import sys
from cozepy import DeviceOAuthApp
app = DeviceOAuthApp(client_id="device-client.app.coze", base_url=sys.argv[1])
token = app.get_access_token(app.get_device_code().device_code, poll=True)
with open(sys.argv[2] + "/.cache/coze_token_device-client.app.coze.json", "w") as cache:
    cache.write(token.model_dump_json())' "$COZE_API" "$HOME"
	expect_status 0
}

fill_home()
{
	git config --global credential.helper store
	printf 'protocol=http\nhost=%s\nusername=me\npassword=real-pass\n\n' "$git" |
		git credential approve
	printf 'protocol=https\nhost=lib.example.com\nusername=me\npassword=lib-pass\n\n' |
		"$home_here/git-credential-libsecret" store >"$work/stage.log"
	printf gcm-pass | secret-tool store --label=gcm xdg:schema com.microsoft.GitCredentialManager \
		service git:https://gcm.example.com account you
	for where in '--hostname github.com' '--hostname ghe.example.com --insecure-storage' \
		'--hostname ghk.example.com'; do
		input 'gho_real0123456789abcdef0123456789abcdef\n'
		# shellcheck disable=SC2086
		works by_proxy "$gh" auth login --with-token --git-protocol https $where
	done
	must grep -q 'oauth_token: gho_real' "$HOME/.config/gh/hosts.yml"
	mkdir "$HOME/.docker"
	log_in_images
	input '{"ServerURL":"kept.example.com","Username":"me","Secret":"helper-pass"}'
	call docker-credential-secretservice store
	expect_status 0
	log_in_npm
	mkdir -p "$CARGO_HOME"
	printf '[registries.own]\nindex = "sparse+http://%s/crates/"\n[registry]\n%s\n' "$crates" \
		'global-credential-providers = ["cargo:token"]' >"$CARGO_HOME/config.toml"
	input 'cargo_real0123456789\n'
	call cargo login --registry own
	expect_status 0
	call "$python_here/new/bin/uv" auth login "http://$wheels/simple/" --username me \
		--password real-pass
	expect_status 0
	log_in_cozepy
}

# No file has one of the secrets, but for the desktop's keyring and keyturn's places.
home_is_clean()
{
	for secret in real-pass bWU6cmVhbC1wYXNz npm_real cargo_real gho_real lib-pass gcm-pass helper-pass refresh_; do
		must_not grep -rlaF -e "$secret" --exclude-dir=keyrings "$HOME"
	done
	for attribute in 'server lib.example.com' 'service git:https://gcm.example.com' \
		'service gh:github.com' 'service gh:ghk.example.com' 'docker_cli 1'; do
		# shellcheck disable=SC2086
		must [ -z "$(secret-tool search --all $attribute 2>/dev/null)" ]
	done
}

try_images()
{
	input kept.example.com
	call docker-credential-keyturn get
	expect_json helper-pass Secret
	works skopeo list-tags --authfile "$HOME/.docker/config.json" --tls-verify=false \
		"docker://$images/app"
	! command -v docker >/dev/null ||
		works env DOCKER_CLI_EXPERIMENTAL=enabled docker manifest inspect --insecure "$images/app:one"
}

add_crate()
{
	mkdir -p "$work/house/src"
	printf '[package]\nname = "here"\nversion = "0.1.0"\n' >"$work/house/Cargo.toml"
	: >"$work/house/src/lib.rs"
	cd "$work/house"
	timeout 100 cargo add private-thing --registry own
}

try_tools()
{
	begin 'git goes on at each of its servers, by keyturn'
	works git ls-remote "http://$git/code.git"
	works by_proxy git ls-remote https://github.com/octo/code.git
	for answer in https://lib.example.com=lib-pass https://gcm.example.com=gcm-pass; do
		input 'url=%s\n\n' "${answer%=*}"
		call git credential fill
		expect_line "password=${answer##*=}"
	done

	begin 'gh goes on, started as its file and its item say'
	works by_proxy keyturn run octo@github.com --env GH_TOKEN -- "$gh" api user
	command=$(sed -n 's/.*<kept by keyturn: \(keyturn run .*\) -- COMMAND>/\1/p' "$HOME/.config/gh/hosts.yml" | head -n 1)
	# shellcheck disable=SC2086
	works by_proxy $command -- "$gh" api user --hostname ghe.example.com
	works by_proxy keyturn run octo@ghk.example.com --env GH_ENTERPRISE_TOKEN -- "$gh" api user --hostname \
		ghk.example.com

	begin 'gh clones, and where its lines have git ask gh alone, doctor tells the way back'
	works by_proxy keyturn run octo@github.com --env GH_TOKEN -- "$gh" repo clone octo/empty \
		"$work/cloned"
	must [ -d "$work/cloned/.git" ]
	call by_proxy keyturn run octo@github.com --env GH_TOKEN -- "$gh" auth setup-git
	expect_status 0
	works by_proxy keyturn run octo@github.com --env GH_TOKEN -- git ls-remote \
		https://github.com/octo/code.git
	call by_proxy git ls-remote https://github.com/octo/code.git
	must [ "$status" -ne 0 ]
	call keyturn doctor
	sed -n 's/.*to have keyturn asked there: //p' "$work/out" >"$work/remedies"
	must [ "$(grep -c . "$work/remedies")" -ge 2 ]
	must sh -e "$work/remedies"
	works by_proxy git ls-remote https://github.com/octo/code.git

	begin 'docker and skopeo read an image, npm knows who it is, cargo finds a crate'
	try_images
	works keyturn run "npm@$npm" --env NPM_TOKEN -- npm whoami --registry "http://$npm/"
	expect_output me
	works add_crate

	begin 'uv installs, by the keyring command'
	works env PATH="$builddir/tests/bin/keyring:$PATH" UV_NO_CACHE=1 UV_KEYRING_PROVIDER=subprocess \
		"$python_here/new/bin/uv" pip install --python "$python_here/new/bin/python" --target \
		"$work/installed" --index-url "http://me@$wheels/simple/" parcel

	begin 'the login of cozepy is renewed'
	call keyturn token "main@${COZE_API#http://}"
	expect_status 0
	call keyturn refresh "main@${COZE_API#http://}"
	expect_status 0
}

try_home()
{
	home_before=$HOME
	must desktop_start "$work/desktop"
	RUSTUP_HOME=${RUSTUP_HOME:-$caller_home/.rustup}
	CARGO_HOME=$HOME/.cargo
	PATH=${newer_cargo:+$newer_cargo:}$PATH
	export RUSTUP_HOME CARGO_HOME PATH

	begin 'each tool keeps its login as it does by itself'
	start_services
	fill_home

	begin 'one import moves each, and scan finds none'
	call keyturn import --yes --remove --site "$COZE_API"
	expect_status 0
	expect_line "desktop keyring (git-credential-libsecret):1: me@lib.example.com (password), not in the keyring yet"
	home_is_clean
	call keyturn scan
	expect_status 0
	expect_output ''
	call keyturn import --yes --remove
	expect_status 0
	expect_output ''
	expect_said 'no secret lies in plain text'

	try_tools

	conclude
	server_stop || :
	COZE_PID=
	desktop_end || :
	DESKTOP_DIRECTORY=
	HOME=$home_before
	unset XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS CARGO_HOME
}

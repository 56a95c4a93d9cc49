# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/clients.sh: docker, skopeo, buildah, crane and oras against Debian's docker-registry, with a
# htpasswd and with a token service. docker itself is tried where it is installed.

registry_here=$KEYTURN_CLIENTS_DIR/registry
registries_registry='go debian'

# build_registry_client NAME PACKAGE VERSION...: the first version that the go here compiles.
build_registry_client()
{
	build_name=$1
	build_package=$2
	shift 2
	for build_version in "$@"; do
		[ ! -x "$registry_here/$build_name" ] || return 0
		HOME=$caller_home GOBIN=$registry_here GOTOOLCHAIN=local \
			go install "$build_package@$build_version" || :
	done
	[ -x "$registry_here/$build_name" ]
}

# Debian's, beside the system.
get_buildah()
{
	[ ! -x "$registry_here/usr/bin/buildah" ] || return 0
	mkdir -p "$work/debs"
	(cd "$work/debs" && apt-get download buildah) && dpkg -x "$work"/debs/*.deb "$registry_here"
}

get_registry()
{
	for program in docker-registry skopeo htpasswd go; do
		command -v "$program" || { echo "skip: there is no $program"; return 1; }
	done
	mkdir -p "$registry_here"
	get_buildah || return 1
	build_registry_client crane github.com/google/go-containerregistry/cmd/crane v0.22.1 v0.15.2 &&
		build_registry_client oras oras.land/oras/cmd/oras v1.3.6 v1.0.1
}

# start_registry NAME AUTH: lines of its configuration; $registry is its address.
start_registry()
{
	registry=127.0.0.1:$(free_port)
	mkdir "$work/storage-$1"
	cat >"$work/$1.yml" <<-YAML
	version: 0.1
	log: {level: warn}
	storage: {filesystem: {rootdirectory: $work/storage-$1}}
	http: {addr: $registry}
	auth:
	$2
	YAML
	env -u REGISTRY_AUTH_FILE docker-registry serve "$work/$1.yml" >"$work/$1.log" 2>&1 &
	pids="$pids $!"
	wait_until answers "http://$registry/v2/" 401
}

# log_in PASSWORD: as docker login does.
log_in()
{
	if command -v docker >/dev/null; then
		input '%s\n' "$1"
		call docker login --username jane --password-stdin "$registry"
	else
		input '{"ServerURL":"%s","Username":"jane","Secret":"%s"}' "$registry" "$1"
		call docker-credential-keyturn store
	fi
	expect_status 0
}

log_out()
{
	if command -v docker >/dev/null; then
		call docker logout "$registry"
	else
		input '%s' "$registry"
		call docker-credential-keyturn erase
	fi
	expect_status 0
}

# read_image CLIENT
read_image()
{
	case $1 in
	crane)
		call "$registry_here/crane" manifest "$registry/team/parcel:1"
		;;
	oras)
		call "$registry_here/oras" manifest fetch --plain-http "$registry/team/parcel:1"
		;;
	skopeo)
		call skopeo inspect --raw --tls-verify=false "docker://$registry/team/parcel:1"
		;;
	docker)
		call docker manifest inspect --insecure "$registry/team/parcel:1"
		;;
	esac
}

# buildah WORD...: its storage is the test's own.
buildah()
{
	call "$registry_here/usr/bin/buildah" --storage-driver vfs --root "$work/buildah" \
		--runroot "$work/buildah.run" "$@"
}

# Its storage takes root's rights, or a namespace of many users.
try_buildah()
{
	[ "$(id -u)" -eq 0 ] || { echo 'skip: needs root, as the storage of buildah does'; return 0; }
	begin "$sort: buildah pushes an image and pulls it, as podman does"
	buildah from scratch
	expect_status 0
	buildah commit --tls-verify=false "$(cat "$work/out")" "docker://$registry/team/image:1"
	expect_status 0
	buildah pull --policy always --tls-verify=false "$registry/team/image:1"
	expect_status 0
}

# try_registry_with SORT CLIENT...: push and read, and neither before the login nor behind the logout.
try_registry_with()
{
	sort=$1
	shift
	begin "$sort: what docker login keeps is what oras pushes with, and nobody reads without"
	read_image crane
	must [ "$status" -ne 0 ]
	log_in s1
	echo hello >"$work/parcel.txt"
	call sh -c 'cd "$1" && exec "$2" push --plain-http "$3/team/parcel:1" parcel.txt:text/plain' \
		sh "$work" "$registry_here/oras" "$registry"
	expect_status 0
	must_not grep -rqF s1 "$HOME/.docker"
	for client in "$@" $(command -v docker >/dev/null && echo docker); do
		begin "$sort: $client reads what was pushed"
		read_image "$client"
		expect_status 0
		must grep -q 'schemaVersion' "$work/out"
	done
	try_buildah
	begin "$sort: nobody reads it behind docker logout"
	log_out
	for client in crane oras skopeo; do
		read_image "$client"
		must [ "$status" -ne 0 ]
	done
	[ "$(id -u)" -ne 0 ] || buildah pull --policy always --tls-verify=false "$registry/team/image:1"
	must [ "$status" -ne 0 ]
}

try_registry()
{
	keyturn setup docker podman --yes 2>>"$work/stage.log"
	REGISTRY_AUTH_FILE=$HOME/.docker/config.json
	DOCKER_CLI_EXPERIMENTAL=enabled
	export REGISTRY_AUTH_FILE DOCKER_CLI_EXPERIMENTAL
	htpasswd -Bbn jane s1 >"$work/htpasswd" 2>/dev/null
	start_registry htpasswd "  htpasswd: {realm: any, path: $work/htpasswd}"
	try_registry_with htpasswd crane oras skopeo

	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=tokens -days 2 -keyout "$work/tokens.key" \
		-out "$work/tokens.pem" 2>>"$work/stage.log"
	serve tokens python3 "$srcdir/tests/clients/registry_tokens.py" "$work/tokens.key" \
		"$work/tokens.pem" jane s1
	start_registry token "  token: {realm: \"http://127.0.0.1:$port/token\", service: parcels,
	    issuer: tokens, rootcertbundle: $work/tokens.pem}"
	# crane asks no token service at an address of this machine.
	try_registry_with 'token service' oras skopeo
}

# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/clients.sh: kubectl of Debian 12 (1.20), of sid, whose allowlist of plugins is tried, and
# the one in PATH, against a server over TLS that says what it was sent.

kubectl_here=$KEYTURN_CLIENTS_DIR/kubectl
registries_kubectl=sid

# sid_apt WORD...: apt-get with the lists of sid, beside the system's.
sid_apt()
{
	lists=$kubectl_here/lists
	mkdir -p "$lists/state/partial" "$lists/cache"
	echo 'deb http://deb.debian.org/debian sid main' >"$lists/sources"
	apt-get -o Dir::Etc::SourceList="$lists/sources" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$lists/state" -o Dir::Cache="$lists/cache" \
		-o Dir::State::status=/dev/null -o APT::Update::Error-Mode=any "$@"
}

reaches_sid()
{
	sid_apt update
}

# unpack NAME PACKAGE APT...: the kubectl of a Debian package, beside the system.
unpack()
{
	[ ! -x "$kubectl_here/$1/usr/bin/kubectl" ] || return 0
	unpack_name=$kubectl_here/$1
	unpack_package=$2
	shift 2
	mkdir -p "$unpack_name"
	(cd "$unpack_name" && "$@" download "$unpack_package" && dpkg -x ./*.deb .)
	[ -x "$unpack_name/usr/bin/kubectl" ]
}

# Ubuntu has no such package.
get_kubectl()
{
	! apt-cache show kubernetes-client >/dev/null 2>&1 ||
		unpack debian-12 kubernetes-client apt-get || return 1
	[ -x "$kubectl_here/sid/usr/bin/kubectl" ] || sid_apt update || return 1
	unpack sid kubectl sid_apt || return 1
	kubectls=$(find "$kubectl_here" -path '*/usr/bin/kubectl')
}

# config_of VERSION COMMAND: of a cluster whose user starts the command.
config_of()
{
	cat >"$work/kubeconfig" <<-END
	apiVersion: v1
	kind: Config
	current-context: c
	contexts: [{name: c, context: {cluster: c, user: u}}]
	clusters:
	- name: c
	  cluster: {server: "https://127.0.0.1:$cluster", certificate-authority: "$work/cluster.pem"}
	users:
	- name: u
	  user:
	    exec:
	      apiVersion: client.authentication.k8s.io/$1
	      command: $2
	      args: [kubernetes, cluster]
	      interactiveMode: Never
	END
}

asks_cluster()
{
	call timeout 60 "$kubectl" --kubeconfig "$work/kubeconfig" get --raw /who
}

# allow NAME: the plugins that a kuberc allows.
allow()
{
	cat >"$work/kuberc" <<-END
	apiVersion: kubectl.config.k8s.io/v1beta1
	kind: Preference
	credentialPluginPolicy: Allowlist
	credentialPluginAllowlist:
	- command: $1
	END
	KUBERC=$work/kuberc
	export KUBERC
}

try_kubectl()
{
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
		-days 2 -keyout "$work/cluster.key" -out "$work/cluster.pem" 2>>"$work/stage.log"
	serve cluster python3 "$srcdir/tests/clients/kubectl_cluster.py" "$work/cluster.key" \
		"$work/cluster.pem"
	cluster=$port
	printf 'pat_cluster\n' | keyturn login cluster --api-base "https://127.0.0.1:$cluster" --with-token \
		2>>"$work/stage.log"
	for kubectl in $kubectls $(command -v kubectl || :); do
		version=$("$kubectl" version --client -o json | sed -n 's/.*"gitVersion": "\(.*\)".*/\1/p')
		begin "kubectl $version sends the token of the account"
		for protocol in v1beta1 v1; do
			case $version:$protocol in
			v1.20.*:v1) continue ;;
			esac
			config_of "$protocol" keyturn
			asks_cluster
			expect_status 0
			must grep -qx 'Bearer pat_cluster' "$work/out"
		done
	done
	kubectl=$kubectl_here/sid/usr/bin/kubectl
	begin "the allowlist of kubectl $("$kubectl" version --client -o json |
		sed -n 's/.*"gitVersion": "\(.*\)".*/\1/p') takes keyturn by its name, and another list does not"
	config_of v1 "$(command -v keyturn)"
	allow keyturn
	asks_cluster
	expect_status 0
	must grep -qx 'Bearer pat_cluster' "$work/out"
	allow other
	asks_cluster
	must [ "$status" -ne 0 ]
	expect_said 'not permitted by the credential plugin allowlist'
	unset KUBERC
}

# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For the scripts beside this one, to be sourced: what building and testing keyturn takes on Debian
# and Ubuntu, and how it gets there. A,B|C,D is a choice: A and B where apt knows both, else C and D.

# shellcheck disable=SC2034
build_packages='autoconf automake gcc gettext git libc6-dev libcjson-dev libcurl4-openssl-dev libfido2-dev libidn2-dev
	libpam0g-dev libseccomp-dev libsecret-1-dev libssl-dev make pkg-config zlib1g-dev'

# shellcheck disable=SC2034
test_packages='age ansible-core apache2-utils binutils bubblewrap chromium chromium-driver clang clang-format curl dbus default-jdk-headless docker-registry
	dovecot-imapd dovecot-submissiond expect faketime fish isync libsasl2-modules-kdexoauth2 msmtp mutt restic
	gdb git-lfs gnome-keyring gpg gpg-agent golang-docker-credential-helpers golang-go hyperfine iproute2 keepassxc keyutils libcap2-bin
	kwallet6,libqca-qt6-plugins|libkf5wallet-bin,libqca-qt5-2-plugins libclang-rt-dev
	libcmocka-dev libglib2.0-bin libnss-extrausers libpam0g-dev libpam-wrapper libqrencode-dev
	libsecret-tools locales mandoc maven musl-tools oidc-agent-cli openssh-client openssh-server openssl pamtester passwd perl
	procps python3 python3-venv skopeo sshpass strace sudo systemd-container tinyproxy tmux util-linux valgrind xz-utils zsh'

# shellcheck disable=SC2034
deb_packages='build-essential debhelper libcmocka-dev libqrencode-dev musl-tools pkgconf|pkg-config xz-utils'

# as_root COMMAND...
as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "this takes root's rights, and there is no sudo; as root run: $*" >&2
		return 1
	fi
}

# may_be_root: or as_root can do nothing.
may_be_root()
{
	[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null
}

# is_installed PACKAGE[,PACKAGE]...
is_installed()
{
	for package in $(echo "$1" | tr , ' '); do
		case $(dpkg-query --show --showformat '${db:Status-Status}\n' "$package" 2>/dev/null) in
		installed*) ;;
		*) return 1 ;;
		esac
	done
}

# is_known PACKAGE[,PACKAGE]...: apt has a version of each.
is_known()
{
	for package in $(echo "$1" | tr , ' '); do
		case $(apt-cache policy "$package" 2>/dev/null | sed -n 's/^ *Candidate: //p') in
		'' | '(none)') return 1 ;;
		esac
	done
}

# choose TEST CHOICE: the packages of its first part that passes the test.
choose()
{
	for part in $(echo "$2" | tr '|' ' '); do
		if "$1" "$part"; then
			printf '%s ' "$part" | tr , ' '
			return 0
		fi
	done
	return 1
}

# missing_packages PACKAGE...: those of them that are not installed.
missing_packages()
{
	for wanted in "$@"; do
		choose is_installed "$wanted" >/dev/null || printf '%s ' "$wanted"
	done
}

# Services of what tests start for themselves, each with its package.
idle_services='docker-registry:docker-registry dovecot:dovecot-core ssh:openssh-server tinyproxy:tinyproxy'

# As root, SERVICE... -- PACKAGE...: installs, and none of these services starts, now or at the next
# boot. A policy-rc.d that is there stays, and is asked as ever.
# shellcheck disable=SC2016
install_idle='
set -eu
services=
while [ "$1" != -- ]; do
	services="$services $1"
	shift
done
shift
policy=/usr/sbin/policy-rc.d
if [ -n "$services" ] && [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
	trap '\''rm -f "$policy"'\'' EXIT
	trap "exit 1" HUP INT TERM
	{
		echo "#!/bin/sh"
		echo "for name in$services; do"
		echo "	case \$1 in \$name | \$name.*) exit 101 ;; esac"
		echo done
	} >"$policy"
	chmod 755 "$policy"
fi
status=0
apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "$@" || status=$?
for name in $services; do
	[ -e "/etc/init.d/$name" ] || continue
	update-rc.d "$name" disable
	! command -v systemctl >/dev/null || systemctl --quiet disable "$name.socket" || :
done
exit "$status"'

# apt_install PACKAGE...: a service whose package was there before is left as it is.
apt_install()
{
	set -- -- "$@"
	for service in $idle_services; do
		is_installed "${service#*:}" || set -- "${service%%:*}" "$@"
	done
	as_root env DEBIAN_FRONTEND=noninteractive sh -c "$install_idle" sh "$@"
}

# unknown_packages PACKAGE...: those of them that apt has no version of.
unknown_packages()
{
	for wanted in "$@"; do
		choose is_known "$wanted" >/dev/null || printf '%s ' "$wanted"
	done
}

# install_packages LOG PACKAGE...: installs what is missing; what apt-get says goes into the log.
install_packages()
{
	packages_log=$1
	shift
	if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
		cat >&2 <<END
This system has no apt-get. Install what these Debian packages hold, and build by hand:
$(printf '  %s\n' "$@")
  ./autogen.sh && mkdir -p build && cd build && ../configure && make && make install
END
		return 1
	fi
	packages_missing=$(missing_packages "$@")
	[ -n "$packages_missing" ] || return 0
	if ! may_be_root; then
		cat >&2 <<END
Installing packages takes root's rights, and there is no sudo. Have this typed by root, and then run
the command again, as yourself:
  apt-get update && apt-get install --yes --no-install-recommends $(for wanted in $packages_missing; do
	choose is_known "$wanted" || printf '%s ' "$(echo "${wanted%%|*}" | tr , ' ')"
done)
END
		return 1
	fi
	# shellcheck disable=SC2086
	if [ -n "$(unknown_packages $packages_missing)" ]; then
		as_root apt-get update >>"$packages_log" 2>&1
		packages_unknown=$(unknown_packages $packages_missing)
		if [ -n "$packages_unknown" ]; then
			echo "apt-get knows no package of the name: $packages_unknown" >&2
			return 1
		fi
	fi
	packages_chosen=$(for wanted in $packages_missing; do choose is_known "$wanted"; done)
	echo "installing with apt-get: $packages_chosen"
	# A list of packages that is old is the usual reason for a failure.
	# shellcheck disable=SC2086
	apt_install $packages_chosen >>"$packages_log" 2>&1 ||
		{ as_root apt-get update && apt_install $packages_chosen; } >>"$packages_log" 2>&1
}

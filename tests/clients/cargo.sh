# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/clients.sh: cargo with credential providers (1.74), where the one in PATH has none: as
# Debian 12 has it for building browsers. tests/protocol_cargo.sh tries it.

cargo_here=$KEYTURN_CLIENTS_DIR/cargo
registries_cargo=debian

rustup=${RUSTUP_HOME:-$HOME/.rustup}

has_providers()
{
	"$1" login --help 2>/dev/null | grep -q 'credential provider'
}

# get_cargo: cargo, rustc and what they take, beside the system.
get_cargo()
{
	newer_cargo=
	! HOME=$caller_home RUSTUP_HOME=$rustup has_providers cargo || return 0
	newer_cargo=$cargo_here/bin
	[ ! -x "$newer_cargo/rustc" ] || return 0
	mkdir -p "$cargo_here/debs" "$newer_cargo"
	cargo_packages=$(apt-get install --simulate --no-install-recommends cargo-web |
		sed -n 's/^Inst \([^ ]*\).*/\1/p')
	[ -n "$cargo_packages" ] || return 1
	# shellcheck disable=SC2086
	(cd "$cargo_here/debs" && apt-get download $cargo_packages) || return 1
	for package in "$cargo_here"/debs/*.deb; do
		dpkg -x "$package" "$cargo_here" || return 1
	done
	rm -r "$cargo_here/debs"
	for program in cargo rustc; do
		printf '#!/bin/sh\nLD_LIBRARY_PATH=$(echo %s/usr/lib/*-linux-gnu) exec %s/usr/bin/%s "$@"\n' \
			"$cargo_here" "$cargo_here" "$program" >"$newer_cargo/$program" || return 1
		chmod +x "$newer_cargo/$program" || return 1
	done
	has_providers "$newer_cargo/cargo"
}

try_cargo()
{
	if [ -z "$newer_cargo" ]; then
		echo '# cargo in PATH was tried by tests/protocol_cargo.sh'
		return 0
	fi
	begin "$("$newer_cargo/cargo" --version | cut -d' ' -f1-2) finds a crate of a registry that requires a login"
	call env PATH="$newer_cargo:$PATH" sh "$srcdir/tests/protocol_cargo.sh"
	expect_status 0
	expect_line 'ok cargo finds a crate of a registry that requires a login'
}

#!/bin/sh
# SPDX-License-Identifier: MIT
# configure with the flags that distributions build with, and where something that was asked for
# cannot be had.
set -eu

. "$(dirname "$0")/lib/home.sh"
need readelf
home_make
mkdir "$work/build"
cd "$work/build"
: >log
: >made

# passes NAME COMMAND...
passes()
{
	begin "$1"
	shift
	must "$@"
}

# What Debian's dpkg-buildflags gives with all of its hardening, and more of the kind.
distribution()
{
	env CPPFLAGS='-Wdate-time -D_FORTIFY_SOURCE=2' \
		CFLAGS='-g -O2 -fstack-protector-strong -Wformat -Werror=format-security -fPIE -Wundef' \
		LDFLAGS='-Wl,-z,relro -Wl,-z,now -fPIE -pie' "$@"
}

configures()
{
	distribution "$srcdir/configure" -C --without-musl "$@" >log 2>&1
}

is_linked()
{
	grep -q "keyturn is linked  *$1" log
}

linked_statically()
{
	configures --enable-static-door && is_linked statically && make keyturn >made 2>&1 &&
		! readelf -lW keyturn | grep -q INTERP
}
passes "a distribution's flags leave the door static" linked_statically

names_no_path()
{
	! grep -qaF -e "$(pwd -P)" -e "$(cd "$srcdir" && pwd -P)" keyturn
}
passes "and it names no directory of this machine" names_no_path

# What the first try found would else be taken from its cache.
told_in_capitals()
{
	sed -i '/READELF/d' config.cache
	READELF=false configures && is_linked DYNAMICALLY
}
passes "a door that cannot be static is told in capitals" told_in_capitals

refused()
{
	sed -i '/READELF/d' config.cache
	! READELF=false configures --enable-static-door && grep -q 'error: --enable-static-door' log
}
passes "and is an error where a static one was asked for" refused

pam_missing()
{
	! configures ac_cv_header_security_pam_modules_h=no "$1" && grep -q 'error: a PAM module' log
}
sed -i '/READELF/d; /ac_cv_header_security_pam_modules_h/d' config.cache
passes "a directory for the module without PAM's headers is an error" pam_missing --with-pam-dir=/x
passes "and so is one for its profile" pam_missing --with-pam-configs-dir=/x

finish

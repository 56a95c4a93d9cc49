#!/bin/sh
# SPDX-License-Identifier: MIT
# What "make install" lays down is in one package of Debian and in the list of the RPM, and is gone
# after "make uninstall".
set -eu

. "$(dirname "$0")/lib/home.sh"
home_make
root=$work/root
packaging=$srcdir/packaging
builddir=$(cd "$builddir" && pwd)

# make_in TARGET: as a package has it. Nothing of the caller's "make check" is for this make.
make_in()
{
	must env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$builddir" "$1" "DESTDIR=$root" \
		prefix=/usr pamdir=/usr/lib/arch/security pam_configsdir=/usr/share/pam-configs \
		systemduserunitdir=/usr/lib/systemd/user >>"$work/stage.log" 2>&1
}

# in_list LIST: those of the installed files that the list names, by itself or by a directory.
in_list()
{
	sed -n 's|^/*\([^ ]*\).*|/\1|; s|[.+]|\\&|g; s|\*|[^/]*|g; s|^/..*|^&(/.*)?$|p' "$1" \
		>"$work/patterns"
	grep -E -f "$work/patterns" "$work/files"
}

# What debian/rules and helpers of debhelper add to the lists; links are their own.
in_debian()
{
	{
		in_list "$packaging/debian/keyturn.install"
		in_list "$packaging/debian/libpam-keyturn.install"
		echo /usr/lib/arch/security/pam_keyturn.so
	} | sort
}

# An RPM names each file, and directories by macros. Catalogues are found by find-lang.
in_rpm()
{
	sed -n '/^%files/,/^%changelog/{
		s/^%\(attr\|lang\)([^)]*) *//; s|%{_bindir}|/usr/bin|; s|%{_libexecdir}|/usr/libexec|
		s|%{_libdir}|/usr/lib/arch|; s|%{_userunitdir}|/usr/lib/systemd/user|
		s|%{_datadir}/keyturn/pam-configs|/usr/share/pam-configs|; s|%{_datadir}|/usr/share|
		s|%{_mandir}|/usr/share/man|; s|%{_metainfodir}|/usr/share/metainfo|; /^\//p
	}' "$packaging/rpm/keyturn.spec" >"$work/spec"
	{
		in_list "$work/spec"
		! grep -q '^%files -f %{name}.lang' "$packaging/rpm/keyturn.spec" ||
			grep '/LC_MESSAGES/keyturn\.mo$' "$work/files"
	} | sort
}

begin 'there is something to look at'
make_in install
find "$root" ! -type d | sed "s|^$root||" | sort >"$work/files"
must [ "$(wc -l <"$work/files")" -gt 40 ]

begin 'each installed file is in one package of Debian, and in no two'
in_debian >"$work/packed"
must diff "$work/files" "$work/packed"

begin 'and in the list of the RPM'
in_rpm >"$work/packed"
must diff "$work/files" "$work/packed"

begin 'what is uninstalled is gone'
make_in uninstall
must [ -z "$(find "$root" ! -type d)" ]

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
# The version stands in configure.ac, and every package repeats it.
set -eu

. "$(dirname "$0")/lib/home.sh"
home_make
packaging=$srcdir/packaging
version=$(sed -n 's/^AC_INIT(\[keyturn\], \[\([^]]*\)\].*/\1/p' "$srcdir/configure.ac")
address=$(sed -n 's/^Maintainer: .* <\(.*\)>$/\1/p' "$packaging/debian/control")

begin 'configure.ac has a version'
must [ -n "$version" ]

begin 'each package has that version'
call keyturn --version
expect_output "keyturn $version"
must grep -q "^keyturn ($version-[0-9]*) " "$packaging/debian/changelog"
must grep -q "^Version: *$version\$" "$packaging/rpm/keyturn.spec"
must grep -q " - $version-[0-9]*\$" "$packaging/rpm/keyturn.spec"
must grep -q "^pkgver=$version\$" "$packaging/arch/PKGBUILD"
must grep -q "<release version=\"$version\"" "$packaging/appstream/org.keyturn.keyturn.metainfo.xml"

begin 'whose maintainer has one address, and no text sends a report to an address that is nobody'\''s'
must [ -n "$address" ]
for file in debian/changelog debian/control rpm/keyturn.spec arch/PKGBUILD; do
	must grep -qF "<$address>" "$packaging/$file"
done

must_not grep -rqi 'bugs@' "$srcdir/configure.ac" "$srcdir/README.md" "$srcdir/docs/man"

begin 'AppStream names each program that is on the PATH'
for program in keyturn git-credential-keyturn docker-credential-keyturn bazel-credential-keyturn \
	terraform-credentials-keyturn; do
	must grep -q "<binary>$program</binary>" "$packaging/appstream/org.keyturn.keyturn.metainfo.xml"
done
if command -v appstreamcli >/dev/null; then
	call appstreamcli validate --no-net "$packaging/appstream/org.keyturn.keyturn.metainfo.xml"
	must_not grep -q '^E: ' "$work/out"
fi

begin 'no package runs a user unit unasked'
must grep -q 'dh_installsystemduser --no-enable' "$packaging/debian/rules"
must_not grep -rq 'systemctl.* enable' "$packaging/debian/rules" "$packaging/rpm/keyturn.spec"

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# git's own suite for foreign credential helpers, t0303-credential-external.sh, with the git that
# is installed and the suite of Debian's source package of the same version. GIT_SUITE may name a
# tree of git's that has been built: then its suite and its git are taken.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
need git
alone "$0" "$@"
home_make

# fetch_source: git's source package into the current directory, without any change to the
# system's own lists of packages.
fetch_source()
{
	mkdir -p apt/lists/partial apt/cache/archives/partial apt/sources
	for list in /etc/apt/sources.list.d/*.sources; do
		[ ! -f "$list" ] || sed 's/^Types:.*/Types: deb-src/' "$list" >"apt/sources/${list##*/}"
	done
	for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ ! -f "$list" ] || sed -n 's/^deb /deb-src /p' "$list" >"apt/sources/${list##*/}"
		mv apt/sources/sources.list apt/sources/main.list 2>/dev/null || true
	done
	version=$(dpkg-query --show --showformat '${source:Version}' git)
	{
		echo "Dir::Etc::sourcelist \"/dev/null\";"
		echo "Dir::Etc::sourceparts \"$PWD/apt/sources\";"
		echo "Dir::State::lists \"$PWD/apt/lists\";"
		echo "Dir::Cache \"$PWD/apt/cache\";"
		echo 'Debug::NoLocking "true";'
	} >apt/apt.conf
	[ "$(id -u)" != 0 ] || echo 'APT::Sandbox::User "root";' >>apt/apt.conf
	{
		APT_CONFIG=$PWD/apt/apt.conf apt-get update &&
			APT_CONFIG=$PWD/apt/apt.conf apt-get source --download-only "git=$version"
	} >apt/log 2>&1
}

# unpack_suite: what of git's tests t0303 needs, around the git that is installed.
unpack_suite()
{
	tar -xJf git_*.orig.tar.xz --strip-components=1 --wildcards \
		'*/t/*lib*.sh' '*/t/t0303-*' '*/t/oid-info'
	cat >GIT-BUILD-OPTIONS <<-END
	SHELL_PATH=/bin/sh
	TEST_SHELL_PATH=/bin/sh
	PERL_PATH=/usr/bin/perl
	DIFF=diff
	TAR=tar
	END
	# The suite asks whether its own helper program was built; t0303 has no use for it.
	mkdir -p t/helper templates/blt
	printf '#!/bin/sh\nexit 1\n' >t/helper/test-tool
	chmod +x t/helper/test-tool
	GIT_TEST_INSTALLED=$(dirname "$(command -v git)")
	# Its check of the tests' own text takes tools that are built, too.
	GIT_TEST_CHAIN_LINT=0
	GIT_TEST_EXT_CHAIN_LINT=0
	export GIT_TEST_INSTALLED GIT_TEST_CHAIN_LINT GIT_TEST_EXT_CHAIN_LINT
}

# suite KEYRING SETUP
suite()
{
	(
		cd "$suite/t" &&
			KEYTURN_KEYRING=$1 GIT_TEST_CREDENTIAL_HELPER_SETUP=$2 \
				GIT_TEST_CREDENTIAL_HELPER=keyturn ./t0303-credential-external.sh
	) >"$work/suite.log" 2>&1 || return 1
	grep '^# passed all' "$work/suite.log"
}

passes()
{
	suite "$@" || {
		complain "t0303 failed"
		sed 's/^/#   /' "$work/suite.log"
	}
	must_not grep -q '^not ok' "$work/suite.log"
	must [ "$(grep -c '^ok .*stores password' "$work/suite.log")" -ge 1 ]
}

if [ -n "${GIT_SUITE:-}" ]; then
	suite=$GIT_SUITE
else
	need apt-get dpkg-query xz perl
	suite=$work/git
	mkdir "$suite"
	cd "$suite"
	fetch_source || {
		cat apt/log
		skip "git's source package cannot be had here"
	}
	unpack_suite
fi

begin 't0303 passes whole with the vault'
# shellcheck disable=SC2016
passes vault 'keyturn vault create --key-file "$HOME/key" >/dev/null'

begin 't0303 passes whole without the cache'
export KEYTURN_CACHE=off
# shellcheck disable=SC2016
passes vault 'keyturn vault create --key-file "$HOME/key" >/dev/null'
unset KEYTURN_CACHE

begin 't0303 passes whole with the desktop keyring'
need dbus-daemon gnome-keyring-daemon
must desktop_start "$work/desktop"
passes secret-service true

finish

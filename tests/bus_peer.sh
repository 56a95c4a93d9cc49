#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The session bus of another user, reached by each form of an address, and one that is gone: not a
# byte is sent to another user's, and the living bus of this user is found.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
need dbus-daemon dbus-send gnome-keyring-daemon perl setpriv
[ "$(id -u)" = 0 ] || skip 'another user takes root'
alone "$0" "$@"
home_on_desktop
KEYTURN_CACHE=off
export KEYTURN_CACHE
store_token main coze.cn pat_main
stranger=54399
# Where a directory of everybody's, as /tmp is, lets another bind a name anew.
shared=$work/shared
mkdir -m 1777 "$shared"
chmod 755 "$work"
parent=$work
while [ "$parent" != / ]; do
	chmod a+x "$parent"
	parent=$(dirname "$parent")
done

# listen SOCKET FILE: as the stranger, on a path or (with @) an abstract name; what comes is noted.
listen()
{
	: >"$2"
	chmod 666 "$2"
	setpriv --reuid $stranger --regid $stranger --clear-groups perl -MSocket -e '
		my ($name, $file) = @ARGV;
		$name =~ s/^@/\0/;
		socket(my $listener, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
		bind($listener, pack_sockaddr_un($name)) or die "bind: $!";
		listen($listener, 5) or die "listen: $!";
		open(my $log, ">>", $file) or die "open: $!";
		syswrite($log, "listening\n");
		while (accept(my $peer, $listener)) {
			syswrite($log, "connected\n");
			while (sysread($peer, my $bytes, 4096)) { syswrite($log, "got " . length($bytes) . "\n"); }
		}
	' "$1" "$2" &
	strangers="${strangers:-} $!"
	must desktop_wait grep -q listening "$2"
}

# refused ADDRESS FILE: exit 6, a connection and not a byte.
refused()
{
	call env "DBUS_SESSION_BUS_ADDRESS=$1" keyturn token
	expect_status 6
	expect_output ''
	expect_cause_and_remedy
	input 'pat_new\n'
	call env "DBUS_SESSION_BUS_ADDRESS=$1" keyturn login other --site coze.cn --with-token
	expect_status 6
	expect_unsaid pat_new
	must grep -q connected "$2"
	must_not grep -q got "$2"
}

begin 'a path that another user has bound gets nothing'
listen "$shared/dbus-left" "$work/path.log"
refused "unix:path=$shared/dbus-left" "$work/path.log"
refused "unix:path=$shared/dbus-left,guid=0123456789abcdef0123456789abcdef" "$work/path.log"

begin 'nor does an abstract name'
listen "@keyturn-test-$$" "$work/abstract.log"
refused "unix:abstract=keyturn-test-$$" "$work/abstract.log"

begin 'nor does the second address of several'
refused "unix:path=/nonexistent/bus;unix:path=$shared/dbus-left" "$work/path.log"

begin 'nor does one to which a link of ours leads'
ln -s "$shared/dbus-left" "$work/link"
refused "unix:path=$work/link" "$work/path.log"

begin 'an address that is gone gives way to the living bus of this user'
call env DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus keyturn token
expect_status 0
expect_output pat_main
call env -u DBUS_SESSION_BUS_ADDRESS keyturn token
expect_output pat_main

begin 'where there is none, the message says which session to use, and speaks of no vault'
call env -u XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus keyturn token
expect_status 4
expect_said 'desktop session'
expect_cause_and_remedy
must_not grep -q 'vault create' "$work/err"

for stranger in $strangers; do
	kill "$stranger" 2>/dev/null || true
done
finish

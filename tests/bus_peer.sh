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
			while (sysread($peer, my $bytes, 4096)) {
				syswrite($log, $bytes eq "!" ? "probed\n" : "got " . length($bytes) . "\n");
			}
		}
	' "$1" "$2" &
	strangers="${strangers:-} $!"
	must desktop_wait grep -q listening "$2"
}

has_probes()
{
	[ "$(grep -c probed "$1" || :)" -ge "$2" ]
}

# probe SOCKET FILE: the stranger takes one after the other, and has noted all that called before.
probe()
{
	probes=$(grep -c probed "$2" || :)
	perl -MSocket -e '
		my ($name) = @ARGV;
		$name =~ s/^@/\0/;
		socket(my $probe, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
		connect($probe, pack_sockaddr_un($name)) or die "connect: $!";
		syswrite($probe, "!");
	' "$1" || complain "$1 cannot be probed"
	must desktop_wait has_probes "$2" $((probes + 1))
}

# was_called FILE: by others than probe.
was_called()
{
	[ "$(grep -c connected "$1" || :)" -gt "$(grep -c probed "$1" || :)" ]
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
	must desktop_wait grep -q connected "$2"
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

begin 'nor does his own bus, which would serve everybody'
cat >"$work/his.conf" <<END
<busconfig>
  <type>session</type>
  <listen>unix:path=$shared/his</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
  </policy>
</busconfig>
END
chmod 644 "$work/his.conf"
# A bus wants a user who has a name.
as_stranger()
{
	setpriv --reuid nobody --regid nogroup --clear-groups "$@"
}
as_stranger dbus-daemon --config-file="$work/his.conf" --nofork --nopidfile >"$work/his.log" 2>&1 &
strangers="$strangers $!"
must desktop_wait test -S "$shared/his"
as_stranger dbus-monitor --address "unix:path=$shared/his" >"$work/his.seen" 2>&1 &
strangers="$strangers $!"
# It serves us, and he sees it.
he_sees()
{
	dbus-send --bus="unix:path=$shared/his" --print-reply --dest=org.freedesktop.DBus / \
		org.freedesktop.DBus.GetNameOwner string:org.freedesktop.DBus &&
		grep -q GetNameOwner "$work/his.seen"
}
must desktop_wait he_sees
call env "DBUS_SESSION_BUS_ADDRESS=unix:path=$shared/his" keyturn token
expect_status 6
expect_output ''
input 'pat_new\n'
call env "DBUS_SESSION_BUS_ADDRESS=unix:path=$shared/his" keyturn login other --site coze.cn --with-token
expect_status 6
must_not grep -q -e org.freedesktop.secrets -e StartServiceByName "$work/his.seen"

# relay SOCKET WRITES: our bus under another address, to be called once. Once it is called another
# user binds that address; after so many writes of the caller (0: never) the connection is cut.
relay()
{
	rm -f "$work/taken" "$work/relay.ready" "$1"
	perl -MSocket -e '
		my ($name, $bus, $writes, $taken, $ready) = @ARGV;
		my ($up, $bits) = (0, "");
		socket(my $listener, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
		bind($listener, pack_sockaddr_un($name)) or die "bind: $!";
		listen($listener, 5) or die "listen: $!";
		open(my $note, ">", $ready); close($note);
		accept(my $caller, $listener) or die "accept: $!";
		close($listener);
		unlink($name);
		open($note, ">", "$ready.called"); close($note);
		select(undef, undef, undef, 0.01) until -s $taken;
		socket(my $server, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
		connect($server, pack_sockaddr_un($bus)) or die "connect: $!";
		while (1) {
			my $read = "";
			vec($read, fileno($caller), 1) = 1;
			vec($read, fileno($server), 1) = 1;
			select($read, undef, undef, undef);
			if (vec($read, fileno($caller), 1)) {
				last unless sysread($caller, my $bytes, 65536);
				last if $writes && ++$up > $writes;
				syswrite($server, $bytes);
			}
			if (vec($read, fileno($server), 1)) {
				last unless sysread($server, my $bytes, 65536);
				syswrite($caller, $bytes);
			}
		}
	' "$1" "$XDG_RUNTIME_DIR/bus" "$2" "$work/taken" "$work/relay.ready" &
	must desktop_wait test -e "$work/relay.ready"
	(
		desktop_wait test -e "$work/relay.ready.called"
		rm "$work/relay.ready.called"
		listen "$1" "$work/taken"
		echo "$strangers" >"$work/strangers"
	) &
	binder=$!
}

# call_relayed WRITES COMMAND...: by that address, and by no other that could be found.
call_relayed()
{
	relay "$shared/again" "$1"
	shift
	call env -u XDG_RUNTIME_DIR "DBUS_SESSION_BUS_ADDRESS=unix:path=$shared/again" "$@"
	wait "$binder"
	strangers=$(cat "$work/strangers")
	probe "$shared/again" "$work/taken"
	must_not grep -q got "$work/taken"
}

begin 'an address that he binds between connection and call is not gone to again'
call_relayed 0 keyturn token
expect_status 0
expect_output pat_main
must_not was_called "$work/taken"

begin 'nor, with a byte, where the connection is cut at any point'
for writes in 1 2 3 4 5 6 7 8 9 10 11 12; do
	printf 'pat_turn_%s\n' "$writes" >"$work/in"
	call_relayed "$writes" keyturn login main --site coze.cn --with-token
	case $status in
	4 | 6) expect_cause_and_remedy ;;
	*) complain "cut after $writes writes: exit status $status" && show_call ;;
	esac
	expect_unsaid "pat_turn_$writes"
	! was_called "$work/taken" || went_again=yes
done
must [ "${went_again:-}" = yes ]
call keyturn token
must grep -qx 'pat_\(main\|turn_[0-9]*\)' "$work/out"
store_token main coze.cn pat_main

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

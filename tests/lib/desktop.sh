# SPDX-License-Identifier: MIT
#
# A desktop for a test script: a home, a session bus and a real gnome-keyring of its own.
#
#	. "$srcdir/tests/lib/desktop.sh"
#	desktop_start "$(mktemp -d)"
#	trap desktop_end EXIT
#	trap 'exit 1' HUP INT TERM
#
# DESKTOP_PASSWORD is the keyring's password. The bus starts no services by itself: a daemon
# that is gone stays gone. Functions return non-zero where something did not come about in time.

DESKTOP_PASSWORD='not a secret'
DESKTOP_COLLECTION=/org/freedesktop/secrets/collection/login

. "$srcdir/tests/lib/time.sh"
: "${DESKTOP_BUS:=}" "${DESKTOP_DAEMON:=}"

# desktop_wait COMMAND...: as wait_until does; it says why where the bus or the daemon has ended.
desktop_wait()
{
	wait_beside "$DESKTOP_BUS $DESKTOP_DAEMON" "$@" && return
	for desktop_log in "$DESKTOP_DIRECTORY"/*.log; do
		[ ! -s "$desktop_log" ] || tail -n 5 "$desktop_log" | sed "s/^/#   ${desktop_log##*/}: /" >&2
	done
	return 1
}

# desktop_call PATH INTERFACE.METHOD [ARGUMENT...]: the keyring service's reply.
desktop_call()
{
	dbus-send --session --print-reply --reply-timeout=5000 --dest=org.freedesktop.secrets "$@"
}

desktop_is_locked()
{
	desktop_call "$DESKTOP_COLLECTION" org.freedesktop.DBus.Properties.Get \
		string:org.freedesktop.Secret.Collection string:Locked | grep -q 'boolean true'
}

desktop_is_unlocked()
{
	desktop_call "$DESKTOP_COLLECTION" org.freedesktop.DBus.Properties.Get \
		string:org.freedesktop.Secret.Collection string:Locked | grep -q 'boolean false'
}

desktop_has_service()
{
	desktop_call /org/freedesktop/secrets org.freedesktop.DBus.Peer.Ping
}

desktop_start_bus()
{
	cat >"$DESKTOP_DIRECTORY/bus.conf" <<-END
	<busconfig>
	  <type>session</type>
	  <listen>unix:path=$XDG_RUNTIME_DIR/bus</listen>
	  <auth>EXTERNAL</auth>
	  <policy context="default">
	    <allow send_destination="*" eavesdrop="true"/>
	    <allow eavesdrop="true"/>
	    <allow own="*"/>
	  </policy>
	  <limit name="max_completed_connections">100000</limit>
	  <limit name="max_incomplete_connections">10000</limit>
	  <limit name="max_connections_per_user">100000</limit>
	</busconfig>
	END
	dbus-daemon --config-file="$DESKTOP_DIRECTORY/bus.conf" --nofork --nopidfile \
		>"$DESKTOP_DIRECTORY/bus.log" 2>&1 &
	DESKTOP_BUS=$!
	desktop_wait test -S "$XDG_RUNTIME_DIR/bus"
}

# desktop_start_daemon [OPTION]
desktop_start_daemon()
{
	printf '%s' "$DESKTOP_PASSWORD" | gnome-keyring-daemon --foreground --components=secrets \
		--control-directory="$XDG_RUNTIME_DIR/keyring" "$@" \
		>>"$DESKTOP_DIRECTORY/daemon.log" 2>&1 &
	# The last of a pipeline is the daemon.
	DESKTOP_DAEMON=$!
	desktop_wait desktop_has_service
}

# desktop_start DIRECTORY: which is removed by desktop_end.
desktop_start()
{
	DESKTOP_DIRECTORY=$1
	HOME=$DESKTOP_DIRECTORY/home
	XDG_RUNTIME_DIR=$DESKTOP_DIRECTORY/run
	DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
	mkdir -p -m 700 "$HOME" "$XDG_RUNTIME_DIR" "$XDG_RUNTIME_DIR/keyring" || return 1
	export HOME XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS
	unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME DISPLAY WAYLAND_DISPLAY
	desktop_start_bus && desktop_start_daemon --unlock && desktop_wait desktop_is_unlocked
}

desktop_lock()
{
	desktop_call /org/freedesktop/secrets org.freedesktop.Secret.Service.Lock \
		array:objpath:"$DESKTOP_COLLECTION" >/dev/null && desktop_is_locked
}

# By the daemon's control socket, as a login does: a byte, then length, 1 for unlock, password.
desktop_unlock()
{
	printf '%s' "$DESKTOP_PASSWORD" | perl -MIO::Socket::UNIX -e '
		my $socket = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "connect: $!";
		my $password = <STDIN>;
		my $request = pack("NN/a", 1, $password);
		syswrite($socket, "\0") == 1 or die "write: $!";
		syswrite($socket, pack("N", 4 + length $request) . $request) or die "write: $!";
		my $reply = "";
		1 while sysread($socket, $reply, 64, length $reply);
		exit((unpack("NN", $reply))[1] != 0);
	' "$XDG_RUNTIME_DIR/keyring/control" && desktop_is_unlocked
}

desktop_stop_daemon()
{
	kill -STOP "$DESKTOP_DAEMON"
}

desktop_continue()
{
	kill -CONT "$DESKTOP_DAEMON"
}

desktop_kill_daemon()
{
	kill -KILL "$DESKTOP_DAEMON"
	wait "$DESKTOP_DAEMON" 2>/dev/null
	DESKTOP_DAEMON=
}

# The daemon that comes is locked.
desktop_restart_daemon()
{
	[ -z "$DESKTOP_DAEMON" ] || desktop_kill_daemon
	rm -f "$XDG_RUNTIME_DIR/keyring/control"
	desktop_start_daemon && desktop_wait desktop_is_locked
}

desktop_end()
{
	[ -z "$DESKTOP_DAEMON" ] || desktop_kill_daemon
	if [ -n "$DESKTOP_BUS" ]; then
		kill -KILL "$DESKTOP_BUS"
		wait "$DESKTOP_BUS" 2>/dev/null
		DESKTOP_BUS=
	fi
	[ -z "$DESKTOP_DIRECTORY" ] || rm -rf "$DESKTOP_DIRECTORY"
}

#!/bin/sh
# SPDX-License-Identifier: MIT
# A whole system, booted in a container: logind makes the runtime directory and the user manager
# as in a real login, and listens for the keyring daemon. The container is this system's own
# tree under a memory overlay; nothing outside changes.
set -eu
. "$(dirname "$0")/lib/pam_cases.sh"

[ "$(id -u)" = 0 ] || skip "needs root, to boot a container"
need systemd-nspawn nsenter unshare systemd-run gnome-keyring-daemon gdbus dbus-daemon
unshare --mount --propagation private true 2>/dev/null ||
	skip "needs a mount namespace, which is not allowed here"

if [ "${inside:-no}" = no ]; then
	exec unshare --mount --propagation private env inside=yes "srcdir=$srcdir" \
		"builddir=$builddir" "$0"
fi

is_sanitized && skip "the module is built with AddressSanitizer"

scratch=$(mktemp -d)
nspawn=
# end_container: its init powers off on this signal.
end_container() {
	[ -n "${init:-}" ] && kill -s RTMIN+4 "$init" 2>/dev/null
	[ -z "$nspawn" ] || wait_for 10 test ! -d "/proc/$nspawn" || kill -KILL "$nspawn"
}
trap 'end_container || :; umount -l "$scratch" 2>/dev/null || :; rmdir "$scratch"' EXIT
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" overlay \
	"$scratch/root" 2>/dev/null || skip "needs an overlay file system, which is not allowed here"
root=$scratch/root

good=Correct-horse-1
useradd -R "$root" -m -s /bin/sh kt-one
echo "kt-one:$good" | chpasswd -R "$root"
uid=$(awk -F: '$1 == "kt-one" { print $3 }' "$root/etc/passwd")
mkdir "$root/kt"
cp "$programs/pam_harness" "$module" "$root/kt/"
printf %s "$good" >"$root/kt/good"
# The path of the program is compiled into the module.
mkdir -p "$root$builddir"
cp "$builddir/keyturn-unlock" "$builddir/keyturn-unlock-bus.so" "$root$builddir/"
cat >"$root/etc/pam.d/kt-create" <<END
auth required pam_unix.so
auth optional /kt/pam_keyturn.so create
account required pam_unix.so
session required pam_unix.so
session optional pam_systemd.so
session optional /kt/pam_keyturn.so create
END
sed 's/ create$//' "$root/etc/pam.d/kt-create" >"$root/etc/pam.d/kt-login"
sed 's/ create$/ grace=0 backends=dbus/' "$root/etc/pam.d/kt-create" \
	>"$root/etc/pam.d/kt-dbus"
cat >"$root/etc/pam.d/kt-before" <<END
auth required pam_unix.so
auth optional /kt/pam_keyturn.so
account required pam_unix.so
session required pam_unix.so
session optional /kt/pam_keyturn.so
session optional pam_systemd.so
END
for unit in getty.target console-getty.service systemd-networkd.service \
	systemd-resolved.service apt-daily.timer apt-daily-upgrade.timer cron.service \
	ssh.service udisks2.service systemd-udevd.service; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
rm -f "$root/etc/machine-id" && : >"$root/etc/machine-id"

# The build tree may lie in /tmp, which the container is to see and not to clear.
mkdir -p "$root/etc/tmpfiles.d"
: >"$root/etc/tmpfiles.d/tmp.conf"
SYSTEMD_NSPAWN_TMPFS_TMP=0 systemd-nspawn -D "$root" --boot --register=no --keep-unit --private-network --console=pipe \
	--system-call-filter='@keyring @memlock' >"$scratch/console" 2>&1 </dev/null &
nspawn=$!

find_init() {
	init=$(pgrep -P "$nspawn" | head -n 1)
	[ -n "$init" ] && [ "$(cat "/proc/$init/comm")" = systemd ]
}

# in_container COMMAND...
in_container() {
	nsenter -t "$init" -m -u -i -n -p "$@"
}

booted() {
	kill -0 "$nspawn" 2>/dev/null || return 0
	find_init && in_container systemctl is-active -q systemd-logind dbus.socket
}
wait_for 60 booted || skip "the container did not boot: $(tail -n 1 "$scratch/console")"
kill -0 "$nspawn" 2>/dev/null || skip "systemd-nspawn: $(tail -n 1 "$scratch/console")"

# login SERVICE: a session of three seconds, in the background; its result is in "out".
login() {
	in_container systemd-run --quiet --wait --pipe /kt/pam_harness /etc/pam.d "$1" kt-one \
		default pw:/kt/good auth acct cred open sleep:3000 close >"$scratch/out" 2>&1 &
	session=$!
}

lock_state() {
	in_container setpriv --reuid="$uid" --regid="$uid" --clear-groups env -i \
		XDG_RUNTIME_DIR="/run/user/$uid" \
		DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$uid/bus" \
		gdbus call --session -d org.freedesktop.secrets \
		-o /org/freedesktop/secrets/collection/login \
		-m org.freedesktop.DBus.Properties.Get org.freedesktop.Secret.Collection Locked
}

lock_state_is() {
	lock_state 2>/dev/null | grep -q "$1"
}

# The user manager lingers after the last session, and the keyring daemon with it.
all_gone() {
	! in_container pgrep -u kt-one
}

session_is_open() {
	grep -q '^open ' "$scratch/out"
}

# logs_in SERVICE LOCKED OUTCOME LINES: to ask whether it is locked starts the daemon where nothing
# else did, so it is asked once the session is open.
logs_in() {
	in_container systemctl stop "user@$uid.service"
	wait_for 30 all_gone || return 1
	login "$1"
	wait_for 30 session_is_open || return 1
	wait_for 3 lock_state_is "$2" && state=0 || state=1
	found=$(in_container cat "/run/user/$uid/keyturn/unlock-outcome" 2>/dev/null) || :
	wait "$session" && succeeded_with_lines "$4" && [ "$state" = 0 ] && [ "$found" = "$3" ] &&
		echo "# open_session took $(took open) ms" && is_in_time "$(took open)" 1500
}

made() {
	login kt-create
	wait "$session" && succeeded_with_lines 0 &&
		in_container test -e /home/kt-one/.local/share/keyrings/login.keyring
}
check "the first login makes a login keyring, if asked to" made
check "a login in a booted system opens it" logs_in kt-login false opened 0
check "a line before pam_systemd opens nothing and is no error" logs_in kt-before true "" 0
in_container systemctl --global mask gnome-keyring-daemon.socket gnome-keyring-daemon.service \
	>/dev/null 2>&1
check "without the daemon's units, nothing starts it" logs_in kt-dbus true no-daemon 0

exit "$failed"

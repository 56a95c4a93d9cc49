# SPDX-License-Identifier: MIT
# Sourced by the tests of the PAM module that need root: a private mount namespace in which
# /etc and /run are copies, so that users, passwords and pam.d files made here are real to every
# program started here and to nobody else.

[ "$(id -u)" = 0 ] || skip "needs root, to make users and log them in"
need unshare setpriv useradd chpasswd dbus-daemon gnome-keyring-daemon gdbus
unshare --mount --propagation private true 2>/dev/null ||
	skip "needs a mount namespace, which is not allowed here"

if [ "${inside:-no}" = no ]; then
	exec unshare --mount --propagation private env inside=yes "srcdir=$srcdir" \
		"builddir=$builddir" "$0"
fi

is_sanitized &&
	skip "sshd, su and others cannot load a module with AddressSanitizer"

# As it is installed: nobody can look into it.
chmod 711 "$builddir/keyturn-unlock"
scratch=$(mktemp -d)
# Gone with the namespace; only the mount point is left to remove.
trap 'forget_all; umount -l "$scratch" 2>/dev/null || :; rmdir "$scratch"' EXIT
mount -t tmpfs -o mode=755 tmpfs "$scratch"
cp -a /etc "$scratch/etc"
mount --bind "$scratch/etc" /etc
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/user /run/sshd "$scratch/home"

# make_user NAME PASSWORD: with a home and a runtime directory.
make_user() {
	useradd -M -d "$scratch/home/$1" -s /bin/sh "$1"
	echo "$1:$2" | chpasswd
	mkdir -m 700 "$scratch/home/$1"
	chown "$1:" "$scratch/home/$1"
	make_runtime_dir "$1"
}

make_runtime_dir() {
	mkdir -m 700 "/run/user/$(id -u "$1")"
	chown "$1:" "/run/user/$(id -u "$1")"
}

# become USER COMMAND...: in that user's session; in the background it is that very process.
become() {
	as_user=$1
	as_uid=$(id -u "$1")
	shift
	exec setpriv --reuid="$as_user" --regid="$(id -g "$as_user")" --init-groups env -i \
		HOME="$scratch/home/$as_user" USER="$as_user" LOGNAME="$as_user" \
		PATH=/usr/local/bin:/usr/bin:/bin XDG_RUNTIME_DIR="/run/user/$as_uid" \
		DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$as_uid/bus" "$@"
}

as() {
	(become "$@")
}

start_bus() {
	become "$1" dbus-daemon --session --nofork --address="unix:path=/run/user/$(id -u "$1")/bus" \
		>/dev/null 2>&1 &
	remember $!
	wait_for 30 test -S "/run/user/$(id -u "$1")/bus"
}

# A daemon that has just started, and so holds a locked keyring.
start_keyring() {
	stop_keyring
	become "$1" gnome-keyring-daemon --foreground --components=secrets \
		--control-directory="/run/user/$(id -u "$1")/keyring" >/dev/null 2>&1 &
	keyring_pid=$!
	remember "$keyring_pid"
	wait_for 30 test -S "/run/user/$(id -u "$1")/keyring/control"
	wait_for 30 as "$1" gdbus call --session -d org.freedesktop.DBus \
		-o /org/freedesktop/DBus -m org.freedesktop.DBus.GetNameOwner \
		org.freedesktop.secrets
}

stop_keyring() {
	[ -n "${keyring_pid:-}" ] || return 0
	kill -KILL "$keyring_pid" 2>/dev/null || :
	wait "$keyring_pid" 2>/dev/null || :
	keyring_pid=
	rm -f /run/user/*/keyring/control
}

lock_state_is() {
	case $(as "$1" gdbus call --session -d org.freedesktop.secrets \
		-o /org/freedesktop/secrets/collection/login \
		-m org.freedesktop.DBus.Properties.Get \
		org.freedesktop.Secret.Collection Locked 2>&1) in
	*true*) [ "$2" = yes ] ;;
	*false*) [ "$2" = no ] ;;
	*) return 1 ;;
	esac
}

# is_locked USER yes|no: a daemon has its name before its collections.
is_locked() {
	wait_for 30 lock_state_is "$@"
}

outcome_of() {
	cat "/run/user/$(id -u "$1")/keyturn/unlock-outcome" 2>/dev/null
}

forget_outcome() {
	rm -rf "/run/user/$(id -u "$1")/keyturn"
}

# as_keyturn USER ARGUMENT...: asks the keyring each time, and never a person.
as_keyturn() {
	keyturn_user=$1
	shift
	as "$keyturn_user" env KEYTURN_CACHE=off KEYTURN_PROMPT=0 "$programs/keyturn" "$@"
}

# gives_token USER TOKEN: at once, or where a key's derivation takes this machine longer than a command
# waits for it (5 s, pam_keyturn(8)), once that has ended.
gives_token() {
	gives_began=$(now)
	[ "$(as_keyturn "$1" token 2>"$scratch/told")" = "$2" ] && return
	cat "$scratch/told" >&2
	[ "$(($(now) - gives_began))" -ge 5000 ] && wait_for 120 no_derivation "$1" &&
		[ "$(as_keyturn "$1" token 2>"$scratch/told")" = "$2" ]
}

# no_derivation USER: nothing that a login left behind runs any more.
no_derivation() {
	! pgrep -x -u "$1" keyturn-unlock
}

# gives_none USER TEXT: exit 4, and the message has the text, once no login opens anything any more.
gives_none() {
	wait_for 120 no_derivation "$1" || return 1
	state=0
	as_keyturn "$1" token >"$scratch/told" 2>&1 || state=$?
	[ "$state" = 4 ] && grep -qF -e "$2" "$scratch/told" || {
		sed "s/^/# exit $state: /" "$scratch/told"
		return 1
	}
}

# make_vault USER PASSWORD TOKEN: a vault that the login password opens, closed, with a token.
make_vault() {
	printf %s "$2" | as_keyturn "$1" vault create --login >"$scratch/out" 2>&1 &&
		echo "$3" | as "$1" env KEYTURN_KEYRING=vault "$programs/keyturn" login main \
			--site coze.cn --with-token 2>>"$scratch/out" &&
		as "$1" env KEYTURN_KEYRING=vault "$programs/keyturn" lock
}

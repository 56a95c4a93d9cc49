# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# The providers of the desktop's keyring, each as the real program, under the same names. To be
# sourced after home.sh and desktop.sh; after home_make:
#
#	providers_start			a session bus, and each provider's settings
#	provider_start NAME		gnome-keyring, keepassxc, kwallet or oo7, opened
#	provider_kill			with SIGKILL, in the middle of what it does
#	provider_end			as a logout ends it: what it has not written yet is written
#	provider_settle			what it answered for is on its disk (me is a grant there)
#	collection_make			a second one, $second, open (not at KeePassXC)
#	collection_lock PATH		as its own window does it
#	collection_open PATH		with its password, as a login does it
#
# $collection is where new items go to then. Every password is $DESKTOP_PASSWORD.

# provider_need NAME: skips without it.
provider_need()
{
	case $1 in
	gnome-keyring) need gnome-keyring-daemon perl ;;
	keepassxc) need keepassxc keepassxc-cli ;;
	kwallet)
		need python3
		kwallet=$(command -v kwalletd6 || command -v kwalletd5) ||
			skip 'there is no kwalletd6 or kwalletd5'
		kwallet=${kwallet##*/}
		find /usr/lib -path "*/qca-qt${kwallet#kwalletd}/*" -name 'libqca-ossl*' 2>/dev/null |
			grep -q . || skip "there is no libqca-ossl for $kwallet, which has no encrypted session then"
		;;
	oo7) command -v oo7-daemon >/dev/null ||
		skip 'the registry of Rust crates has the only oo7-daemon, which takes Rust 1.95' ;;
	esac
}

providers_start()
{
	DESKTOP_DIRECTORY=$work/desktop
	XDG_RUNTIME_DIR=$work/desktop/run
	DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
	OO7_PAM_SOCKET=$XDG_RUNTIME_DIR/oo7-pam.sock
	# None of their windows is ever shown.
	QT_QPA_PLATFORM=offscreen
	KEYTURN_CACHE=off
	export XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS OO7_PAM_SOCKET QT_QPA_PLATFORM KEYTURN_CACHE
	mkdir -p "$XDG_RUNTIME_DIR/keyring" "$HOME/.config/keepassxc"
	chmod 700 "$XDG_RUNTIME_DIR" "$XDG_RUNTIME_DIR/keyring"
	keepassxc_settings
	kwallet_settings
	desktop_start_bus
}

# has_collection PATH: the service answers, and that one is open.
has_collection()
{
	desktop_call "$1" org.freedesktop.DBus.Properties.Get \
		string:org.freedesktop.Secret.Collection string:Locked | grep -q 'boolean false'
}

# KWallet's "Locked" stays true until a client asks; what counts is isOpen.
provider_is_open()
{
	if [ "$provider" = kwallet ]; then
		kwallet_call isOpen string:kdewallet | grep -q 'boolean true'
	else
		has_collection "$collection"
	fi
}

# provider_is_at_rest: it waits for something to do, and has done nothing for a moment. On a busy
# machine a window takes longer to come than a call to the keyring may take.
provider_is_at_rest()
{
	used=$(cut -d ' ' -f 14,15 "/proc/$DESKTOP_DAEMON/stat")
	sleep 0.3
	[ "$(cut -d ' ' -f 3,14,15 "/proc/$DESKTOP_DAEMON/stat")" = "S $used" ]
}

# no_service: nobody owns the name.
no_service()
{
	! dbus-send --session --print-reply --dest=org.freedesktop.DBus / \
		org.freedesktop.DBus.GetNameOwner string:org.freedesktop.secrets
}

provider_start()
{
	provider=$1
	case $provider in
	gnome-keyring)
		collection=/org/freedesktop/secrets/collection/login
		rm -f "$XDG_RUNTIME_DIR/keyring/control"
		desktop_start_daemon --unlock
		;;
	keepassxc)
		collection=/org/freedesktop/secrets/collection/logins
		keepassxc_make logins
		keepassxc_open logins
		;;
	kwallet)
		collection=/org/freedesktop/secrets/collection/kdewallet
		kwallet_open
		;;
	oo7)
		collection=/org/freedesktop/secrets/collection/login
		printf '%s' "$DESKTOP_PASSWORD" | oo7-daemon --login >>"$work/oo7.log" 2>&1 &
		DESKTOP_DAEMON=$!
		;;
	esac
	desktop_wait provider_is_open && desktop_wait provider_is_at_rest
}

provider_kill()
{
	desktop_kill_daemon 2>/dev/null || true
	desktop_wait no_service
}

# provider_settle: what it answered for is on its disk, which two of them write later.
provider_settle()
{
	: >"$work/marker"
	case $provider in
	keepassxc) settling=$work/logins.kdbx ;;
	kwallet) settling=$HOME/.local/share/kwalletd/kdewallet.kwl ;;
	*) return 0 ;;
	esac
	keyturn refresh me 2>>"$work/stage.log"
	desktop_wait [ "$settling" -nt "$work/marker" ]
}

provider_end()
{
	if [ "$provider" = kwallet ]; then
		kwallet_call closeAllWallets >"$work/reply" 2>&1 || true
	fi
	# KeePassXC asks a person, who is not there, when its file is still to be written.
	desktop_wait provider_is_at_rest || true
	kill -TERM "$DESKTOP_DAEMON"
	timeout 20 tail --pid="$DESKTOP_DAEMON" -f /dev/null || kill -KILL "$DESKTOP_DAEMON"
	wait "$DESKTOP_DAEMON" 2>/dev/null || true
	DESKTOP_DAEMON=
	desktop_wait no_service
}

# collection_is_open PATH: KWallet's "Locked" is no answer, as above.
collection_is_open()
{
	if [ "$provider" = kwallet ]; then
		kwallet_call isOpen "string:${1##*/}" | grep -q 'boolean true'
	else
		has_collection "$1"
	fi
}

collection_make()
{
	second=/org/freedesktop/secrets/collection/second
	if [ "$provider" = kwallet ]; then
		# It is a collection from its second day on, like the first one.
		collection_open "$second"
		provider_end
		provider_start kwallet && collection_open "$second"
	else
		second=$("$builddir/tests/programs/collection" create second "$DESKTOP_PASSWORD") &&
			desktop_wait collection_is_open "$second" && desktop_wait provider_is_at_rest
	fi
}

collection_lock()
{
	if [ "$provider" = kwallet ]; then
		kwallet_call close "string:${1##*/}" boolean:true
	else
		desktop_call /org/freedesktop/secrets org.freedesktop.Secret.Service.Lock \
			"array:objpath:$1"
	fi >"$work/reply"
	! collection_is_open "$1"
}

collection_open()
{
	if [ "$provider" = kwallet ]; then
		kwallet_call pamOpen "string:${1##*/}" "array:byte:$(kwallet_key)" int32:0 >"$work/reply"
	else
		"$builddir/tests/programs/collection" unlock "$1" "$DESKTOP_PASSWORD"
	fi
	desktop_wait collection_is_open "$1" && desktop_wait provider_is_at_rest
}

#
# KeePassXC.
#

keepassxc_settings()
{
	cat >"$HOME/.config/keepassxc/keepassxc.ini" <<-END
	[General]
	ConfigVersion=2
	SingleInstance=false
	OpenPreviousDatabasesOnStartup=false

	[FdoSecrets]
	Enabled=true
	ShowNotification=false
	ConfirmDeleteItem=false
	ConfirmAccessItem=false

	[GUI]
	CheckForUpdates=false
	END
}

# keepassxc_make NAME: a database of that name, of one group, which the Secret Service is shown.
keepassxc_make()
{
	[ ! -e "$work/$1.kdbx" ] || return 0
	cat >"$work/$1.xml" <<-END
	<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
	<KeePassFile><Meta><Generator>test</Generator><DatabaseName>$1</DatabaseName>
	<RecycleBinEnabled>False</RecycleBinEnabled><CustomData><Item>
	<Key>FDO_SECRETS_EXPOSED_GROUP</Key><Value>{10101010-1010-1010-1010-101010101010}</Value>
	</Item></CustomData></Meta><Root><Group><UUID>EBAQEBAQEBAQEBAQEBAQEA==</UUID>
	<Name>Root</Name></Group></Root></KeePassFile>
	END
	printf '%s\n%s\n' "$DESKTOP_PASSWORD" "$DESKTOP_PASSWORD" |
		keepassxc-cli import --set-password --decryption-time 100 \
			"$work/$1.xml" "$work/$1.kdbx" >>"$work/import.log" 2>&1
}

keepassxc_take()
{
	dbus-send --session --print-reply --reply-timeout=5000 \
		--dest=org.keepassxc.KeePassXC.MainWindow /keepassxc \
		org.keepassxc.KeePassXC.MainWindow.openDatabase "string:$work/$1.kdbx" \
		"string:$DESKTOP_PASSWORD"
}

# keepassxc_open NAME...: these databases, each with its password; without one none is open. Over the
# bus where --pw-stdin crashes at the first of them (keepassxreboot/keepassxc#9799).
keepassxc_open()
{
	: >"$work/master"
	keepassxc_files=
	for database in "$@"; do
		echo "$DESKTOP_PASSWORD" >>"$work/master"
		keepassxc_files="$keepassxc_files $work/$database.kdbx"
	done
	case $(keepassxc-cli --version) in
	2.7.[0-5])
		# shellcheck disable=SC2086
		keepassxc ${1:+--pw-stdin} $keepassxc_files <"$work/master" \
			>>"$work/keepassxc.log" 2>&1 &
		DESKTOP_DAEMON=$!
		;;
	*)
		keepassxc </dev/null >>"$work/keepassxc.log" 2>&1 &
		DESKTOP_DAEMON=$!
		for database in "$@"; do
			desktop_wait keepassxc_take "$database"
		done
		;;
	esac
}

#
# KWallet, opened with the login password as its PAM module does it: the derived key goes through a
# pipe, the environment through a socket.
#

kwallet_settings()
{
	cat >"$HOME/.config/kwalletrc" <<-END
	[Wallet]
	First Use=false
	Prompt on Open=false

	[org.freedesktop.secrets]
	apiEnabled=true
	END
	cat >"$work/kwallet_login" <<-'END'
	import hashlib, os, socket, sys
	directory = os.environ["HOME"] + "/.local/share/kwalletd"
	os.makedirs(directory, exist_ok=True)
	if not os.path.exists(directory + "/kdewallet.salt"):
	    open(directory + "/kdewallet.salt", "wb").write(os.urandom(56))
	salt = open(directory + "/kdewallet.salt", "rb").read()
	key = hashlib.pbkdf2_hmac("sha512", sys.stdin.buffer.read(), salt, 50000, 56)
	path = os.environ["XDG_RUNTIME_DIR"] + "/kwallet5.socket"
	if os.path.exists(path):
	    os.unlink(path)
	listener = socket.socket(socket.AF_UNIX)
	listener.bind(path)
	listener.listen(1)
	reading, writing = os.pipe()
	os.write(writing, key)
	os.close(writing)
	if os.fork() == 0:
	    session = socket.socket(socket.AF_UNIX)
	    session.connect(path)
	    session.sendall("".join(f"{name}={value}\n" for name, value in os.environ.items()).encode())
	    os._exit(0)
	for descriptor in (reading, listener.fileno()):
	    os.set_inheritable(descriptor, True)
	os.environ["PAM_KWALLET5_LOGIN"] = path
	os.execlp(sys.argv[1], sys.argv[1], "--pam-login", str(reading), str(listener.fileno()))
	END
}

# kwallet_call METHOD [ARGUMENT...]
kwallet_call()
{
	kwallet_method=org.kde.KWallet.$1
	shift
	dbus-send --session --print-reply --dest="org.kde.$kwallet" "/modules/$kwallet" \
		"$kwallet_method" "$@"
}

# What PAM makes of the password, as dbus-send takes bytes.
kwallet_key()
{
	printf %s "$DESKTOP_PASSWORD" | python3 -c '
import hashlib, os, sys
salt = open(os.environ["HOME"] + "/.local/share/kwalletd/kdewallet.salt", "rb").read()
print(*hashlib.pbkdf2_hmac("sha512", sys.stdin.buffer.read(), salt, 50000, 56), sep=",")'
}

kwallet_log_in()
{
	printf %s "$DESKTOP_PASSWORD" >"$work/password"
	python3 "$work/kwallet_login" "$kwallet" <"$work/password" >>"$work/kwallet.log" 2>&1 &
	DESKTOP_DAEMON=$!
	desktop_wait desktop_has_service
}

# The first login makes the wallet; only the next one finds it as a collection.
kwallet_open()
{
	if [ ! -s "$HOME/.local/share/kwalletd/kdewallet.kwl" ]; then
		kwallet_log_in
		desktop_wait test -s "$HOME/.local/share/kwalletd/kdewallet.kwl"
		provider_end
	fi
	kwallet_log_in
}

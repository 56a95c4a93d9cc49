#!/bin/sh
# SPDX-License-Identifier: MIT
#
# KWallet as the desktop's keyring: a real kwalletd5 or kwalletd6, opened with the login password in
# the way of its own PAM module, and reached through its Secret Service.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
need dbus-daemon dbus-send python3
daemon=$(command -v kwalletd6 || command -v kwalletd5) || skip 'there is no kwalletd6 or kwalletd5'
daemon=${daemon##*/}
qt=${daemon#kwalletd}
find /usr/lib -path "*/qca-qt$qt/*" -name 'libqca-ossl*' 2>/dev/null | grep -q . ||
	skip "there is no libqca-ossl for Qt $qt, without which KWallet has no encrypted session"
alone "$0" "$@"
home_make
KEYTURN_CACHE=off
# None of its windows is ever shown; that there is a display only lets it be asked.
QT_QPA_PLATFORM=offscreen
DESKTOP_DIRECTORY=$work/desktop
XDG_RUNTIME_DIR=$work/desktop/run
DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
export KEYTURN_CACHE QT_QPA_PLATFORM XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS
mkdir -p "$XDG_RUNTIME_DIR" "$HOME/.config"
cat >"$HOME/.config/kwalletrc" <<'END'
[Wallet]
First Use=false
Prompt on Open=false

[org.freedesktop.secrets]
apiEnabled=true
END
desktop_start_bus

# As pam_kwallet5 does it: the derived key through a pipe, the environment through a socket.
cat >"$work/kwallet_login" <<'END'
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

wallet_is_there()
{
	dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets \
		org.freedesktop.DBus.Peer.Ping
}

# log_in PASSWORD
log_in()
{
	printf %s "$1" >"$work/password"
	python3 "$work/kwallet_login" "$daemon" <"$work/password" >>"$work/kwallet.log" 2>&1 &
	DESKTOP_DAEMON=$!
	desktop_wait wallet_is_there
}

# A logout. KWallet writes a while after it is told to, and when it is closed.
log_out()
{
	dbus-send --session --print-reply --dest="org.kde.$daemon" "/modules/$daemon" \
		org.kde.KWallet.closeAllWallets >"$work/reply"
	kill -TERM "$DESKTOP_DAEMON"
	wait "$DESKTOP_DAEMON" || true
	DESKTOP_DAEMON=
}

begin 'a wallet that login opened keeps a token, and gives it back'
# The first login makes the wallet; only the next one finds it as a collection.
must log_in 'Correct-horse-1'
must desktop_wait test -s "$HOME/.local/share/kwalletd/kdewallet.kwl"
log_out
must log_in 'Correct-horse-1'
input 'pat_kwallet\n'
call env DISPLAY=:77 keyturn login main --site coze.cn --with-token
expect_status 0
call keyturn token
expect_status 0
expect_output pat_kwallet

begin 'after the next login the first call has it, without a question'
log_out
must log_in 'Correct-horse-1'
call env DISPLAY=:77 keyturn token
expect_status 0
expect_output pat_kwallet

begin 'without a display too: a wallet that login opened is opened unasked'
log_out
must log_in 'Correct-horse-1'
call keyturn token
expect_status 0
expect_output pat_kwallet
input 'pat_rotated\n'
call keyturn login main --site coze.cn --with-token
expect_status 0
call keyturn token
expect_output pat_rotated
call keyturn doctor
must grep -q '^ok *keyring *provided by KWallet' "$work/out"

begin 'what counts as locked is locked without an error'
log_out
must log_in 'Correct-horse-1'
call keyturn lock --desktop
expect_status 0

begin 'a wallet that nobody opened is exit 4'
log_out
"$daemon" >>"$work/kwallet.log" 2>&1 &
DESKTOP_DAEMON=$!
must desktop_wait wallet_is_there
call setsid keyturn token
expect_status 4
expect_output ''
expect_cause_and_remedy

finish

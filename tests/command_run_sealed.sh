#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn run --sealed: an ordinary user's command, that user's keyring and processes, and what the
# command tries (tests/programs/seal_attacks.py). Without a seal the same attempts succeed.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
need curl dbus-daemon dbus-send gnome-keyring-daemon openssl perl python3 secret-tool ssh-agent expect
alone "$0" "$@"

# open_to_others DIRECTORY: it can be entered by every user, in this mount namespace alone.
open_to_others()
{
	closed=$1
	top=
	while [ "$closed" != / ]; do
		[ -z "$(find "$closed" -maxdepth 0 ! -perm -o+x)" ] || top=$closed
		closed=$(dirname "$closed")
	done
	[ -n "$top" ] || return 0
	(
		cd "$1"
		mount -t tmpfs -o mode=755 none "$top"
		mkdir -p "$1"
		mount --bind . "$1"
	)
}

# The seal is for ordinary users: root lends one who is nobody else's, and a program of root's.
if [ "$(id -u)" = 0 ]; then
	need setpriv
	need_mounts 'lend a user'
	stranger=$((56000 + $$ % 4000))
	open_to_others "$srcdir"
	open_to_others "$builddir"
	mount -t tmpfs -o mode=755 none /run
	mkdir -p -m 755 /run/keyturn-seal-test
	chown "$stranger" /run/keyturn-seal-test
	# The bus wants to know its user by name.
	{
		cat /etc/passwd
		echo "stranger:x:$stranger:$stranger::/nonexistent:/bin/sh"
	} >/run/passwd
	mount --bind /run/passwd /etc/passwd
	SEAL_LENT=$(mktemp -d)
	export SEAL_LENT
	cp "$(command -v id)" "$SEAL_LENT/setuid-id"
	chmod 4755 "$SEAL_LENT/setuid-id"
	chown "$stranger" "$SEAL_LENT"
	cd /
	exec setpriv --reuid "$stranger" --regid "$stranger" --clear-groups env HOME=/nonexistent \
		USER=stranger sh "$srcdir/tests/command_run_sealed.sh"
fi

unshare --user --map-current-user --mount true 2>/dev/null ||
	skip 'needs user namespaces, which are not allowed here'
home_on_desktop
unset SSH_AUTH_SOCK
attacks=$HOME/project/seal_attacks.py
directory=$HOME/project
mark=pat_$(sed -n 's/^MARK = b"\(.*\)" + b"x" \* 15$/\1/p' "$srcdir/tests/programs/seal_attacks.py")xxxxxxxxxxxxxxx
mkdir "$directory" "$HOME/.ssh" "$HOME/.config"
cp "$srcdir/tests/programs/seal_attacks.py" "$directory"
if [ -n "${SEAL_LENT:-}" ]; then
	mv "$SEAL_LENT/setuid-id" "$directory"
	rmdir "$SEAL_LENT"
fi
cd "$directory"
export KEYTURN_KEYRING=vault
keyturn vault create --key-file "$HOME/vault.key" >"$work/stage.log"
store_token prey coze.cn "$mark"
keep=
case $builddir in
/tmp/* | /run/* | /dev/shm/*) keep="--keep $builddir" ;;
esac

begin 'the command becomes itself: token, directory, descriptors, exit status'
call keyturn run prey --sealed $keep -- sh -c 'echo "$COZE_API_TOKEN"; pwd; exit 42'
expect_status 42
expect_output "$mark
$directory"
expect_said ''

begin "an app's key, which is a file in memory, is there as without a seal"
openssl genrsa 2048 2>/dev/null >"$work/key.pem"
printf '%s\n' COZE_JWT_OAUTH_CLIENT_ID=1 COZE_JWT_OAUTH_PUBLIC_KEY_ID=k COZE_API_BASE=api.coze.cn \
	"COZE_JWT_OAUTH_PRIVATE_KEY=\"$(cat "$work/key.pem")\"" >"$work/env"
call keyturn run --app --env-file "$work/env" --sealed $keep -- \
	sh -c 'sh -c "cat \"\$1\"" - "$COZE_JWT_OAUTH_PRIVATE_KEY_FILE_PATH"'
expect_status 0
expect_line '-----BEGIN PRIVATE KEY-----'

begin 'its process is the one that was started, and SIGTERM reaches it'
keyturn run prey --sealed $keep --keep "$work" -- sh -c \
	'trap "exit 9" TERM; echo $$ >"$1/pid"; while :; do sleep 0.05; done' - "$work" &
sealed=$!
must desktop_wait test -s "$work/pid"
kill -TERM "$sealed"
status=0
wait "$sealed" || status=$?
expect_status 9
must [ "$(cat "$work/pid")" = "$sealed" ]

begin 'with a proxy the command has neither the token nor a way to it, and its requests have it'
python3 -c '
import http.server, os, sys

class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.headers.get("Authorization", "").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Echo)
with open(sys.argv[1] + ".new", "w") as port:
    port.write(str(server.server_port))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()' "$work/port" &
echo_server=$!
must desktop_wait test -s "$work/port"
printf 'tok_lent' >"$work/in"
call keyturn login lent --api-base "http://127.0.0.1:$(cat "$work/port")" --with-token --force
call keyturn run lent --proxy --sealed $keep -- sh -c '
	curl -s --noproxy "*" -H "Authorization: Bearer $COZE_API_TOKEN" "$COZE_API_BASE/v1/x"
	echo
	env | grep -c tok_lent
	keyturn token lent || echo refused'
expect_line 'Bearer tok_lent'
expect_line 0
expect_line refused
must [ "$(grep -c tok_lent "$work/out")" -eq 1 ]
kill "$echo_server"
wait "$echo_server" 2>/dev/null || :

begin 'nothing is made in the home'
(cd "$HOME" && find . | sort) >"$work/before"
call keyturn run prey --sealed $keep -- true
expect_status 0
(cd "$HOME" && find . | sort) >"$work/after"
must cmp "$work/before" "$work/after"

begin 'a command that is not there, or cannot be run, is told as without a seal'
call keyturn run prey --sealed $keep -- /nonexistent/command
expect_status 127
expect_cause_and_remedy
call keyturn run prey --sealed $keep -- /
expect_status 126

begin 'options that do not fit are refused'
for words in --sealed=none '--keep /run' --read-only '--sealed --write /' '--sealed=basic --keep /' \
	'--sealed --keep /nonexistent'; do
	call keyturn run prey $words -- echo ran
	expect_status 125
	expect_output ''
	expect_cause_and_remedy
done

begin 'a directory as standard input would lead out of the seal'
status=0
keyturn run prey --sealed $keep -- echo ran </ >"$work/out" 2>"$work/err" || status=$?
expect_status 125
expect_cause_and_remedy

begin 'it has the terminal: Ctrl-C, Ctrl-Z and /dev/tty'
at_terminal "
spawn keyturn run prey --sealed $keep -- sh -c {
	trap 'echo interrupted; exit 7' INT
	echo asked >/dev/tty
	while :; do sleep 0.05; done
}
expect asked
send \\003
expect interrupted"
expect_status 7
at_terminal "
spawn sh -i
send \"PS1=; keyturn run prey --sealed $keep -- sh -c 'tty; read line; echo read \\\$line'\\r\"
expect /dev/console
send \\032
expect Stopped
send \"fg\\rword\\r\"
expect {read word}
send \"exit 5\\r\""
expect_status 5

begin '--read-only leaves the working directory, and what --write names'
mkdir "$HOME/notes"
call keyturn run prey --sealed $keep --read-only --write "$HOME/notes" -- sh -c \
	'touch here ~/notes/there && ! touch ~/elsewhere 2>/dev/null && ls -A ~'
expect_status 0
must [ ! -e "$HOME/elsewhere" ]
must [ -e "$HOME/notes/there" ]
call sh -c 'cd && exec keyturn run prey --sealed --read-only -- true'
expect_status 125
expect_cause_and_remedy

begin 'where namespaces are forbidden it says so, and what to do'
call unshare --user --map-current-user --keep-caps sh -c \
	'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all --ambient-caps=-all \
		keyturn run prey --sealed -- echo ran'
expect_status 125
expect_output ''
expect_cause_and_remedy
expect_said 'sysctl user.max_user_namespaces='
expect_said --sealed=basic
call "$builddir/tests/programs/forbid" namespaces keyturn run prey --sealed -- echo ran
expect_status 125
expect_cause_and_remedy
expect_said --sealed=basic
call "$builddir/tests/programs/forbid" namespaces keyturn run prey --sealed=basic -- echo ran
expect_output ran

begin 'without Landlock no unix socket is made where one could lead to a display or a bus'
make_socket='import socket; socket.socketpair(); socket.socket(socket.AF_UNIX); print("made")'
forbid_landlock()
{
	call env "$@" "$builddir/tests/programs/forbid" landlock keyturn run prey --sealed $keep -- \
		python3 -c "$make_socket"
}
forbid_landlock DISPLAY=
expect_output made
for address in DISPLAY=:0 DBUS_SESSION_BUS_ADDRESS=unix:abstract=/tmp/bus; do
	forbid_landlock "$address"
	expect_status 1
	expect_said 'Address family not supported'
done
call "$builddir/tests/programs/forbid" landlock keyturn run prey --sealed=basic -- echo ran
expect_status 125
expect_output ''
expect_cause_and_remedy

begin 'doctor tells what this machine can do'
call keyturn doctor
must grep -q '^ok  *seal  *run --sealed works here (user namespaces, seccomp, Landlock ' "$work/out"
call "$builddir/tests/programs/forbid" namespaces keyturn doctor
must grep -q '^ok  *seal  *this system forbids user namespaces' "$work/out"
must grep -q '^ok  *seal  *run --sealed=basic works here (seccomp, Landlock ' "$work/out"

if ! is_sanitized; then
# Processor time of the quickest of 40 starts: of a program, of one that another becomes, and of a
# sealed one.
begin 'a seal costs a start as little as a few programs'
started=0
python3 - "$builddir/tests/bin/keyturn-seal" >"$work/starts" <<'END' || started=$?
import os, sys

def start(words):
    used = os.wait4(os.posix_spawn(words[0], words, os.environ), 0)[2]
    return used.ru_utime + used.ru_stime

rows = [["/bin/true"], ["/usr/bin/env", "/bin/true"], [sys.argv[1], "--", "/bin/true"]]
best = [1.0] * len(rows)
for _ in range(40):
    best = [min(old, start(words)) for old, words in zip(best, rows)]
print("%.2f %.2f %.2f ms; the seal: %.1f of true" % (
    *(1000 * b for b in best), (best[2] - best[1]) / best[0]))
sys.exit(best[2] - best[1] > 3 * best[0])
END
sed 's/^/# true, env true, sealed true: /' "$work/starts"
must [ "$started" -eq 0 ]

begin 'ordinary programs go on in it, but for those of other rights'
mkdir programs
keyturn run prey --sealed $keep --keep "$srcdir" -- sh "$srcdir/tests/programs/seal_programs.sh" \
	"$directory/programs" >"$work/programs"
echo "# $(grep -c ^works "$work/programs") work, not here: $(sed -n 's/^absent //p' "$work/programs" | tr '\n' ' ')"
must [ "$(grep -c ^works "$work/programs")" -ge 25 ]
for name in $(sed -n 's/^fails //p' "$work/programs" | grep -vx sudo); do
	cp "programs/$name.log" "$work/failed"
	if sh "$srcdir/tests/programs/seal_programs.sh" "$directory/programs" "$name" | grep -q ^works; then
		complain "lost in the seal: $name"
		sed 's/^/#   /' "$work/failed" | head -n 20
	fi
done

fi

# The prey: processes, sockets, keys and files of this user outside of the seal.
printf '%s' "$mark" | secret-tool store --label=prey prey yes
ssh-keygen -q -t ed25519 -N '' -C prey -f "$work/key"
mkfifo "$work/end"
ssh-agent -D -a "$HOME/.ssh/agent.sock" >"$work/agent.log" 2>&1 &
agent=$!
python3 "$attacks" prey "$directory" <"$work/end" >"$work/prey.log" 2>&1 &
prey=$!
exec 8>"$work/end"
end_prey()
{
	exec 8>&-
	kill "$agent" 2>/dev/null || :
	wait "$prey" "$agent" 2>/dev/null || :
}
trap 'sealed_status=$?; end_prey; home_end "$sealed_status"' EXIT
desktop_wait test -e "$directory/prey.json" || cat "$work/prey.log"
desktop_wait test -S "$HOME/.ssh/agent.sock"
SSH_AUTH_SOCK=$HOME/.ssh/agent.sock ssh-add -q "$work/key" 2>>"$work/agent.log"

# attack COMMAND...: what the attempts come to when COMMAND starts them; one descriptor is left open.
attack()
{
	timeout 120 "$@" python3 "$attacks" attack "$directory" 9<"$HOME/vault.key" \
		>"$work/attack" 2>"$work/err" </dev/null || complain "attacks ended with $?"
	sed 's/^/# /' "$work/err" | head
	sed -n 's/^got //p' "$work/attack" | sort >"$work/got"
	sed -n 's/^no //p' "$work/attack" | sort >"$work/stopped"
}

# reason NAME: what stopped that attempt.
reason()
{
	sed -n "s/^# $1: //p" "$work/attack"
}

begin 'without a seal every attempt succeeds that this machine allows'
attack env
python3 "$attacks" rare | sort >"$work/rare"
comm -23 "$work/stopped" "$work/rare" >"$work/failed"
while read -r name; do
	complain "fails without a seal: $name ($(reason "$name"))"
done <"$work/failed"
count=$(cat "$work/got" "$work/stopped" | wc -l)
echo "# $count attempts, $(wc -l <"$work/got") succeed without a seal"
must [ "$count" -ge 60 ]
must [ "$(wc -l <"$work/got")" -ge 55 ]

# sealed_against KIND COMMAND...: nothing succeeds that is not known of that kind.
sealed_against()
{
	kind=$1
	shift
	attack "$@"
	python3 "$attacks" leftovers "$kind" $([ "$landlock" -ge 6 ] || echo "old $kind") |
		sort >"$work/leftovers"
	comm -23 "$work/got" "$work/leftovers" >"$work/escaped"
	while read -r name; do
		complain "gets out of the seal: $name"
	done <"$work/escaped"
	echo "# $(wc -l <"$work/got") of $count attempts succeed"
	must [ "$(cat "$work/got" "$work/stopped" | wc -l)" -eq "$count" ]
}

cat "$HOME/.bashrc" "$HOME/.ssh/authorized_keys" >"$work/before"
landlock=$(python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))')
begin 'the seal stops all but what the manual says'
sealed_against whole keyturn run prey --sealed $keep --

begin 'the basic seal stops all but what the manual says'
sealed_against basic keyturn run prey --sealed=basic --

begin 'nothing that was sealed changed anything outside'
must [ "$(cat "$HOME/.bashrc" "$HOME/.ssh/authorized_keys")" = "$(cat "$work/before")" ]
must [ "$(keyturn run prey -- printenv COZE_API_TOKEN)" = "$mark" ]

finish

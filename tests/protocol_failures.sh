#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What each tool is told when there is no answer, in its own form: nothing stored, several accounts
# fit, a dead grant, no network, a locked keyring, bad input. On stdout stands the answer or nothing;
# a tool that knows no failure but on stdout has it there.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
need python3
alone "$0" "$@"
home_start
missing='credentials not found in native keychain'
PATH=$builddir/tests/bin/keyring:$PATH

# A server that refuses each refresh token, and one that takes connections and stays mute.
cat >"$work/servers.py" <<'PYTHON'
import http.server, socket
mute = socket.create_server(("127.0.0.1", 0), backlog=64)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"error":"invalid_grant"}'
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, mute.getsockname()[1], flush=True)
server.serve_forever()
PYTHON
mkfifo "$work/ports"
python3 "$work/servers.py" >"$work/ports" 2>"$work/servers.log" &
servers=$!
read -r refusing mute <"$work/ports"

# keep SERVICE ENDPOINT ACCOUNT...
keep()
{
	service=$1
	endpoint=$2
	shift 2
	for account in "$@"; do
		printf 'url=%s\nusername=%s\noauth_refresh_token=rt_%s\nclient_id=c\ntoken_endpoint=%s\nkind=oauth\n\n' \
			"$service" "$account" "$account" "$endpoint" | keyturn store
	done
}
keep https://dead.example "http://127.0.0.1:$refusing/token" dead
keep https://away.example http://127.0.0.1:1/token away
keep https://mute.example "https://127.0.0.1:$mute/token" silent
keep https://quiet.example "http://127.0.0.1:$mute/token" quiet
keep https://several.example http://127.0.0.1:1/token one two
keyturn default --host several.example --unset >"$work/stage.log" 2>&1 || :
call keyturn refresh dead
expect_status 3

# ask TOOL HOST ACCOUNT: as that tool does.
ask()
{
	case $1 in
	git)
		input 'protocol=https\nhost=%s\n\n' "$2"
		call keyturn get
		;;
	docker)
		input 'https://%s' "$2"
		call docker-credential-keyturn get
		;;
	bazel)
		input '{"uri":"https://%s/x"}' "$2"
		call bazel-credential-keyturn get
		;;
	cargo)
		input '{"v":1,"kind":"get","operation":"read","registry":{"index-url":"sparse+https://%s/"}}\n' \
			"$2"
		call keyturn --cargo-plugin
		;;
	terraform) call terraform-credentials-keyturn get "$2" ;;
	kubernetes)
		call env KUBERNETES_EXEC_INFO='{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"cluster":{"server":"https://'"$2"'","config":null},"interactive":false}}
' keyturn kubernetes
		;;
	keyring) call keyring get "$2" --mode=creds ;;
	netrc) call keyturn netrc "$2" ;;
	goauth) call keyturn goauth "https://$2/x" ;;
	sasl) call keyturn sasl xoauth2 "$3" ;;
	*) call keyturn "$1" "$3" ;;
	esac
}

# expect_form TOOL STATUS: a failure as that tool reads it; STATUS where it is keyturn's own.
expect_form()
{
	expect_unsaid rt_
	case $1 in
	docker)
		expect_status 1
		must [ -s "$work/out" ]
		must_not grep -q '^{' "$work/out"
		must [ "$(head -n 1 "$work/out")" != "$missing" ]
		expect_said ''
		;;
	cargo)
		expect_status 0
		must grep -q '^{"Err":{"kind":"other","message":"[^"]' "$work/out"
		must [ "$(wc -l <"$work/out")" -eq 2 ]
		expect_said ''
		;;
	google)
		must [ "$(json success)" = false ]
		expect_said ''
		;;
	git)
		expect_status "$2"
		must_not grep -qv '^quit=1$' "$work/out"
		expect_cause_and_remedy
		;;
	*)
		expect_status "$2"
		expect_output ''
		expect_cause_and_remedy
		;;
	esac
}

tools='git docker bazel cargo terraform kubernetes keyring netrc goauth aws npm sasl google'

# each HOST ACCOUNT STATUS [TOOL...]: all tools, or those.
each()
{
	host=$1
	account=$2
	expected=$3
	shift 3
	for tool in ${*:-$tools}; do
		before=$test_is_ok
		ask "$tool" "$host" "$account"
		expect_form "$tool" "$expected"
		[ "$test_is_ok" = "$before" ] || echo "# it was $tool"
	done
}

# mute TOOL: asks for a grant whose server says nothing, neither by TLS nor behind a request; in $work/TOOL.
mute()
{
	mkdir "$work/$1"
	now >"$work/$1/begin"
	case $1 in
	bazel) printf '{"uri":"https://mute.example/x"}' | bazel-credential-keyturn get ;;
	google) keyturn google quiet ;;
	esac >"$work/$1/out" 2>"$work/$1/err" && echo 0 >"$work/$1/status" || echo $? >"$work/$1/status"
	now >"$work/$1/end"
}

# expect_in_time TOOL MILLISECONDS: that mute has ended by then.
expect_in_time()
{
	took=$(($(cat "$work/$1/end") - $(cat "$work/$1/begin")))
	echo "# $1: $took ms"
	must [ "$took" -le "$2" ]
}
mute bazel &
slow=$!
mute google &
slower=$!

begin 'nothing is stored'
for tool in $tools; do
	before=$test_is_ok
	ask "$tool" nothing.example nobody
	case $tool in
	git | goauth)
		expect_status 0
		expect_output ''
		expect_said ''
		;;
	docker)
		expect_status 1
		expect_output "$missing"
		expect_said ''
		;;
	cargo) expect_output "$(printf '{"v":[1]}\n{"Err":{"kind":"not-found"}}')" ;;
	terraform)
		expect_status 0
		expect_output '{}'
		expect_said ''
		;;
	keyring)
		expect_status 1
		expect_output ''
		expect_said ''
		;;
	*) expect_form "$tool" 1 ;;
	esac
	[ "$test_is_ok" = "$before" ] || echo "# it was $tool"
done

begin 'several accounts fit'
each several.example one@several.example 2 git docker bazel cargo terraform kubernetes keyring netrc \
	goauth
must grep -q 'several accounts fit: ' "$work/err"

begin 'the grant is dead'
each dead.example dead 3

begin 'the server that renews cannot be reached'
each away.example away 5

begin 'the keyring is locked'
keyturn lock >"$work/stage.log" 2>&1
KEYTURN_VAULT_KEY_FILE=$work/none
export KEYTURN_VAULT_KEY_FILE
mv "$HOME/vault.key" "$work/away.key"
each dead.example dead 4
mv "$work/away.key" "$HOME/vault.key"
unset KEYTURN_VAULT_KEY_FILE

conclude
first=$work
home_on_desktop
begin 'the desktop keyring is locked'
keep https://dead.example http://127.0.0.1:1/token dead
must desktop_lock
each dead.example dead 4
must desktop_is_locked
conclude
home_leave
work=$first
HOME=$work/home
unset DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR

begin 'a tool that gives up soon is told before it does'
wait "$slow"
must [ "$(cat "$work/bazel/status")" -eq 5 ]
must [ ! -s "$work/bazel/out" ]
must grep -q '^keyturn: ' "$work/bazel/err"
expect_in_time bazel 10000
wait "$slower"
cp "$work/google/out" "$work/out"
must [ "$(json success)" = false ]
must [ "$(json code)" = network ]
must [ ! -s "$work/google/err" ]
# An answer to what was sent is waited for: keyturn-protocols(7) has Google's libraries wait for 40 s.
expect_in_time google 40000
kill "$servers"

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn kubernetes: the exec credential plugin of kubectl, and kubectl where there is one.
set -eu

. "$(dirname "$0")/lib/home.sh"
need openssl python3
home_start
store_token work coze.cn pat_work
group=client.authentication.k8s.io

# ask INFO [ACCOUNT]
ask()
{
	info=$1
	shift
	call env KUBERNETES_EXEC_INFO="$info" keyturn kubernetes "$@"
}

begin 'the answer has the apiVersion that was asked for'
for version in v1 v1beta1; do
	ask "{\"apiVersion\":\"$group/$version\",\"kind\":\"ExecCredential\",\"spec\":{\"interactive\":false}}" work
	expect_status 0
	expect_output "{\"apiVersion\":\"$group/$version\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"pat_work\"}}"
	expect_said ''
done

begin 'a token that ends is told with its end'
printf 'url=https://as.example.com\nusername=grant\npassword=at_1\noauth_refresh_token=rt_1\nclient_id=c\ntoken_endpoint=https://as.example.com/token\nkind=oauth\npassword_expiry_utc=%s\n\n' \
	"$(($(date +%s) + 86400))" | keyturn store
ask "{\"apiVersion\":\"$group/v1\"}" grant
expect_json at_1 status token
must grep -qE '"expirationTimestamp":"20[0-9T:-]+Z"' "$work/out"

begin "the cluster's server names the login, and no other server gets it"
cluster="\"apiVersion\":\"$group/v1\",\"spec\":{\"cluster\":{\"server\""
ask "{$cluster:\"https://api.coze.cn\"}}}"
expect_json pat_work status token
for server in https://api.coze.com http://api.coze.cn https://api.coze.cn@evil.example; do
	ask "{$cluster:\"$server\"}}}"
	expect_status 1
	expect_output ''
	expect_unsaid pat_
done

begin 'a password that git stored is no bearer token'
printf 'url=https://k.example.com\nusername=u\npassword=secret\n\n' | keyturn store
ask "{$cluster:\"https://k.example.com\"}}}"
must test "$status" -ne 0
expect_output ''
expect_unsaid secret

begin 'bad requests are refused on stderr alone'
for bad in '' '{' "{\"apiVersion\":\"$group/v1alpha1\"}"; do
	ask "$bad"
	must test "$status" -ne 0
	expect_output ''
	expect_cause_and_remedy
done
ask "{\"apiVersion\":\"$group/v1\"}" nobody
expect_status 1
expect_output ''
expect_cause_and_remedy

if ! command -v kubectl >/dev/null; then
	echo '# there is no kubectl here: its documented form alone was tested'
	finish
fi

openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
	-days 2 -keyout "$work/key.pem" -out "$work/certificate.pem" 2>"$work/stage.log"
cat "$work/key.pem" "$work/certificate.pem" >"$work/both.pem"
cat >"$work/cluster.py" <<'END'
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.headers.get("Authorization", "nothing").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
END
mkfifo "$work/port"
python3 "$work/cluster.py" "$work/both.pem" >"$work/port" 2>"$work/cluster.log" &
cluster=$!
read -r port <"$work/port"

# kubeconfig VERSION ARGUMENTS PROVIDE
kubeconfig()
{
	cat >"$work/kubeconfig" <<-END
	apiVersion: v1
	kind: Config
	current-context: c
	contexts: [{name: c, context: {cluster: c, user: u}}]
	clusters: [{name: c, cluster: {server: "https://127.0.0.1:$port", certificate-authority: "$work/certificate.pem"}}]
	users: [{name: u, user: {exec: {apiVersion: $group/$1, command: keyturn, args: [$2], interactiveMode: Never, provideClusterInfo: $3}}}]
	END
	call timeout 60 kubectl --kubeconfig "$work/kubeconfig" get --raw /who
}

begin 'kubectl sends the token of the account, in both versions of the protocol'
for version in v1 v1beta1; do
	kubeconfig "$version" 'kubernetes, work' false
	expect_status 0
	must grep -qx 'Bearer pat_work' "$work/out"
done

begin 'and that of its own server where no account is named'
kubeconfig v1 kubernetes true
must test "$status" -ne 0
expect_unsaid pat_
printf 'pat_cluster\n' | keyturn login cluster --api-base "https://127.0.0.1:$port" --with-token \
	2>"$work/stage.log"
kubeconfig v1 kubernetes true
expect_status 0
must grep -qx 'Bearer pat_cluster' "$work/out"
kill "$cluster"

finish

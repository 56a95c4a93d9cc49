#!/bin/sh
# SPDX-License-Identifier: MIT
#
# docker-credential-keyturn: Docker's credential helper protocol, with skopeo and, where there is
# one, Docker's own client.
set -eu

. "$(dirname "$0")/lib/home.sh"
need openssl python3 skopeo
home_start
missing='credentials not found in native keychain'

# ask VERB FORMAT [ARGUMENT...]
ask()
{
	ask_verb=$1
	shift
	input "$@"
	call docker-credential-keyturn "$ask_verb"
}

begin 'what is not there is the text that Docker knows, on stdout'
ask get 'https://registry.example.com\n'
expect_status 1
expect_output "$missing"
expect_said ''

begin 'a login that Docker stores is the answer, under each form of the same server'
ask store '{"ServerURL":"registry.example.com","Username":"jane","Secret":"s\\"1"}'
expect_status 0
expect_output ''
for server in registry.example.com https://REGISTRY.example.com:443/; do
	ask get "  $server\n"
	expect_status 0
	expect_json 's"1' Secret
	expect_json jane Username
	expect_json "$server" ServerURL
done

begin 'another port, host, scheme or path gets nothing'
for server in registry.example.com:5000 sub.registry.example.com http://registry.example.com \
	https://registry.example.com@evil.example https://registry.example.com/v2; do
	ask get "$server"
	expect_status 1
	expect_output "$missing"
done

begin 'the names of Docker Hub are one service, and no longer name is'
ask store '{"ServerURL":"https://index.docker.io/v1/","Username":"hub","Secret":"dckr_pat"}'
for server in https://index.docker.io/v1/ docker.io; do
	ask get "$server"
	expect_json dckr_pat Secret
done
for server in evil.docker.io index.docker.io/v2; do
	ask get "$server"
	expect_output "$missing"
done

begin 'list names what Docker stored, and nothing that git or a login did'
store_token main coze.cn pat_main
printf 'url=https://git.example.com\nusername=git\npassword=secret\n\n' | keyturn store
call docker-credential-keyturn list
expect_status 0
expect_json hub https://index.docker.io/v1/
expect_json jane https://registry.example.com
must test "$(tr , '\n' <"$work/out" | wc -l)" -eq 2

begin 'of several logins at one server the last one is what docker gets, lists and forgets'
for user in ann ben ann cas; do
	ask store '{"ServerURL":"two.example.com","Username":"%s","Secret":"of-%s"}' $user $user
	for again in 1 2; do
		ask get two.example.com
		expect_json of-$user Secret
	done
	call docker-credential-keyturn list
	expect_json $user https://two.example.com
done
ask erase two.example.com
expect_status 0
ask get two.example.com
expect_output "$missing"

begin 'a login of docker goes before an account of its server, and after a logout no more'
input 'pat_other_0123456789abcdef\n'
call keyturn login other --api-base https://two.example.com --with-token --expires never
expect_status 0
ask get two.example.com
expect_json pat_other_0123456789abcdef Secret
ask store '{"ServerURL":"two.example.com","Username":"ann","Secret":"of-ann"}'
ask get two.example.com
expect_json of-ann Secret
ask erase two.example.com
ask get two.example.com
expect_json pat_other_0123456789abcdef Secret

begin 'a login that docker changes is its own, though git had stored it'
input 'url=https://forge.example.com\nusername=me\npassword=one\n\n'
call keyturn store
ask store '{"ServerURL":"forge.example.com","Username":"me","Secret":"two"}'
call docker-credential-keyturn list
expect_json me https://forge.example.com
ask erase forge.example.com
ask get forge.example.com
expect_output "$missing"

begin 'a token of ours is no second login under another name'
ask store '{"ServerURL":"two.example.com","Username":"oauth2","Secret":"pat_other_0123456789abcdef"}'
expect_status 0
call keyturn list
must_not grep -q oauth2 "$work/out"

begin 'a secret of several lines, as of a service account, comes back whole; git is told why not'
ask store '{"ServerURL":"gcr.example.com","Username":"_json_key","Secret":"{\\n\\t\\"a\\": 1\\n}"}'
expect_status 0
ask get gcr.example.com
expect_json "$(printf '{\n\t"a": 1\n}')" Secret
input 'url=https://gcr.example.com\n\n'
call keyturn get
expect_status 2
expect_output ''
expect_cause_and_remedy

begin 'a token is the password of its own service alone'
ask get api.coze.cn
expect_json pat_main Secret
expect_json main Username
ask get api.coze.com
expect_output "$missing"

begin 'our own answer that comes back is dropped'
keyturn list >"$work/before"
ask store '{"ServerURL":"https://api.coze.cn","Username":"main","Secret":"pat_main"}'
expect_status 0
keyturn list >"$work/after"
must cmp "$work/before" "$work/after"
call docker-credential-keyturn list
expect_unsaid coze

begin 'erase deletes the login, and one that is not there is erased too'
for round in 1 2; do
	ask erase "https://registry.example.com"
	expect_status 0
	expect_output ''
done
ask get registry.example.com
expect_output "$missing"
ask erase api.coze.cn
ask get api.coze.cn
expect_json pat_main Secret

begin 'bad input is a text on stdout and exit status 1, and echoes no secret'
ask get ''
expect_status 1
expect_output 'no credentials server URL'
ask store '{"ServerURL":"a.example","Username":"","Secret":"pat_x"}'
expect_output 'no credentials username'
for bad in '{' '{"ServerURL":"https://u:pat_x@a.example","Username":"u","Secret":"pat_x"}'; do
	ask store '%s' "$bad"
	expect_status 1
	must test -s "$work/out"
	expect_unsaid pat_x
done
call docker-credential-keyturn future
expect_status 1
head -c 70000 /dev/zero | tr '\0' a >"$work/in"
call docker-credential-keyturn get
expect_status 1
call docker-credential-keyturn version
expect_status 0

# A registry that takes one password, as much of it as Docker's client asks for.
cat >"$work/registry.py" <<'END'
import base64, http.server, ssl, sys
class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        expected = "Basic " + base64.b64encode(b"jane:right").decode()
        passed = self.headers.get("Authorization") == expected
        body = b'{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},"layers":[]}'
        if not passed:
            body = b'{"errors":[{"code":"UNAUTHORIZED"}]}'
        self.send_response(200 if passed else 401)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        if not passed:
            self.send_header("WWW-Authenticate", 'Basic realm="registry"')
            self.send_header("Content-Type", "application/json")
        elif "manifests" in self.path:
            self.send_header("Content-Type", "application/vnd.docker.distribution.manifest.v2+json")
        else:
            body = b"{}"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_HEAD = do_GET
    def log_message(self, *arguments):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Registry)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
END
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -days 2 -keyout "$work/key.pem" \
	-out "$work/certificate.pem" 2>"$work/stage.log"
cat "$work/key.pem" "$work/certificate.pem" >"$work/both.pem"
mkfifo "$work/port"
python3 "$work/registry.py" "$work/both.pem" >"$work/port" 2>"$work/registry.log" &
registry=$!
read -r port <"$work/port"
mkdir "$HOME/.docker"
printf '{"credHelpers":{"127.0.0.1:%s":"keyturn"}}\n' "$port" >"$HOME/.docker/config.json"
DOCKER_CLI_EXPERIMENTAL=enabled
REGISTRY_AUTH_FILE=$HOME/.docker/config.json
export DOCKER_CLI_EXPERIMENTAL REGISTRY_AUTH_FILE

# reads CLIENT: the manifest, with what that client gets from docker-credential-keyturn.
reads()
{
	case $1 in
	docker)
		call timeout 60 docker manifest inspect --insecure "127.0.0.1:$port/team/image:1"
		;;
	skopeo)
		call timeout 60 skopeo inspect --raw --tls-verify=false \
			"docker://127.0.0.1:$port/team/image:1"
		;;
	esac
}

clients=skopeo
if command -v docker >/dev/null; then
	clients="$clients docker"
else
	echo "# there is no docker here: skopeo alone"
fi
for client in $clients; do
	begin "$client reads a manifest with what docker-credential-keyturn keeps, and not without"
	reads "$client"
	must test "$status" -ne 0
	ask store '{"ServerURL":"127.0.0.1:%s","Username":"jane","Secret":"right"}' "$port"
	reads "$client"
	expect_status 0
	expect_json 2 schemaVersion

	begin "$client's logout makes keyturn forget, and what git stored stays"
	call timeout 60 "$client" logout "127.0.0.1:$port"
	expect_status 0
	ask get "127.0.0.1:$port"
	expect_output "$missing"
	input 'url=https://git.example.com\n\n'
	call keyturn get
	expect_line password=secret
done
kill "$registry"

finish

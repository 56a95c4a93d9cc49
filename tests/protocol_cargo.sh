#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn cargo: cargo's credential provider protocol, and cargo where it has it (1.74).
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3
# A cargo that rustup starts finds itself by the home.
RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}
export RUSTUP_HOME
home_start
store_token work coze.cn pat_work
hello='{"v":[1]}'

# ask JSON...: the answers are lines behind the greeting.
ask()
{
	printf '%s\n' "$@" >"$work/in"
	call keyturn --cargo-plugin
}

# get URL [MORE]
get()
{
	ask "{\"v\":1,\"kind\":\"get\",\"operation\":\"read\",\"registry\":{\"index-url\":\"$1\",\"future\":1}}"
}

# expect_answer LINE
expect_answer()
{
	expect_status 0
	expect_output "$(printf '%s\n%s' "$hello" "$1")"
}
missing='{"Err":{"kind":"not-found"}}'
foreign='{"Err":{"kind":"url-not-supported"}}'

begin 'a token is the whole header of its sparse registry'
for url in sparse+https://api.coze.cn/ sparse+https://api.coze.cn/index/; do
	get "$url"
	expect_answer '{"Ok":{"kind":"get","token":"Bearer pat_work","cache":"session","operation_independent":true}}'
	expect_said ''
done

begin 'a token that ends is cached up to its end'
end=$(($(date +%s) + 86400))
printf 'url=https://as.example.com\nusername=grant\npassword=at_1\noauth_refresh_token=rt_1\nclient_id=c\ntoken_endpoint=https://as.example.com/token\nkind=oauth\npassword_expiry_utc=%s\n\n' \
	"$end" | keyturn store
get sparse+https://as.example.com/
must grep -qE "\"token\":\"Bearer at_1\",\"cache\":\"expires\",\"expiration\":${end%?}[0-9]," "$work/out"

begin 'another registry is not found, and an index in git is not supported'
for url in sparse+https://api.coze.com/ sparse+http://api.coze.cn/; do
	get "$url"
	expect_answer "$missing"
done
for url in https://api.coze.cn/index.git sparse+https://; do
	get "$url"
	expect_answer "$foreign"
done

begin 'login keeps a token, get finds it as it is, logout drops it'
index='"registry":{"index-url":"sparse+https://index.example.com/a/"}'
ask "{\"v\":1,\"kind\":\"login\",\"token\":\"raw_1\",$index}"
expect_answer '{"Ok":{"kind":"login"}}'
get sparse+https://index.example.com/a/
must grep -q '"token":"raw_1"' "$work/out"
get sparse+https://index.example.com/b/
expect_answer "$missing"
ask "{\"v\":1,\"kind\":\"logout\",$index}"
expect_answer '{"Ok":{"kind":"logout"}}'
get sparse+https://index.example.com/a/
expect_answer "$missing"

begin "crates.io is known by the places of its index, and those places get nothing of their own"
printf 'url=https://github.com\nusername=git\npassword=secret\n\n' | keyturn store
printf 'pat_github\n' | keyturn login hub --api-base https://github.com --with-token --force \
	2>"$work/stage.log"
get https://github.com/rust-lang/crates.io-index
expect_answer "$missing"
printf 'cio_1\n' | keyturn login crates --api-base https://crates.io --with-token --force \
	2>"$work/stage.log"
for url in https://github.com/rust-lang/crates.io-index sparse+https://index.crates.io/; do
	get "$url"
	must grep -q '"token":"cio_1"' "$work/out"
done
input '{"uri":"https://index.crates.io/"}'
call bazel-credential-keyturn get
expect_status 1

begin 'several questions come one after the other, and bad ones are answered as cargo reads it'
ask '{"v":1,"kind":"future"}' '{' '' "{\"kind\":\"login\",\"token\":null,$index}"
expect_status 0
must test "$(wc -l <"$work/out")" -eq 5
must sh -c 'sed -n 2p "$1" | grep -qxF "{\"Err\":{\"kind\":\"operation-not-supported\"}}"' - "$work/out"
must sh -c 'sed -n 3,4p "$1" | grep -c "\"kind\":\"other\",\"message\":" | grep -qx 2' - "$work/out"
expect_said ''

if ! cargo login --help 2>/dev/null | grep -q 'credential provider'; then
	echo '# there is no cargo with credential providers here: its documented form alone was tested'
	finish
fi

cat >"$work/registry.py" <<'END'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        passed = self.headers.get("Authorization") == "Bearer pat_index"
        if self.path == "/config.json":
            body = b'{"dl":"http://127.0.0.1:1/dl","api":"http://127.0.0.1:1","auth-required":true}'
        else:
            body = b'{"name":"private-thing","vers":"1.0.0","deps":[],"cksum":"' + b"0" * 64 + b'","features":{},"yanked":false}\n'
        self.send_response(200 if passed else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
END
mkfifo "$work/port"
python3 "$work/registry.py" >"$work/port" 2>"$work/registry.log" &
registry=$!
read -r port <"$work/port"
printf 'pat_index\n' | keyturn login index --api-base "http://127.0.0.1:$port" --with-token \
	2>"$work/stage.log"
mkdir -p "$work/project/src" "$work/project/.cargo"
printf '[package]\nname = "here"\nversion = "0.1.0"\n' >"$work/project/Cargo.toml"
: >"$work/project/src/lib.rs"
printf '[registries.own]\nindex = "sparse+http://127.0.0.1:%s/"\ncredential-provider = ["keyturn"]\n' \
	"$port" >"$work/project/.cargo/config.toml"

begin 'cargo finds a crate of a registry that requires a login'
add()
{
	cd "$work/project"
	timeout 100 cargo add private-thing --registry own
}
CARGO_HOME=$work/cargo
export CARGO_HOME
call add
expect_status 0
must grep -q '^private-thing = .*1.0.0' "$work/project/Cargo.toml"
kill "$registry"

finish

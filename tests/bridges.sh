#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The packages of bridges/, each with the SDK that it is for from its registry, against the Coze
# server. Not one of "make check", because it takes the network: packaging/check runs it with others of
# that kind. A registry that cannot be reached, or does not give one of them, is told, and the others
# are tried; a package that cannot be had from a registry that answers has failed.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/registry.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/bridges/accounts.sh"
. "$srcdir/tests/bridges/first_call.sh"
. "$srcdir/tests/bridges/stale.sh"
need curl node openssl python3 tmux
caller_home=$HOME
alone --keyring "$0" "$@"
home_start

LIFE=20
languages='python node go java'
# All of them, unless some are named.
bridges=${KEYTURN_BRIDGES:-$languages mcp}
. "$srcdir/tests/bridges/proxied.sh"
coze_server_start "$work/server" --tls || exit 1
openssl genrsa -out "$work/key.pem" 2048 2>/dev/null
openssl pkey -in "$work/key.pem" -pubout -out "$work/public.pem"
printf 'web-secret-1\n' >"$work/secret"
coze_control "{\"auto_approve\":\"allow\",\"token_life\":$LIFE,\"device_interval\":1,
	\"device_script\":[\"approve\"]}" >"$work/control"
number=0
for language in $languages; do
	number=$((number + 1))
	log_in "$language" "$number"
done
# The examples are not about the end of a token.
register example 9
login example --kind jwt --client-id 310000000019 --public-key-id kid1 \
	--private-key-file "$work/key.pem" --duration 900
for language in go java; do
	case " $bridges " in *" $language "*) ;; *) continue ;; esac
	register "proxied-$language" 7
	login_in_browser "proxied-$language" --kind pkce --client-id "proxied-$language-pkce.app.coze"
done
stranger
cp "$work/server/requests.jsonl" "$work/logins.jsonl"
home=$HOME

# Each language's keyturn notes when it is started for a token.
program=$(command -v keyturn)
for language in $languages mcp; do
	mkdir -p "$work/$language"
	: >"$work/$language/starts"
	printf '#!/bin/sh\n[ "$1" != token ] || echo "$*" >>"%s"\nexec "%s" "$@"\n' \
		"$work/$language/starts" "$program" >"$work/$language/keyturn"
	chmod +x "$work/$language/keyturn"
done

# in_language NAME COMMAND...: with what its tests need to know; registries keep their caches.
in_language()
{
	language=$1
	shift
	env PATH="$work/$language:$PATH" BRIDGE_ACCOUNT="$language-jwt" BRIDGE_API="$COZE_API" \
		BRIDGE_ACCOUNTS="$language-web $language-pkce $language-device $language-jwt" \
		BRIDGE_FIXED="$language-pat $language-sat" BRIDGE_CONTROL="$COZE_CONTROL" \
		BRIDGE_LIFE="$LIFE" BRIDGE_LOG="$work/server/requests.jsonl" \
		BRIDGE_STARTS="$work/$language/starts" "$@"
}

# tell NAME: an example's output is the user's name.
tell()
{
	[ "$1" = tester ] || { echo "an example printed: $1"; return 1; }
}

bridge_python()
{
	cp -R "$srcdir/bridges/python" "$work/python/source"
	if ! { python3 -m venv "$work/python/venv" && HOME=$caller_home "$work/python/venv/bin/pip" \
		install --quiet --disable-pip-version-check "$work/python/source" cozepy==0.20.0 \
		requests; } >"$work/python/install" 2>&1; then
		lacks 'Python packages' "$work/python/install" pypi
		return
	fi
	loop=yes
	if ! HOME=$caller_home "$work/python/venv/bin/pip" install --quiet \
		--disable-pip-version-check cozeloop==0.1.28 >"$work/python/install" 2>&1; then
		lacks 'Python packages' "$work/python/install" pypi
		loop=
	fi
	export SSL_CERT_FILE="$COZE_CA" REQUESTS_CA_BUNDLE="$COZE_CA"
	cp "$srcdir/docs/examples/me.py" "$work/python/"
	(PATH=$work/python/venv/bin:$PATH PYTHONWARNINGS=ignore && export PATH PYTHONWARNINGS &&
		first_call python tester 'python3 me.py')
	in_language python "$work/python/venv/bin/python" "$srcdir/bridges/python/tests/test_coze.py"
	in_language python "$work/python/venv/bin/python" "$srcdir/bridges/python/tests/test_lives.py"
	no_proxy='*' && export no_proxy
	# The guides' own way, and the first program of the SDK's own page.
	expect_me tester -- "$work/python/venv/bin/python" "$srcdir/docs/examples/me.py"
	expect_me tester --app -- "$work/python/venv/bin/python" "$srcdir/docs/examples/jwt_app.py"
	tell "$(misled "$work/python/venv/bin/python" "$srcdir/docs/examples/me_for_long.py" example)"
	sdk_page cozepy | page_block "$work/python/chat.py" 'coze.chat.stream(' "bot_id='bot_id'"
	[ "$(misled keyturn run example -- "$work/python/venv/bin/python" "$work/python/chat.py")" = \
		"$(printf 'How are you?\ntoken usage: 12')" ]
	keyturn lend example --socket "$work/python/lent.sock" &
	lender=$!
	wait_until test -S "$work/python/lent.sock"
	[ "$("$work/python/venv/bin/python" "$srcdir/tests/bridges/over_socket.py" \
		"$work/python/lent.sock")" = 'tester hello' ]
	kill "$lender"
	[ -n "$loop" ] || return 0
	misled keyturn run example -- "$work/python/venv/bin/python" \
		"$srcdir/tests/bridges/cozeloop_prompt.py"
	misled keyturn run example --tool cozeloop -- "$work/python/venv/bin/python" \
		"$srcdir/tests/bridges/cozeloop_prompt.py"
	misled keyturn run example --app -- "$work/python/venv/bin/python" \
		"$srcdir/tests/bridges/cozeloop_prompt.py"
	asked_as "$(keyturn token example)"
	# shellcheck disable=SC2016
	[ "$(misled keyturn run example --app -- sh -c \
		'echo "$COZELOOP_JWT_OAUTH_CLIENT_ID $COZELOOP_API_TOKEN"')" = '310000000019 ' ]
}

# sdk_page PACKAGE: what its registry shows of it.
sdk_page()
{
	"$work/python/venv/bin/python" -c \
		'import importlib.metadata, sys; print(importlib.metadata.metadata(sys.argv[1]).get_payload())' "$1"
}

# page_block FILE TEXT...: its first block of Python that has all of them.
page_block()
{
	"$work/python/venv/bin/python" -c '
import re, sys
for block in re.findall(r"```python\n(.*?)```", sys.stdin.read(), re.S):
    if all(text in block for text in sys.argv[2:]):
        open(sys.argv[1], "w").write(block)
        break
' "$@"
	[ -s "$1" ] || { echo "the page has no such program: $*"; return 1; }
}

# asked_as TOKEN: CozeLoop came three times, as the account: twice with its token, once with its app.
asked_as()
{
	grep '"operation":"prompts"' "$work/server/requests.jsonl" >"$work/python/prompts"
	grep -c . "$work/python/prompts"
	[ "$(grep -cF "$1" "$work/python/prompts")" -eq 2 ]
	[ "$(grep -c '"status":200' "$work/python/prompts")" -eq 3 ]
	! grep -qF "$stranger_token" "$work/python/prompts"
}

bridge_node()
{
	has_module @coze/api || { echo 'skip: there is no @coze/api: run npm ci in tests/servers'; return 0; }
	export NODE_EXTRA_CA_CERTS="$COZE_CA"
	mkdir "$work/node/node_modules"
	ln -s "$KEYTURN_NODE_MODULES"/* "$work/node/node_modules/"
	ln -s "$srcdir/bridges/node" "$work/node/node_modules/keyturn"
	cp "$srcdir"/docs/examples/*.mjs "$work/node/"
	first_call node tester 'node me.mjs'
	in_language node node --test "$srcdir"/bridges/node/test/*.test.mjs
	expect_me tester -- node "$work/node/me.mjs"
	tell "$(misled node "$work/node/me_for_long.mjs" example)"
}

bridge_go()
{
	cp -R "$srcdir/bridges/go" "$work/go/source"
	chmod -R u+w "$work/go/source"
	(
		cd "$work/go/source"
		export HOME="$caller_home" GOFLAGS=-mod=mod GOTOOLCHAIN=local
		if ! (cd oauth2source && go mod download golang.org/x/oauth2) >"$work/go/install" 2>&1; then
			lacks 'Go modules' "$work/go/install" go
		else
			(cd oauth2source && go vet ./...)
		fi
		# A copy of the SDK stands in for one that the module proxy does not serve.
		if (cd cozetest && add_coze_go && go mod tidy) >"$work/go/install" 2>&1; then
			(cd cozetest && in_test_go go test -v ./...)
			cp "$srcdir/tests/bridges/proxy_peer_test.go" cozetest/
			(cd cozetest && in_test_go go test -c -o "$work/go/proxy_peer")
			(HOME=$home && export HOME && proxied go "$work/go/proxy_peer" \
				-test.run TestProxyPeer -test.v)
			export BRIDGE_LIVES=1
			mkdir cozetest/me && cp "$srcdir/docs/examples/me.go" cozetest/me/
			for program in ./me github.com/coze-dev/coze-go/examples/chats/stream \
				github.com/coze-dev/coze-go/examples/auth/jwt_oauth; do
				(cd cozetest && in_test_go go build -o "$work/go/${program##*/}" "$program")
			done
			export HOME="$home" SSL_CERT_FILE="$COZE_CA"
			first_call go tester ./me
			expect_me tester -- "$work/go/me"
			# The SDK's own examples, as they are.
			PUBLISHED_BOT_ID=7 USER_ID=me misled keyturn run example -- "$work/go/stream" |
				grep 'Token usage:12'
			misled keyturn run example --app -- "$work/go/jwt_oauth" | grep AccessToken:czs_
		else
			lacks 'Go modules' "$work/go/install" go:github.com/coze-dev/coze-go go
		fi
		in_test_go go test -race -v ./... 2>&1
	)
}

add_coze_go()
{
	sdk=github.com/coze-dev/coze-go
	if [ -n "${KEYTURN_COZE_GO:-}" ]; then
		go mod edit -require "$sdk@v0.0.0" -replace "$sdk=$KEYTURN_COZE_GO"
	else
		go get "$sdk@latest"
	fi
}

in_test_go()
{
	BRIDGE_LIVES=${BRIDGE_LIVES:-3} HOME=$home in_language go env SSL_CERT_FILE="$COZE_CA" GOCACHE="$caller_home/.cache/go-build" \
		GOPATH="$caller_home/go" "$@"
}

bridge_java()
{
	cp -R "$srcdir/bridges/java" "$work/java/source"
	chmod -R u+w "$work/java/source"
	cd "$work/java/source"
	if ! mvn --batch-mode --quiet -Duser.home="$caller_home" \
		org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath \
		-Dmdep.outputFile="$work/java/classpath" >"$work/java/install" 2>&1; then
		lacks 'Java packages' "$work/java/install" maven
		return
	fi
	keytool -importcert -noprompt -alias coze -file "$COZE_CA" -keystore "$work/java/trust" \
		-storepass changeit 2>/dev/null
	trust=-Djavax.net.ssl.trustStore=$work/java/trust
	export JAVA_TOOL_OPTIONS="$trust -Djavax.net.ssl.trustStorePassword=changeit"
	mkdir classes
	cp "$srcdir/tests/bridges/ProxyPeer.java" src/test/java/org/keyturn/
	find src -name '*.java' >sources
	javac -d classes -cp "$(cat "$work/java/classpath")" @sources
	in_language java java -cp "classes:$(cat "$work/java/classpath")" org.keyturn.CozeTest
	(HOME=$home && export HOME &&
		proxied java java -cp "classes:$(cat "$work/java/classpath")" org.keyturn.ProxyPeer)
	javac -d classes -cp "$(cat "$work/java/classpath")" "$srcdir/docs/examples/Workspaces.java"
	(CLASSPATH=classes:$(cat "$work/java/classpath") && export CLASSPATH &&
		cp -R classes "$work/java/" && first_call java 1 'java Workspaces')
	expect_me 1 -- java -cp "classes:$(cat "$work/java/classpath")" Workspaces
}

# An agent's MCP client, which hands the server no variable but PATH, HOME and the test's CA.
bridge_mcp()
{
	cp "$srcdir"/tests/bridges/*.mjs "$work/mcp/"
	cd "$work/mcp"
	echo '{"private":true}' >package.json
	if ! HOME=$caller_home npm install --silent --no-audit --no-fund --ignore-scripts \
		@modelcontextprotocol/sdk@1.32.2 >install 2>&1; then
		lacks 'Node.js packages' install npm
		return
	fi
	NODE_EXTRA_CA_CERTS=$COZE_CA COZE_API_TOKEN=pat_stale BRIDGE_ACCOUNT=example BRIDGE_API=$COZE_API \
		BRIDGE_SERVER=$work/mcp/mcp_server.mjs node mcp_client.mjs
	NODE_EXTRA_CA_CERTS=$COZE_CA node mcp_http_server.mjs "$COZE_API" >port 2>mcp_http_server.log &
	http_server=$!
	wait_until test -s port
	register mcp 6
	keyturn login proxied-mcp --kind device --client-id mcp-device.app.coze \
		--api-base "http://127.0.0.1:$(cat port)"
	BRIDGE_SERVER=$work/mcp/mcp_server.mjs proxied mcp node mcp_proxy_client.mjs
	kill "$http_server"
	cat mcp_http_server.log
}

# Beside each other: most of the time each waits for its tokens to end.
for language in $bridges; do
	(
		set +e
		(set -e; "bridge_$language") >"$work/$language/log" 2>&1
		echo "$?" >"$work/$language/status"
	) &
	running="${running:-} $!"
done
# shellcheck disable=SC2086
wait $running

for language in $bridges; do
	[ -f "$work/$language/status" ] || continue
	begin "a fresh token for $language"
	grep -e '^skip: ' -e ' calls' "$work/$language/log" || :
	if [ "$(cat "$work/$language/status")" -ne 0 ]; then
		complain 'its tests fail'
		tail -n 60 "$work/$language/log"
	fi
done

number=0
for language in $languages; do
	number=$((number + 1))
	begin "each start of keyturn renewed once at most: $language"
	started=$(wc -l <"$work/$language/starts")
	renewed=$(($(renewals "$language" "$number" "$work/server/requests.jsonl") -
		$(renewals "$language" "$number" "$work/logins.jsonl")))
	echo "# $started starts, $renewed renewals"
	[ "$renewed" -le "$started" ] || complain 'there are more renewals than starts'
done
finish

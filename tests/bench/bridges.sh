#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What a bridge adds to the SDK's own time: 1,000 calls and more with it beside as many with a text
# for a token, in turns of 50, at the Coze server. Prints the ratio of the least turns, by the time of the
# processor, and how often keyturn was started; fails above 1.05, or for a second start. Takes cozepy
# and coze-java from their registries, @coze/api from tests/servers, and coze-go from the copy that
# KEYTURN_COZE_GO names; without that Go is left out.
#
#	tests/bench/bridges.sh
set -eu

. "$(dirname "$0")/../lib/home.sh"
. "$srcdir/tests/lib/server.sh"
need curl node python3
caller_home=$HOME
alone --keyring "$0" "$@"
home_start
coze_server_start "$work/server" || exit 1
server_request POST "$COZE_CONTROL/control/mint" '{"kind":"pat","life":3600}' |
	sed 's/.*"access_token":"\([^"]*\)".*/\1/' >"$work/token"
keyturn login bench --with-token --expires 30 --api-base "$COZE_API" <"$work/token" 2>"$work/log" ||
	{ cat "$work/log"; exit 1; }

cp -R "$srcdir/bridges/python" "$work/source"
python3 -m venv "$work/venv"
HOME=$caller_home "$work/venv/bin/pip" install --quiet --disable-pip-version-check "$work/source" \
	cozepy==0.20.0 >"$work/install" 2>&1 || { cat "$work/install"; exit 1; }
mkdir "$work/node" "$work/node/node_modules" "$work/bin"
ln -s "$KEYTURN_NODE_MODULES"/* "$work/node/node_modules/"
ln -s "$srcdir/bridges/node" "$work/node/node_modules/keyturn"
cp "$srcdir/tests/bench/bridge.mjs" "$work/node/"
printf '#!/bin/sh\necho "$*" >>"%s"\nexec "%s" "$@"\n' "$work/starts" "$(command -v keyturn)" \
	>"$work/bin/keyturn"
chmod +x "$work/bin/keyturn"
PATH=$work/bin:$PATH
export PATH BENCH_API="$COZE_API" BENCH_TOKEN="$(cat "$work/token")" no_proxy='*'

failed=
# measure NAME COMMAND...: it prints two numbers, the least turns in ms without and with the bridge.
measure()
{
	name=$1
	shift
	: >"$work/starts"
	"$@" >"$work/turns"
	awk -v name="$name" -v starts="$(wc -l <"$work/starts")" '{
		printf "%-8s %8.2f ms %8.2f ms  ratio %.3f  starts %d\n", name, $1, $2, $2 / $1, starts
		exit $2 / $1 > 1.05 || starts != 1
	}' "$work/turns" || failed=yes
}

cp -R "$srcdir/bridges/java" "$work/java"
chmod -R u+w "$work/java"
(cd "$work/java" && mvn --batch-mode --quiet -Duser.home="$caller_home" \
	org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath \
	-Dmdep.outputFile=classpath && mkdir classes &&
	javac -d classes -cp "$(cat classpath)" src/main/java/org/keyturn/*.java \
		"$srcdir/tests/bench/BridgeBench.java") >"$work/install" 2>&1 || { cat "$work/install"; exit 1; }

# build_go: the bench as a program.
build_go()
{
	cp -R "$srcdir/bridges/go" "$work/go"
	chmod -R u+w "$work/go"
	cp "$srcdir/tests/bench/bridge_bench_test.go" "$work/go/cozetest/"
	sdk=github.com/coze-dev/coze-go
	(cd "$work/go/cozetest" && export HOME="$caller_home" GOFLAGS=-mod=mod GOTOOLCHAIN=local &&
		go mod edit -require "$sdk@v0.0.0" -replace "$sdk=$KEYTURN_COZE_GO" && go mod tidy &&
		go test -c -o "$work/go/bench") >"$work/install" 2>&1 || { cat "$work/install"; exit 1; }
}

printf '%-8s %11s %11s  of 50 calls\n' '' SDK bridge
measure python "$work/venv/bin/python" "$srcdir/tests/bench/bridge.py"
measure node node "$work/node/bridge.mjs"
measure java java -cp "$work/java/classes:$(cat "$work/java/classpath")" BridgeBench
if [ -n "${KEYTURN_COZE_GO:-}" ]; then
	build_go
	measure go "$work/go/bench" -test.run TestBench
fi
[ -z "$failed" ]

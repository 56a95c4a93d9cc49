#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The courier against the Coze test server and its faults: what it says of each, that it ends in
# time and in little memory, and that nothing goes anywhere else.
# 77 where node or the npm modules are missing.

. "$(dirname "$0")/lib/home.sh"
courier=$(realpath "${KEYTURN_COURIER:-$builddir/tests/bin/keyturn-courier}") || exit 1
driver=$(realpath "${KEYTURN_ERRAND_DRIVER:-$builddir/tests/programs/errand_driver}") || exit 1
memory=16384 # KiB at most; a sanitizer has its shadow memory beside
! grep -q __asan_init "$courier" || memory=400000

need curl node

. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/time.sh"

scratch=$(mktemp -d) || exit 1
proxy_pid=
trap 'server_stop; [ -z "$proxy_pid" ] || kill "$proxy_pid"; rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
failed=0
cases=0
peak=0

coze_server_start "$scratch/coze" --tls || exit 1
token_url=$COZE_API/api/permission/oauth2/token
bad_tls=$scratch/bad_tls
server_field "$scratch/coze/server.json" bad_tls >"$bad_tls"

# expect LINE...: these stand in $scratch/out after a run, as whole lines.
expect()
{
	for line; do
		grep -qxF -- "$line" "$scratch/out" && continue
		echo "FAIL $case_name: no line \"$line\" in:" >&2
		sed 's/^/	/' "$scratch/out" >&2
		failed=1
	done
}

refuse()
{
	for pattern; do
		grep -q -- "$pattern" "$scratch/out" || continue
		echo "FAIL $case_name: \"$pattern\" in:" >&2
		sed 's/^/	/' "$scratch/out" >&2
		failed=1
	done
}

check()
{
	if [ "$2" != "$3" ]; then
		echo "FAIL $case_name: $1 is \"$2\", not \"$3\"" >&2
		failed=1
	fi
}

# run STATUS LONGEST_MS [DRIVER_OPTION...] -- FIELD...
run()
{
	run_status=$1
	run_longest=$2
	shift 2
	run_options=
	while [ "$1" != -- ]; do
		run_options="$run_options $1"
		shift
	done
	shift
	cases=$((cases + 1))
	# The options are words without blanks.
	"$driver" $run_options "$courier" "$@" >"$scratch/out" || failed=1
	read -r _ status milliseconds kilobytes <<-END
		$(tail -n 1 "$scratch/out")
	END
	check "exit status" "$status" "$run_status"
	[ "$kilobytes" -le "$peak" ] || peak=$kilobytes
	if ! is_in_time "$milliseconds" "$run_longest" || [ "$kilobytes" -gt "$memory" ]; then
		echo "FAIL $case_name: $milliseconds ms, $kilobytes KiB" >&2
		failed=1
	fi
}

# refresh [FIELD...]: a rotating request with a token of its own, 1.5 s at most.
refresh()
{
	coze_mint pkce-client.app.coze pkce >"$scratch/minted" || exit 1
	run 0 2400 -- errand=post "url=$token_url" format=json "ca@$COZE_CA" rotating=1 timeout=1500 \
		connect_timeout=700 body.grant_type=refresh_token \
		body.client_id=pkce-client.app.coze \
		"body.refresh_token=$(member refresh_token <"$scratch/minted")" "$@"
}

# fault KIND OUTCOME [CAUSE [JSON_MEMBERS]]: a refresh that meets this fault.
fault()
{
	case_name="fault $1${4:+, $4}"
	coze_control "{\"fault\":{\"kind\":\"$1\"${4:+,$4}}}" >/dev/null || exit 1
	refresh
	expect say=answer "outcome=$2" ${3:+"cause=$3"}
	refuse '^json=' '^[snbl]\.'
}

canary_bytes()
{
	coze_state brief >"$scratch/state"
	server_field "$scratch/state" canaries >"$scratch/canaries"
	node -e '
		const canaries = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
		let total = 0;
		for (const canary of Object.values(canaries)) total += canary.connections + canary.bytes;
		console.log(total);
	' "$scratch/canaries"
}

token_requests()
{
	coze_state brief | member token_requests
}

# The whole 30 s of a server that is silent after a rotating request; runs beside the rest.
coze_control '{"fault":{"kind":"hang"}}' >/dev/null || exit 1
"$driver" "$courier" errand=post "url=$token_url" format=json "ca@$COZE_CA" rotating=1 \
	body.grant_type=refresh_token body.client_id=pkce-client.app.coze \
	body.refresh_token=none >"$scratch/silent" &
silent_pid=$!
# It has taken the fault when the server has its request: the next one meets its own.
has_asked()
{
	grep -q say=ready "$scratch/silent" && [ "$(token_requests)" = 1 ]
}
wait_beside "$silent_pid" has_asked || exit 1

case_name="a good refresh"
refresh
expect say=ready say=answer outcome=answered status=200 json=1
refuse '^reason='
grep -q '^s.refresh_token=refresh_' "$scratch/out" || check refresh_token missing there
grep -q '^n.expires_in=[0-9]*$' "$scratch/out" || check expires_in missing there
grep -q '^date=[0-9]*$' "$scratch/out" || check date missing there
grep -q '^logid=' "$scratch/out" || check logid missing there

case_name="data and detail, and no ready without rotating"
run 0 2000 -- errand=get "url=$COZE_API/v1/users/me" "ca@$COZE_CA" timeout=1500 \
	"authorization=Bearer $(member access_token <"$scratch/minted")"
expect outcome=answered json=1 n.code=0 s.data.user_name=tester
refuse say=ready

case_name="an error of the server"
refresh body.device_code=x body.grant_type_hint=y
expect outcome=answered
run 0 2000 -- errand=post "url=$token_url" format=form "ca@$COZE_CA" body.grant_type=refresh_token
expect outcome=answered json=1
grep -q '^status=4' "$scratch/out" || check status other 4xx

case_name="the keeper does not say go"
before=$(token_requests)
run 0 2000 -g stop -- errand=post "url=$token_url" format=json "ca@$COZE_CA" rotating=1 \
	timeout=1500 body.refresh_token=x
expect say=ready outcome=unsent cause=other
run 0 2800 -w 2500 -- errand=post "url=$token_url" format=json "ca@$COZE_CA" rotating=1 \
	timeout=1500 body.refresh_token=x
expect say=ready outcome=unsent cause=other
check "requests seen" "$(token_requests)" "$before"

fault hang_before_tls unsent timeout
# The reset may come before TLS begins, or as its first answer.
fault reset_before_tls unsent
fault close_before_tls unsent tls
fault plain_before_tls unsent tls
fault hang_after_tls unclear timeout
fault reset_after_tls unclear connect
fault hang unclear timeout
fault close unclear connect
fault reset unclear connect
fault commit_then_drop unclear connect
fault hang_after_headers unclear timeout
fault hang_mid_body unclear timeout
fault reset_mid_headers unclear connect
fault reset_mid_body unclear connect
fault truncated unclear body
fault truncated_json answered body
fault trailing answered body
fault duplicate_keys answered body
fault deep answered body
fault deep answered body '"depth":8'
fault nul answered body
fault nul answered body '"raw":true'
fault big_body unclear body
fault gzip answered body
for type in text/plain 'text/html; charset=utf-8' application/octet-stream; do
	case_name="a whole JSON object of type $type is the answer"
	coze_control "{\"fault\":{\"kind\":\"wrong_type\",\"type\":\"$type\"}}" >/dev/null || exit 1
	refresh
	expect say=answer outcome=answered status=200 json=1
	grep -q '^s.access_token=czu_' "$scratch/out" || check "access token" missing there
done
fault big_headers unclear body
fault slow_drip unclear timeout
fault empty answered body
fault garbage unclear body
fault garbage_body answered body
fault no_headers unclear body
fault html answered body
fault huge_body unclear body
fault endless_body unclear body
fault endless_headers unclear body
fault endless_continue unclear body
fault status answered body '"status":502'
fault answer answered body '"status":204,"body":""'

case_name="a body of 64 KiB less a little"
coze_control '{"fault":{"kind":"big_body","bytes":65000}}' >/dev/null || exit 1
refresh
expect outcome=answered json=1

server_field "$scratch/coze/server.json" canaries >"$scratch/where"
for location in "$(member http <"$scratch/where")" "$(member https <"$scratch/where")" \
	"http://$(member raw <"$scratch/where")/" file:///etc/passwd /other; do
	for status in 301 302 303 307 308; do
		fault redirect answered redirect "\"status\":$status,\"location\":\"$location\""
	done
done
case_name="redirects lead nowhere"
check "what others got" "$(canary_bytes)" 0

# retry VALUE EXPECTED: what becomes of a Retry-After.
retry()
{
	case_name="Retry-After: $1"
	coze_control "{\"fault\":{\"kind\":\"status\",\"status\":429,\"error\":\"slow\",\"retry_after\":\"$1\"}}" \
		>/dev/null || exit 1
	refresh
	expect outcome=answered status=429 json=1 s.error=slow
	if [ -n "$2" ]; then
		expect "retry_after=$2"
	else
		refuse '^retry_after='
	fi
}
retry 0 1
retry 000 1
retry 1 1
retry 120 120
retry 3600 3600
retry 3601 3600
retry 1000000000 3600
retry 99999999999999999999999999 3600
retry -1 ''
retry 1.5 ''
retry junk ''
retry 'Thu, 01 Jan 1998 00:00:00 GMT' 1
retry 'Fri, 01 Jan 2100 00:00:00 GMT' 3600
case_name="Retry-After by the server's skewed clock"
coze_control '{"clock_skew":86400}' >/dev/null || exit 1
day=$(LC_ALL=C date -u -d '+86700 seconds' '+%a, %d %b %Y %H:%M:%S GMT')
coze_control "{\"fault\":{\"kind\":\"status\",\"status\":503,\"retry_after\":\"$day\"}}" >/dev/null || exit 1
refresh
wait_time=$(sed -n 's/^retry_after=//p' "$scratch/out")
if [ "${wait_time:-0}" -lt 290 ] || [ "${wait_time:-0}" -gt 300 ]; then
	check retry_after "$wait_time" "290 to 300"
fi
coze_control '{"clock_skew":0}' >/dev/null || exit 1

# tls NAME CAUSE: a server that no client may accept.
tls()
{
	case_name="tls $1"
	before=$(token_requests)
	run 0 2400 -- errand=post "url=$(member "$1" <"$bad_tls")/api/permission/oauth2/token" \
		format=json "ca@$COZE_CA" timeout=1500 rotating=1 "authorization=Bearer secret" \
		body.refresh_token=x
	expect outcome=unsent "cause=$2"
	refuse say=ready
	check "requests seen" "$(token_requests)" "$before"
}
tls expired certificate
expect "reason=the server's certificate has expired: check this machine's clock"
tls not_yet_valid certificate
expect "reason=the server's certificate is not valid yet: check this machine's clock"
tls wrong_host certificate
expect "reason=the server's certificate is for another host"
tls unknown_ca certificate
tls self_signed certificate
tls tls_1_0 tls
tls bulky_chain tls

case_name="the system's authorities do not know the test's"
run 0 2400 -- errand=get "url=$COZE_API/v1/users/me" timeout=1500
expect outcome=unsent cause=certificate
SSL_CERT_FILE=$COZE_CA CURL_CA_BUNDLE=$COZE_CA run 0 2400 -- errand=get \
	"url=$COZE_API/v1/users/me" timeout=1500
expect outcome=unsent cause=certificate

case_name="an authority that is none"
for authority in '' 'no certificate'; do
	run 0 2400 -- errand=get "url=$COZE_API/v1/users/me" timeout=1500 "ca=$authority"
	expect outcome=unsent cause=certificate
done

case_name="refused connection"
coze_control '{"listening":false}' >/dev/null || exit 1
refresh
expect outcome=unsent cause=connect
coze_control '{"listening":true}' >/dev/null || exit 1

case_name="a name that is not there"
run 0 10500 -- errand=get url=https://nothing.invalid/ timeout=10000
expect outcome=unsent cause=dns

# Rules that an errand can break: nothing is sent.
before=$(token_requests)
for url in http://localhost.example/ http://10.0.0.1/ https://user@127.0.0.1/ https://127.0.0.1/#x \
	file:///etc/passwd ftp://127.0.0.1/ 127.0.0.1 https:// 'https://127.0.0.1/ x' \
	http://127.0.0.1.example/ 'http://127.0.0.1@example.org/'; do
	case_name="endpoint $url"
	run 0 2000 -- errand=post "url=$url" format=json body.a=b
	expect outcome=unsent cause=other
	refuse "$url"
done
case_name="a header that is two"
run 0 2000 -- errand=get "url=$COZE_API/v1/users/me" "ca@$COZE_CA" "authorization=Bearer a
X-Other: b"
expect outcome=unsent cause=other
case_name="no such errand"
run 70 2000 -- errand=fetch "url=$COZE_API/"
case_name="requests after rule breakers"
check "requests seen" "$(token_requests)" "$before"

case_name="the keeper goes while the server is silent"
coze_control '{"fault":{"kind":"hang"}}' >/dev/null || exit 1
run 70 2500 -c 300 -- errand=post "url=$token_url" format=json "ca@$COZE_CA" rotating=1 body.a=b

# Settings in the environment and the home directory are ignored.
case_name="environment and .netrc"
mkdir "$scratch/home"
printf 'machine 127.0.0.1 login planted password planted\n' >"$scratch/home/.netrc"
chmod 600 "$scratch/home/.netrc"
: >"$scratch/coze/requests.jsonl"
HOME=$scratch/home SSLKEYLOGFILE=$scratch/keylog CURL_HOME=$scratch/home \
	ALL_PROXY=http://127.0.0.1:1 http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 \
	run 0 2400 -- errand=get "url=$COZE_API/v1/users/me" "ca@$COZE_CA" timeout=1500
expect outcome=answered
[ ! -e "$scratch/keylog" ] || check keylog written absent
if grep -qi planted "$scratch/coze/requests.jsonl" || [ ! -s "$scratch/coze/requests.jsonl" ]; then
	check "what the server saw" planted nothing
fi

# A proxy that counts what it tunnels.
node -e '
	const http = require("http"), net = require("net"), fs = require("fs");
	const proxy = http.createServer();
	proxy.on("connect", (request, client, head) => {
		fs.appendFileSync(process.argv[1], `${request.url} ${request.rawHeaders.join(" ")}\n`);
		if (process.argv[2] in request.headers) return client.end("HTTP/1.1 407 Test\r\n\r\n");
		const server = net.connect(new URL(`http://${request.url}`).port, "127.0.0.1", () => {
			client.write("HTTP/1.1 200 Test\r\n\r\n");
			server.pipe(client).pipe(server);
		});
		server.on("error", () => client.destroy());
		client.on("error", () => server.destroy());
	});
	proxy.listen(0, "127.0.0.1", () => fs.writeFileSync(process.argv[3], `${proxy.address().port}`));
' "$scratch/tunnels" proxy-authorization "$scratch/proxy" &
proxy_pid=$!
wait_beside "$proxy_pid" test -s "$scratch/proxy" || exit 1
proxy=127.0.0.1:$(cat "$scratch/proxy")
local_url=$(echo "$COZE_API" | sed 's/127\.0\.0\.1/localhost/')/v1/users/me
case_name="a proxy is used"
https_proxy=http://$proxy run 0 2400 -- errand=get "url=$local_url" "ca@$COZE_CA" timeout=1500 \
	"authorization=Bearer secret-of-ours"
expect outcome=answered json=1
check tunnels "$(wc -l <"$scratch/tunnels")" 1
if grep -q secret-of-ours "$scratch/tunnels"; then
	check "what the proxy saw" secret nothing
fi
case_name="a proxy for all protocols is used, unless there is one for https"
ALL_PROXY=http://$proxy run 0 2400 -- errand=get "url=$local_url" "ca@$COZE_CA" timeout=1500
expect outcome=answered json=1
check tunnels "$(wc -l <"$scratch/tunnels")" 2
ALL_PROXY=http://127.0.0.1:1 https_proxy=http://$proxy run 0 2400 -- errand=get "url=$local_url" \
	"ca@$COZE_CA" timeout=1500
expect outcome=answered json=1
check tunnels "$(wc -l <"$scratch/tunnels")" 3
case_name="a proxy that refuses"
https_proxy=http://a:b@$proxy run 0 2400 -- errand=post "url=$local_url" format=json "ca@$COZE_CA" \
	timeout=1500 rotating=1 body.a=b
expect outcome=unsent cause=connect "reason=the proxy refused to connect"
check tunnels "$(wc -l <"$scratch/tunnels")" 4
case_name="no_proxy"
https_proxy=http://$proxy no_proxy=localhost run 0 2400 -- errand=get "url=$local_url" "ca@$COZE_CA" \
	timeout=1500
expect outcome=answered json=1
check tunnels "$(wc -l <"$scratch/tunnels")" 4

# A name server that says nothing: in a network and a resolv.conf of our own.
case_name="silent DNS"
if command -v ip >/dev/null && unshare -Urnm true 2>/dev/null; then
	cases=$((cases + 1))
	unshare -Urnm sh "$srcdir/tests/lib/silent_dns.sh" "$scratch" "$driver" "$courier" errand=post \
		url=https://silent.example/ format=json rotating=1 timeout=2000 body.a=b \
		>"$scratch/out"
	expect outcome=unsent cause=dns
	read -r _ status milliseconds _ <<-END
		$(tail -n 1 "$scratch/out")
	END
	[ "$status" = 0 ] && is_in_time "$milliseconds" 2800 2000 || check "end" "$status $milliseconds" "0 2800"
	cases=$((cases + 1))
	unshare -Urnm sh "$srcdir/tests/lib/silent_dns.sh" "$scratch" "$driver" -c 500 "$courier" errand=get \
		url=https://silent.example/ >"$scratch/out"
	read -r _ status milliseconds _ <<-END
		$(tail -n 1 "$scratch/out")
	END
	[ "$status" = 70 ] && is_in_time "$milliseconds" 2500 500 || check "end" "$status $milliseconds" "70 2500"
else
	echo "skip: needs root or a user namespace, and ip, to have a DNS that is silent"
fi

case_name="silent for 30 s"
cp "$scratch/silent" "$scratch/out"
wait $silent_pid
cp "$scratch/silent" "$scratch/out"
expect say=ready outcome=unclear cause=timeout
read -r _ status milliseconds kilobytes <<-END
	$(tail -n 1 "$scratch/out")
END
if [ "$status" != 0 ] || [ "$milliseconds" -lt 29500 ] ||
	! is_in_time "$milliseconds" 31000 30000 ||
	[ "$kilobytes" -gt "$memory" ]; then
	check end "$status $milliseconds $kilobytes" "0, 30 s, $memory KiB"
fi

echo "$cases cases, at most $peak KiB"
exit $failed

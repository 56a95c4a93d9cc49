# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/bridges.sh, to be sourced: the accounts of each language, one of each kind, each logged in
# as a person would. An app is one language's alone, so that the server's log tells whose a renewal is.

# register LANGUAGE NUMBER: its apps at the server, and where their redirects go.
register()
{
	redirect=http://127.0.0.1:$(free_port)/callback
	node -e '
		const [language, number, redirect, file] = process.argv.slice(1);
		const key = require("fs").readFileSync(file, "utf8");
		const id = (kind) => `${language}-${kind}.app.coze`;
		console.log(JSON.stringify({
			clients: [
				{ id: id("web"), type: "web", secrets: ["web-secret-1"], redirect_uris: [redirect] },
				{ id: id("pkce"), type: "pkce", redirect_uris: [redirect] },
				{ id: id("device"), type: "device" },
				{ id: `31000000001${number}`, type: "jwt" },
			],
			jwt_key: { kid: "kid1", public_key: key, client_id: `31000000001${number}` },
		}));
	' "$1" "$2" "$redirect" "$work/public.pem" >"$work/apps.json"
	coze_control "$(cat "$work/apps.json")" >"$work/control"
}

# login NAME OPTION...
login()
{
	: >"$work/login"
	keyturn login "$@" --api-base "$COZE_API" --ca-file "$COZE_CA" >>"$work/login" 2>&1 ||
		{ cat "$work/login"; exit 1; }
}

# login_in_browser NAME OPTION...: curl stands in for the browser, in which somebody allows it.
login_in_browser()
{
	: >"$work/login"
	keyturn login "$@" --api-base "$COZE_API" --www-base "$COZE_WWW" --ca-file "$COZE_CA" \
		--redirect-uri "$redirect" --no-browser >>"$work/login" 2>&1 &
	login_pid=$!
	wait_beside "$login_pid" grep -q 'oauth2/.*authorize?' "$work/login"
	curl --silent --location --cacert "$COZE_CA" --output "$work/page" \
		"$(grep -o 'https://.*authorize?.*' "$work/login")"
	wait "$login_pid" || { cat "$work/login"; exit 1; }
}

# login_fixed NAME KIND: a PAT or SAT, as it is pasted.
login_fixed()
{
	server_request POST "$COZE_CONTROL/control/mint" "{\"kind\":\"$2\",\"life\":3600}" |
		sed 's/.*"access_token":"\([^"]*\)".*/\1/' >"$work/token"
	login "$1" --with-token --expires 30 <"$work/token"
}

# log_in LANGUAGE NUMBER: LANGUAGE-web, -pkce, -device, -jwt, -pat and -sat.
log_in()
{
	register "$1" "$2"
	login_in_browser "$1-web" --kind web --client-id "$1-web.app.coze" --client-secret-file \
		"$work/secret"
	login_in_browser "$1-pkce" --kind pkce --client-id "$1-pkce.app.coze"
	login "$1-device" --kind device --client-id "$1-device.app.coze"
	login "$1-jwt" --kind jwt --client-id "31000000001$2" --public-key-id kid1 \
		--private-key-file "$work/key.pem" --duration "$LIFE"
	login_fixed "$1-pat" pat
	login_fixed "$1-sat" sat
}

# renewals LANGUAGE NUMBER FILE: how often its apps asked for a token, by the log of the server.
renewals()
{
	node -e '
		const [language, number, file] = process.argv.slice(1);
		const issuer = (token) => {
			try {
				return JSON.parse(Buffer.from(token.split(".")[1], "base64url")).iss;
			} catch {
				return "";
			}
		};
		const entries = require("fs").readFileSync(file, "utf8").trim().split("\n")
			.map((line) => JSON.parse(line)).filter((entry) => entry.status === 200);
		const ours = entries.filter((entry) => entry.operation === "jwt"
			? issuer(entry.auth.value) === `31000000001${number}`
			: entry.operation === "refresh" && entry.body.client_id.startsWith(`${language}-`));
		console.log(ours.length);
	' "$@"
}

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Known services, each as its own page documents it (tests/servers/providers.mjs has a row for each):
# a login with the provider's file, tokens that the service takes, a renewal, and the end of the
# login.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
alone "$0" "$@"
need node python3 curl
home_start
oauth_server_start "$work/oauth" || exit 1
node "$srcdir/tests/servers/providers.mjs" >"$work/providers"
printf 'client-secret-of-tests\n' >"$work/secret"

# control_server PATH JSON
control_server()
{
	server_request POST "$OAUTH_CONTROL/control$1" "$2" >"$work/control" ||
		complain "control refused $2"
}

# saw NAME: what the server counted.
saw()
{
	server_request GET "$OAUTH_CONTROL/control" | member "$1"
}

# A file for each member of a row, and a line in it for each word.
python3 -c '
import json, os, sys
rows = json.load(sys.stdin)
for provider, row in rows.items():
    os.makedirs(f"{sys.argv[1]}/{provider}")
    for name, value in {**row, "client_auth": row["habits"].get("client_auth", "")}.items():
        words = value if isinstance(value, list) else [value]
        with open(f"{sys.argv[1]}/{provider}/{name}", "w") as file:
            print(*(word if isinstance(word, str) else json.dumps(word) for word in words),
                  sep="\n", file=file)
print(*rows)
' "$work/rows" <"$work/providers" >"$work/names"

# of NAME: of this provider's row.
of()
{
	cat "$work/rows/$provider/$1" 2>/dev/null || :
}

# log_in [OPTION...]: with the browser's part played by curl.
log_in()
{
	: >"$work/err"
	set -- "$provider" --client-id "$provider" --redirect-uri http://127.0.0.1:0/callback "$@"
	# Addresses that are discovered are named by the issuer, the others one by one.
	if [ -z "$file" ] || ! grep -q '^issuer =\|^needs = issuer' "$srcdir/packaging/providers/$file.conf"; then
		set -- "$@" --authorization-endpoint "$OAUTH_ISSUER/authorize" \
			--token-endpoint "$OAUTH_ISSUER/token" \
			--userinfo-endpoint "$OAUTH_ISSUER/userinfo" --host "$provider.example.com"
	else
		set -- "$@" --issuer "$OAUTH_ISSUER"
	fi
	[ -z "$file" ] || set -- "$@" --provider "$file"
	[ -z "$(of client_auth)" ] || set -- "$@" --client-secret-file "$work/secret"
	for option in $(of options); do
		set -- "$@" "$option"
	done
	keyturn login "$@" >"$work/out" 2>"$work/err" &
	login=$!
	login_says response_type=
	curl -sL --noproxy '*' -o "$work/page" "$(grep -o 'http://.*response_type=.*' "$work/err")" || :
	status=0
	wait "$login" || status=$?
	expect_status 0
}

# works: the service takes the token that is handed out.
works()
{
	call keyturn token "$provider"
	expect_status 0
	must curl -s --fail --noproxy '*' -o "$work/me" \
		-H "Authorization: Bearer $(cat "$work/out")" "$OAUTH_ISSUER/userinfo"
}

# fact NAME [DEFAULT]: as the row has it.
fact()
{
	fact_wanted=$(of "$1")
	call keyturn show "$provider" --json
	expect_json "${fact_wanted:-${2:-}}" "$1"
}

# renew: a token that ends is followed by another, and an older one lives on or not, as documented.
renew()
{
	call keyturn refresh "$provider"
	expect_status 0
	works
	fact old_token
	fact refresh_token
	call keyturn token "$provider"
	must keyturn reject "$provider" <"$work/out"
	before=$(cat "$work/out")
	works
	must [ "$(cat "$work/out")" != "$before" ]
}

# die: told as dead once, with a remedy; the token is good to its end, and nothing is asked again.
die()
{
	control_server /revoke '{"tokens":"live"}'
	call keyturn refresh "$provider"
	expect_status 3
	expect_cause_and_remedy
	expect_said "keyturn login $provider"
	works
	asked=$(saw refresh)
	must keyturn reject "$provider" <"$work/out"
	call keyturn token "$provider"
	expect_status 3
	expect_said "keyturn login $provider"
	must [ "$(saw refresh)" -eq "$asked" ]
}

# end: of a service that gives no refresh token.
end()
{
	call keyturn refresh "$provider"
	expect_status 3
	expect_said 'gave no refresh token'
	works
	must [ "$(saw refresh)" -eq "$refreshes" ]
	call keyturn status "$provider"
	expect_status 0
	control_server /revoke '{}'
	call keyturn status "$provider"
	expect_status 3
	expect_said "keyturn login $provider"
}

for provider in $(cat "$work/names"); do
	file=$(of provider)
	[ "$file" != null ] || file=
	control_server '' "{\"like\":\"$provider\"}"
	refreshes=$(saw refresh)

	begin "$provider: a login, and the service takes the token"
	log_in
	works
	fact end_known true
	"$test_is_ok" || continue

	if [ "$(of refresh_token)" = none ]; then
		begin "$provider: no refresh token, and none is asked with; the end is told"
		fact refresh_token
		end
	else
		begin "$provider: a renewal"
		renew
		begin "$provider: the end of the login"
		die
	fi
	must [ "$(saw empty)" -eq 0 ]
	begin "$provider: and another login"
	log_in
	works
	[ "$(of refresh_token)" != none ] || continue
	call keyturn refresh "$provider"
	expect_status 0
done
finish

# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
#
# For tests/peers.sh: django-oauth-toolkit. A renewal ends the access token of before; a refresh
# token that comes again ends its family, or is good for some minutes more.

registries_django=pypi

get_django()
{
	[ -x "$KEYTURN_PEERS_DIR/django/bin/python" ] || python3 -m venv "$KEYTURN_PEERS_DIR/django" || return 1
	HOME=$caller_home "$KEYTURN_PEERS_DIR/django/bin/python" -m pip install --quiet \
		--disable-pip-version-check django==5.2.19 django-oauth-toolkit==3.4.1 \
		oauthlib==3.3.1
}

start_django()
{
	rotation=REFRESH_TOKEN_REUSE_PROTECTION=1
	[ -z "$forgiving" ] || rotation=REFRESH_TOKEN_GRACE_PERIOD_SECONDS=120
	"$KEYTURN_PEERS_DIR/django/bin/python" "$srcdir/tests/peers/django_server.py" "$work/$peer" \
		"$rotation" >"$work/$peer/log" 2>&1 &
	pids="$pids $!"
	wait_until [ -e "$work/$peer/server.json" ] || return 1
	issuer=$(server_field "$work/$peer/server.json" issuer)
	userinfo=$issuer/userinfo/
	peer_options="--issuer $issuer --client-id native --redirect-uri http://127.0.0.1:0/callback \
		--scope 'openid read'"
	peer_device="--issuer $issuer --client-id device \
		--device-endpoint $issuer/device-authorization/"
	peer_device_end=/device-grant-status/
	peer_old_token=dies
}

reuses_django()
{
	curl -s --fail --noproxy '*' "$issuer/reuse"
}

ends_django()
{
	curl -s --fail --noproxy '*' -X POST "$issuer/end"
}

# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
#
# For tests/peers.sh: Keycloak, one realm with refresh token revocation and one without. A renewal
# leaves the access token of before alive.

keycloak_version=26.5.6
registries_keycloak=maven

get_keycloak()
{
	[ ! -x "$KEYTURN_PEERS_DIR/keycloak-$keycloak_version/bin/kc.sh" ] || return 0
	HOME=$caller_home mvn --batch-mode --quiet -Duser.home="$caller_home" \
		org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
		-Dartifact=org.keycloak:keycloak-quarkus-dist:$keycloak_version:tar.gz \
		-DoutputDirectory="$KEYTURN_PEERS_DIR" || return 1
	tar -xzf "$KEYTURN_PEERS_DIR/keycloak-quarkus-dist-$keycloak_version.tar.gz" -C "$KEYTURN_PEERS_DIR"
	rm "$KEYTURN_PEERS_DIR/keycloak-quarkus-dist-$keycloak_version.tar.gz"
}

# keycloak_starts DIRECTORY: what it learns about its machine at the first start is kept.
keycloak_starts()
{
	KC_BOOTSTRAP_ADMIN_USERNAME=admin KC_BOOTSTRAP_ADMIN_PASSWORD=admin \
		JAVA_OPTS_APPEND='-Xmx512m -XX:TieredStopAtLevel=1' \
		"$KEYTURN_PEERS_DIR/keycloak-$keycloak_version/bin/kc.sh" start-dev --db=dev-mem \
		--http-host=127.0.0.1 --http-port=0 >"$work/keycloak/log" 2>&1 &
	pids="$pids $!"
	tries=900
	until grep -q 'Listening on: http' "$work/keycloak/log"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] && kill -0 $! || return 1
		sleep 0.2
	done
	keycloak=$(sed -n 's/.*Listening on: \(http[^ ]*\).*/\1/p' "$work/keycloak/log")
}

# keycloak_admin METHOD PATH [JSON]: what the administrator's pages do.
keycloak_admin()
{
	keycloak_token=$(curl -s --fail --noproxy '*' -d grant_type=password -d client_id=admin-cli \
		-d username=admin -d password=admin \
		"$keycloak/realms/master/protocol/openid-connect/token" >"$work/admin" &&
		server_field "$work/admin" access_token) || return 1
	curl -s --fail --noproxy '*' -X "$1" -H "Authorization: Bearer $keycloak_token" \
		-H 'Content-Type: application/json' ${3:+--data-binary "$3"} "$keycloak/admin/realms$2"
}

start_keycloak()
{
	[ -n "${keycloak:-}" ] || keycloak_starts || return 1
	revokes=true
	[ -z "$forgiving" ] || revokes=false
	keycloak_admin POST '' "{\"realm\":\"$peer\",\"enabled\":true,
		\"revokeRefreshToken\":$revokes,\"refreshTokenMaxReuse\":0,
		\"users\":[{\"username\":\"tester\",\"enabled\":true,\"email\":\"tester@example.com\",
		\"firstName\":\"Tess\",\"lastName\":\"Ter\",\"emailVerified\":true,
		\"credentials\":[{\"type\":\"password\",\"value\":\"tester\"}],
		\"realmRoles\":[\"offline_access\"]}],
		\"clients\":[{\"clientId\":\"native\",\"publicClient\":true,\"consentRequired\":true,
		\"directAccessGrantsEnabled\":true,\"redirectUris\":[\"http://127.0.0.1/callback\"],
		\"attributes\":{\"oauth2.device.authorization.grant.enabled\":\"true\",
		\"oauth2.device.polling.interval\":\"1\"}},
		{\"clientId\":\"reuse\",\"publicClient\":true,\"directAccessGrantsEnabled\":true}]}" || return 1
	issuer=$keycloak/realms/$peer
	userinfo=$issuer/protocol/openid-connect/userinfo
	peer_options="--provider keycloak --issuer $issuer --client-id native \
		--redirect-uri http://127.0.0.1:0/callback"
	peer_device="--provider keycloak --issuer $issuer --client-id native"
	peer_device_end=/device/status
	peer_old_token=lives
}

reuses_keycloak()
{
	curl -s --fail --noproxy '*' -d grant_type=password -d client_id=reuse -d username=tester \
		-d password=tester "$issuer/protocol/openid-connect/token" >"$work/reuse"
	for time in 1 2; do
		curl -s --noproxy '*' -o "$work/reused" -w '%{http_code}\n' -d grant_type=refresh_token \
			-d client_id=reuse -d "refresh_token=$(server_field "$work/reuse" refresh_token)" \
			"$issuer/protocol/openid-connect/token"
	done
}

# The administrator withdraws what the person allowed the client.
ends_keycloak()
{
	keycloak_admin GET "/$peer/users?username=tester&briefRepresentation=true" |
		sed 's/^\[//; s/\]$//' >"$work/user"
	keycloak_admin DELETE "/$peer/users/$(server_field "$work/user" id)/consents/native"
}

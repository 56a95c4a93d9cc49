# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
#
# For tests/peers.sh: Ory Hydra, with and without a grace period in which a spent refresh token is
# taken. A renewal ends the access token of before, and a spent token all of them.

hydra_version=v2.3.0
# What its own go.mod has in its place; a module that is no main module cannot say so.
hydra_pop=github.com/ory/pop/v6@v6.2.1-0.20241121111754-e5dfc0f3344b
registries_hydra=go:github.com/ory/hydra/v2

get_hydra()
{
	[ ! -x "$KEYTURN_PEERS_DIR/hydra-$hydra_version" ] || return 0
	mkdir "$work/hydra/module" && cd "$work/hydra/module" || return 1
	export HOME="$caller_home" GOFLAGS=-mod=mod GOTOOLCHAIN=local
	go mod init peers && go mod edit -replace "github.com/gobuffalo/pop/v6=$hydra_pop" &&
		go get "github.com/ory/hydra/v2@$hydra_version" || return 1
	timeout 300 nice go build -tags sqlite,json1 -o hydra github.com/ory/hydra/v2 ||
		{ echo 'the build did not end well'; return 1; }
	mv hydra "$KEYTURN_PEERS_DIR/hydra-$hydra_version"
}

start_hydra()
{
	grace=0s
	[ -z "$forgiving" ] || grace=120s
	python3 "$srcdir/tests/peers/hydra_person.py" "$KEYTURN_PEERS_DIR/hydra-$hydra_version" \
		"$work/$peer" "$grace" "$(free_port)" "$(free_port)" >"$work/$peer/log" 2>&1 &
	pids="$pids $!"
	wait_until [ -e "$work/$peer/server.json" ] || return 1
	issuer=$(server_field "$work/$peer/server.json" issuer)
	hydra_person=$(server_field "$work/$peer/server.json" person)
	userinfo=$issuer/userinfo
	peer_options="--issuer $issuer --client-id native --redirect-uri http://127.0.0.1:0/callback \
		--scope 'openid offline_access'"
	peer_device=
	peer_old_token=dies
}

reuses_hydra()
{
	curl -s --fail --noproxy '*' "$hydra_person/reuse"
}

ends_hydra()
{
	curl -s --fail --noproxy '*' -X POST "$hydra_person/end"
}

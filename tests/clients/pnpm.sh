# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/clients.sh: pnpm 10 and the next one, against a registry that wants a token.

pnpm_here=$KEYTURN_CLIENTS_DIR/pnpm
registries_pnpm=npm

get_pnpm()
{
	for version in 10.34.9 12.21.0; do
		[ -d "$pnpm_here/$version/node_modules/pnpm" ] || HOME=$caller_home npm install --silent \
			--no-fund --no-audit --prefix "$pnpm_here/$version" "pnpm@$version" || return 1
		"$pnpm_here/$version/node_modules/.bin/pnpm" --version || return 1
	done
}

try_pnpm()
{
	mkdir -p "$work/parcel/package" "$work/project"
	echo '{"name":"parcel","version":"1.0.0"}' >"$work/parcel/package/package.json"
	tar -C "$work/parcel" -czf "$work/parcel.tgz" package
	serve npm python3 "$srcdir/tests/clients/pnpm_registry.py" "$work/parcel.tgz" npm_token_1
	printf 'npm_token_1\n' | keyturn login npm --api-base "http://127.0.0.1:$port" --with-token --force \
		2>>"$work/stage.log"
	for version in 10.34.9 12.21.0; do
		begin "pnpm $version installs from a private registry, as setup wired it, and not without"
		echo '{"name":"house","version":"1.0.0"}' >"$work/project/package.json"
		rm -rf "$work/project/node_modules" "$work/project/pnpm-lock.yaml" "$work/store"
		for wired in no yes; do
			[ "$wired" = no ] || keyturn setup pnpm --account npm --yes 2>>"$work/stage.log"
			call env CI=1 "$pnpm_here/$version/node_modules/.bin/pnpm" -C "$work/project" add \
				parcel "--registry=http://127.0.0.1:$port/" --store-dir "$work/store" \
				--config.fetch-retries=0 --config.cache-dir="$work/store/cache"
			[ "$wired" = no ] || expect_status 0
			[ "$wired" = yes ] || must [ "$status" -ne 0 ]
		done
		must [ -e "$work/project/node_modules/parcel/package.json" ]
		keyturn setup pnpm --undo --yes 2>>"$work/stage.log"
	done
}

# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/clients.sh: pnpm as keyturn setup wires it, before a private registry.

pnpm_here=$KEYTURN_CLIENTS_DIR/pnpm

get_pnpm()
{
	mkdir -p "$pnpm_here"
	[ -x "$pnpm_here/node_modules/.bin/pnpm" ] ||
		HOME=$caller_home npm install --prefix "$pnpm_here" --silent --no-audit --no-fund \
			--ignore-scripts pnpm@10.34.9
}

# add_private: in a project of its own.
add_private()
{
	rm -rf "$work/pnpm_project"
	mkdir "$work/pnpm_project"
	echo '{"private":true}' >"$work/pnpm_project/package.json"
	call "$pnpm_here/node_modules/.bin/pnpm" --dir "$work/pnpm_project" add \
		--registry "$registry/" private
}

try_pnpm()
{
	begin 'pnpm gets no package of a private registry without a login'
	must serve registry node "$srcdir/tests/clients/pnpm_registry.mjs" pat_packages "$work/asked"
	registry=http://127.0.0.1:$port/npm
	add_private
	must [ "$status" -ne 0 ]
	must_not [ -e "$work/pnpm_project/node_modules/private" ]

	begin 'pnpm takes it with the account that setup names, and its file is given back'
	echo pat_packages | keyturn login packages --with-token --expires never --force \
		--api-base "$registry" 2>>"$work/stage.log"
	echo '# mine' >"$HOME/.npmrc"
	call keyturn setup pnpm --account packages --yes
	expect_status 0
	add_private
	expect_status 0
	must [ -f "$work/pnpm_project/node_modules/private/package.json" ]
	must grep -qx 'GET /npm/private/-/private-1.0.0.tgz bearer' "$work/asked"
	must_not grep wrong "$work/asked"
	call keyturn setup pnpm --undo --yes
	must [ "$(cat "$HOME/.npmrc")" = '# mine' ]
}

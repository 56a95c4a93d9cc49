#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Real git at a real server: hosts as they are typed, an answer that comes back under the user name
# that git was told, and many fetches at once.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/git_server.sh"
need git node python3
home_start
git config --global credential.helper keyturn
git config --global protocol.file.allow always
git config --global user.name x
git config --global user.email x@example.com

# repository NAME: with one commit, to be served.
repository()
{
	git init --quiet --bare "$work/served/$1.git"
	git clone --quiet "$work/served/$1.git" "$work/made" 2>/dev/null
	git -C "$work/made" commit --quiet --allow-empty --message one
	git -C "$work/made" push --quiet origin HEAD:refs/heads/main
	git -C "$work/served/$1.git" symbolic-ref HEAD refs/heads/main
	rm -rf "$work/made"
}

repository one
git_serve Basic secret

# reach HOST TYPED: real git looks TYPED up as HOST, which is this machine, and is let in.
reach()
{
	call git -c "http.curloptResolve=$1:$port:127.0.0.1" ls-remote "http://$2:$port/one.git"
	expect_status 0
	expect_said ''
	must grep -q 'refs/heads/main' "$work/out"
}

begin 'git connects to the very name whose login it got'
for name in xn--bcher-kva.example.com api.example.com; do
	printf 'protocol=http\nhost=%s:%s\nusername=me\npassword=secret\n\n' "$name" "$port" |
		keyturn store
done
for KEYTURN_CACHE in off 60; do
	export KEYTURN_CACHE
	reach xn--bcher-kva.example.com bücher.example.com
	reach xn--bcher-kva.example.com BÜCHER.example.com
	reach api.example.com api.example.com
	reach api.example.com API.Example.com
	reach api.example.com api。example.com
	unset KEYTURN_CACHE
done
must [ "$(keyturn list | grep -c '^[* ] me ')" -eq 2 ]

begin 'a login that git-credential-store kept is moved, and git goes on'
stored=$HOME/.git-credentials
git config --global --replace-all credential.helper store
printf 'url=http://127.0.0.1:%s\nusername=mover\npassword=secret\n\n' "$port" | git credential approve
must grep -q 'mover:secret' "$stored"
call git ls-remote "http://mover@127.0.0.1:$port/one.git"
expect_status 0
call keyturn import --yes --remove git
expect_status 0
must [ ! -s "$stored" ]
must [ "$(git config --global --get-all credential.helper)" = keyturn ]
call git ls-remote "http://mover@127.0.0.1:$port/one.git"
expect_status 0
must grep -q 'refs/heads/main' "$work/out"
must [ ! -s "$stored" ]
must keyturn logout "mover@127.0.0.1:$port" 2>>"$work/stage.log"

begin 'a token under another user name is kept once, and marked when it is refused'
printf 'secret\n' | keyturn login work --api-base "http://127.0.0.1:$port" --with-token \
	--git-username oauth2 2>>"$work/stage.log"
for KEYTURN_CACHE in off 60; do
	export KEYTURN_CACHE
	snapshot >"$work/before"
	for url in "http://127.0.0.1:$port/one.git" "http://oauth2@127.0.0.1:$port/one.git"; do
		call git ls-remote "$url"
		expect_status 0
		expect_said ''
	done
	expect_unchanged
	printf 'former\n' | keyturn login work --api-base "http://127.0.0.1:$port" --with-token \
		--git-username oauth2 --replace 2>>"$work/stage.log" ||
		printf 'former\n' | keyturn login work --api-base "http://127.0.0.1:$port" \
			--with-token --git-username oauth2 2>>"$work/stage.log"
	call git ls-remote "http://oauth2@127.0.0.1:$port/one.git"
	must [ "$status" -ne 0 ]
	keyturn show work >"$work/out"
	must grep -q refused "$work/out"
	call git ls-remote "http://oauth2@127.0.0.1:$port/one.git"
	must [ "$status" -ne 0 ]
	expect_said 'keyturn login'
	printf 'secret\n' | keyturn login work --api-base "http://127.0.0.1:$port" --with-token \
		--git-username oauth2 2>>"$work/stage.log"
	unset KEYTURN_CACHE
done
must [ "$(keyturn list | grep -c "127.0.0.1:$port")" -eq 1 ]

begin 'twelve submodules at once, with the cache and without'
git init --quiet "$work/super"
for number in $(seq 12); do
	repository "part$number"
	git -C "$work/super" -c "url.$work/served/.insteadOf=http://127.0.0.1:$port/" submodule --quiet \
		add "http://127.0.0.1:$port/part$number.git" "part$number" 2>>"$work/stage.log"
done
git -C "$work/super" commit --quiet --message parts
for KEYTURN_CACHE in off 60; do
	export KEYTURN_CACHE
	snapshot >"$work/before"
	rm -rf "$work/copy"
	git clone --quiet "$work/super" "$work/copy"
	call git -C "$work/copy" submodule --quiet update --init --jobs 12
	expect_status 0
	expect_said ''
	must [ "$(git -C "$work/copy" submodule status | grep -c '^ ')" -eq 12 ]
	call git -C "$work/copy" fetch --quiet --recurse-submodules --jobs 12
	expect_status 0
	expect_said ''
	expect_unchanged
	unset KEYTURN_CACHE
done

begin 'forty fills and approvals at once, as git lfs makes them for its files'
cat >"$work/once" <<END
#!/bin/sh
filled=\$(printf 'protocol=http\\nhost=127.0.0.1:$port\\npath=one.git/info/lfs\\n\\n' |
	git credential fill) && printf '%s\\n\\n' "\$filled" | git credential approve &&
	printf '%s\\n' "\$filled" | grep '^password='
END
chmod +x "$work/once"
for KEYTURN_CACHE in off 60; do
	export KEYTURN_CACHE
	snapshot >"$work/before"
	crowd 40 "$work/once"
	expect_crowd '0 password=secret'
	expect_unchanged
	unset KEYTURN_CACHE
done

git_unserve
finish

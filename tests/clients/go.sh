# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/clients.sh: go with a private module whose page and whose git repository both want a login.
# Where the go here knows no GOAUTH (1.24), its toolchain is had as a module, and a private proxy is
# tried with that, too.

go_here=$KEYTURN_CLIENTS_DIR/go
registries_go=go

has_goauth()
{
	GOTOOLCHAIN=local "$1" help goauth >/dev/null 2>&1
}

get_go()
{
	command -v go || { echo 'skip: there is no go'; return 1; }
	newer_go=go
	! has_goauth go || return 0
	newer_go=$go_here/bin/go
	[ ! -x "$newer_go" ] || return 0
	toolchain=golang.org/toolchain@v0.0.1-go1.24.4.$(go env GOOS)-$(go env GOARCH)
	mkdir -p "$go_here"
	HOME=$caller_home GOFLAGS=-modcacherw GOPATH=$go_here/path go mod download "$toolchain" &&
		cp -R "$go_here/path/pkg/mod/$toolchain"/. "$go_here/" &&
		chmod -R +x "$go_here/bin" "$go_here/pkg/tool" && has_goauth "$newer_go"
}

# newer_go_lists: the versions of the private module.
newer_go_lists()
{
	cd "$work/module"
	timeout 100 env -u no_proxy -u NO_PROXY HTTPS_PROXY="http://127.0.0.1:$forge" GOTOOLCHAIN=local \
		GOFLAGS=-mod=mod GOPATH="$work/go" GOCACHE="$work/cache" GOENV=off GOPRIVATE=private.example \
		GOTELEMETRY=off SSL_CERT_FILE="$work/forge.pem" GIT_SSL_CAINFO="$work/forge.pem" \
		GOAUTH='keyturn goauth' "$newer_go" "$@"
}

try_go()
{
	if [ "$newer_go" != go ]; then
		begin 'a private proxy is read by the go that knows GOAUTH'
		call env PATH="$go_here/bin:$PATH" sh "$srcdir/tests/protocol_goauth.sh"
		expect_status 0
		expect_line 'ok go reads a private module proxy with it, and not without a login'
	fi

	begin 'a private module is found by its page and fetched by git, and neither without a login'
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=private.example -addext \
		subjectAltName=DNS:private.example -days 2 -keyout "$work/forge.key" -out "$work/forge.pem" \
		2>>"$work/stage.log"
	mkdir "$work/part" "$work/module"
	printf 'module private.example/team/part\n' >"$work/part/go.mod"
	printf 'module example.com/here\n\ngo 1.24\n' >"$work/module/go.mod"
	for words in 'init --quiet' 'add .' 'commit --quiet --message part' 'tag v1.2.0'; do
		# shellcheck disable=SC2086
		git -C "$work/part" -c user.name=x -c user.email=x@example.com $words
	done
	git clone --quiet --bare "$work/part" "$work/forge/team/part.git" 2>>"$work/stage.log"
	git -C "$work/forge/team/part.git" update-server-info
	serve forge python3 "$srcdir/tests/clients/go_forge.py" "$work/forge" private.example \
		"$work/forge.key" "$work/forge.pem" pat_forge
	forge=$port
	git config --global credential.helper keyturn
	call newer_go_lists list -m -versions private.example/team/part
	must [ "$status" -ne 0 ]
	printf 'pat_forge\n' | keyturn login forge --api-base https://private.example --with-token --force \
		--git-username me 2>>"$work/stage.log"
	call newer_go_lists list -m -versions private.example/team/part
	expect_output 'private.example/team/part v1.2.0'
	call newer_go_lists mod download -json private.example/team/part@v1.2.0
	expect_status 0
	must grep -qx '/team/part Bearer' "$work/forge.log"
	must grep -qx '/team/part.git/info/refs Basic' "$work/forge.log"
	chmod -R u+w "$work/go"
}

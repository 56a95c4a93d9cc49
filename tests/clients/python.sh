# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/clients.sh: pip of both call forms, uv, twine and poetry against a private index, which
# is pypiserver with a htpasswd.

python_here=$KEYTURN_CLIENTS_DIR/python
registries_python=pypi

get_python()
{
	for venv in new old; do
		[ -x "$python_here/$venv/bin/python" ] || python3 -m venv "$python_here/$venv" || return 1
	done
	HOME=$caller_home "$python_here/new/bin/python" -m pip install --quiet \
		--disable-pip-version-check pip==26.3 uv==0.13.9 twine==7.0.0 poetry==2.5.1 \
		pypiserver==2.4.2 passlib==1.7.4 keyring==25.7.0 google-auth==2.63.0 requests==2.34.2 &&
		HOME=$caller_home "$python_here/old/bin/python" -m pip install --quiet \
			--disable-pip-version-check pip==25.3
}

# A wheel of one module, as small as one can be.
make_wheel()
{
	python3 - "$1" "$2" <<'PYTHON'
import sys, zipfile
name, version = sys.argv[1:]
info = f"{name}-{version}.dist-info"
with zipfile.ZipFile(f"{name}-{version}-py3-none-any.whl", "w") as wheel:
    wheel.writestr(f"{name}.py", "")
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    files = [f"{name}.py", f"{info}/METADATA", f"{info}/WHEEL", f"{info}/RECORD"]
    wheel.writestr(f"{info}/RECORD", "".join(file + ",,\n" for file in files))
PYTHON
}

start_index()
{
	new=$python_here/new/bin
	mkdir "$work/packages" "$work/dist"
	"$new/python" -c '
import sys
from passlib.apache import HtpasswdFile
users = HtpasswdFile(sys.argv[1], new=True)
users.set_password("jane", "s 1!")
users.set_password("__token__", "pat_index")
users.save()' "$work/users"
	serve index "$new/python" "$srcdir/tests/clients/python_index.py" "$work/packages" "$work/users" ||
		return 1
	index=http://127.0.0.1:$port
	wait_until answers "$index/simple/" 401
}

# installs NAME COMMAND...: the command, whose directory is emptied before, brings the wheel.
installs()
{
	installs_directory=$work/target
	rm -rf "$installs_directory"
	call env PATH="$builddir/tests/bin/keyring:$PATH" PIP_CONFIG_FILE=/dev/null PIP_NO_CACHE_DIR=1 \
		PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NO_CACHE=1 UV_NO_CONFIG=1 UV_KEYRING_PROVIDER=subprocess PIP_FIND_LINKS= "$@"
	expect_status 0
	must [ -n "$(find "$installs_directory" -name 'parcel*')" ]
}

pip_new()
{
	installs "$new/python" -m pip --no-input --keyring-provider subprocess \
		download --no-deps -d "$work/target" --index-url "$1" parcel
}

pip_old()
{
	installs "$python_here/old/bin/python" -m pip --no-input --keyring-provider subprocess \
		download --no-deps -d "$work/target" --index-url "$1" parcel
}

uv_install()
{
	installs "$new/uv" pip install --python "$new/python" --target "$work/target" --index-url "$1" \
		parcel
}

try_python()
{
	begin 'the private index lets nobody in without a login'
	must start_index
	cd "$work/dist"
	make_wheel parcel 1.0
	make_wheel letter 1.0
	cd - >/dev/null
	cp "$work/dist"/parcel-* "$work/packages/"
	printf 's 1!\n' | "$builddir/tests/bin/keyring/keyring" set "$index/simple/" jane
	named=http://jane@127.0.0.1:$port/simple/

	begin 'pip 26.3 is given the login of the index, with a user name in its URL and without'
	pip_new "$index/simple/"
	pip_new "$named"

	begin 'pip 25.3, which calls in the older form, is given the password of its user'
	pip_old "$named"

	begin 'uv is given the password of its user'
	uv_install "$named"

	begin 'a login of keyturn serves pip and uv under the name of --git-username'
	printf 'pat_index\n' | keyturn login index --api-base "$index" --with-token --force \
		--git-username __token__ 2>>"$work/stage.log"
	printf 's 1!\n' | "$builddir/tests/bin/keyring/keyring" del "$index/simple/" jane
	pip_new "$index/simple/"
	pip_old "http://__token__@127.0.0.1:$port/simple/"
	uv_install "http://__token__@127.0.0.1:$port/simple/"
	call env PATH="$builddir/tests/bin/keyring:$PATH" UV_KEYRING_PROVIDER=subprocess UV_NO_CONFIG=1 \
		"$new/uv" publish --publish-url "$index/" --username __token__ \
		"$work/dist/letter-1.0-py3-none-any.whl"
	expect_status 0
	must [ -e "$work/packages/letter-1.0-py3-none-any.whl" ]
	rm -f "$work"/packages/letter*

	begin 'pip and uv ask by themselves once setup has wired them'
	call env PATH="$builddir/tests/bin/keyring:$PATH" keyturn setup pip uv --yes
	expect_status 0
	rm -rf "$work/target"
	call env PATH="$builddir/tests/bin/keyring:$PATH" "$new/python" -m pip --no-input \
		--disable-pip-version-check download --no-cache-dir --no-deps -d "$work/target" \
		--index-url "$index/simple/" parcel
	expect_status 0
	must [ -n "$(find "$work/target" -name 'parcel*')" ]
	call env PATH="$builddir/tests/bin/keyring:$PATH" UV_NO_CACHE=1 "$new/uv" pip install --python \
		"$new/python" --target "$work/target" --index-url "http://__token__@127.0.0.1:$port/simple/" \
		--reinstall parcel
	expect_status 0
	call keyturn setup pip uv --undo --yes
	must_not [ -e "$HOME/.config/pip" ]
	must_not [ -e "$HOME/.config/uv" ]

	begin 'pip is told nothing where there is no login'
	call env PATH="$builddir/tests/bin/keyring:$PATH" "$new/python" -m pip --no-input \
		--disable-pip-version-check --keyring-provider subprocess download --no-deps -d "$work/target" \
		--index-url "http://nobody@127.0.0.1:$port/simple/" parcel
	must [ "$status" -ne 0 ]
	expect_unsaid pat_index

	begin 'twine and poetry are given it by the backend of the bridge, and twine uploads'
	cp -R "$srcdir/bridges/python" "$work/bridge"
	HOME=$caller_home "$new/python" -m pip install --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation "$work/bridge" >"$work/bridge.log" 2>&1 ||
		HOME=$caller_home "$new/python" -m pip install --quiet --disable-pip-version-check --no-deps \
			"$work/bridge" >>"$work/bridge.log" 2>&1 || complain "$(tail -n 1 "$work/bridge.log")"
	PYTHON_KEYRING_BACKEND=keyturn.keyring_backend.Keyring
	export PYTHON_KEYRING_BACKEND
	call "$new/twine" upload --non-interactive --disable-progress-bar --repository-url "$index/" \
		"$work/dist/letter-1.0-py3-none-any.whl"
	expect_status 0
	must [ -e "$work/packages/letter-1.0-py3-none-any.whl" ]
	mkdir "$work/project"
	printf '%s\n' '[project]' 'name = "house"' 'version = "1.0"' 'requires-python = ">=3.9"' \
		'dependencies = ["parcel", "letter"]' '[tool.poetry]' 'package-mode = false' \
		'[[tool.poetry.source]]' 'name = "private"' "url = \"$index/simple/\"" 'priority = "primary"' \
		>"$work/project/pyproject.toml"
	call env POETRY_VIRTUALENVS_CREATE=false "$new/poetry" --no-ansi --no-interaction --no-cache \
		-C "$work/project" lock
	expect_status 0
	must grep -q 'name = "letter"' "$work/project/poetry.lock"
	call "$new/python" -c '
import keyring
keyring.set_password("My notes", "me", "a")'
	must [ "$status" -ne 0 ]
	call "$new/python" -c '
import keyring
assert keyring.get_password("My notes", "me") is None
keyring.set_password("https://notes.example.com", "me", "a b")
assert keyring.get_password("https://notes.example.com", "me") == "a b"
keyring.delete_password("https://notes.example.com", "me")
assert keyring.get_credential("https://notes.example.com", None) is None'
	expect_status 0
	unset PYTHON_KEYRING_BACKEND
}

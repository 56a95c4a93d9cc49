#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Real git-lfs, which asks for a login of its own beside git's and moves eight files at a time.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/git_server.sh"
need git git-lfs node
home_start
git config --global user.name x
git config --global user.email x@example.com
git config --global credential.helper keyturn
git config --global lfs.concurrenttransfers 8
git config --global lfs.locksverify false
git lfs install --skip-repo >"$work/out"

# keeps PASSWORD: for that server.
keeps()
{
	input 'protocol=http\nhost=127.0.0.1:%s\nusername=me\npassword=%s\n\n' "$port" "$1"
	call keyturn store
	expect_status 0
}

git init --quiet --bare "$work/served/large.git"
git -C "$work/served/large.git" config http.receivepack true
git_serve Basic secret
keeps secret
url=http://127.0.0.1:$port/large.git

begin 'twelve large files go up, and nobody is asked'
git init --quiet --initial-branch=main "$work/made"
git -C "$work/made" lfs track '*.bin' >"$work/out"
for number in 1 2 3 4 5 6 7 8 9 10 11 12; do
	head -c 100000 /dev/urandom >"$work/made/$number.bin"
done
git -C "$work/made" add .
git -C "$work/made" commit --quiet --message large
call git -C "$work/made" push --quiet "$url" main
expect_status 0
must [ "$(find "$work/served/lfs" -type f | wc -l)" -eq 12 ]
git -C "$work/served/large.git" symbolic-ref HEAD refs/heads/main

begin 'they come down with a clone, eight at a time, with the cache and without'
for cache in 600 off; do
	rm -rf "$work/cloned"
	call env KEYTURN_CACHE=$cache git clone --quiet "$url" "$work/cloned"
	expect_status 0
	for number in 1 2 3 4 5 6 7 8 9 10 11 12; do
		must cmp "$work/made/$number.bin" "$work/cloned/$number.bin"
	done
done

begin 'a password that the server takes no longer is dropped, and the next one answers'
git_unserve
rm -rf "$work/cloned"
git_serve Basic changed
keeps secret
call git clone --quiet "http://127.0.0.1:$port/large.git" "$work/cloned"
must_not [ "$status" -eq 0 ]
input 'protocol=http\nhost=127.0.0.1:%s\nusername=me\n\n' "$port"
call keyturn get
expect_output ''
keeps changed
rm -rf "$work/cloned"
call git clone --quiet "http://127.0.0.1:$port/large.git" "$work/cloned"
expect_status 0
must cmp "$work/made/12.bin" "$work/cloned/12.bin"

finish

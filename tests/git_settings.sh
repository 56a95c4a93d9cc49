#!/bin/sh
# SPDX-License-Identifier: MIT
#
# git's setting credential.helper as people write it: words behind keyturn are told at each call, in
# place of an answer, and doctor finds them.
set -eu

. "$(dirname "$0")/lib/home.sh"
need git python3
home_start
input 'protocol=https\nhost=git.example.com\nusername=me\npassword=secret\n\n'
call keyturn store

# finding: what doctor tells of git.
finding()
{
	call keyturn doctor
	grep -A 1 ' git ' "$work/out" >"$work/finding"
}

# with HELPER: git fills, with this setting alone.
with()
{
	git config --global --replace-all credential.helper "$1"
	input 'url=https://git.example.com\n\n'
	call git credential fill
}

begin 'without the setting doctor says how git comes to ask'
finding
must grep -q '^ok  *git  *git does not ask keyturn' "$work/finding"
must grep -q 'git config --global credential.helper keyturn' "$work/finding"

begin 'the setting as it is meant, in each of its ways'
for helper in keyturn "$builddir/tests/bin/git-credential-keyturn" '!keyturn' \
	"!$builddir/tests/bin/keyturn" '! keyturn '; do
	with "$helper"
	expect_line password=secret
	expect_said ''
	finding
	must grep -q '^ok  *git  *git asks keyturn' "$work/finding"
done

begin 'an option behind it is told, once a call, and git goes on'
for helper in 'keyturn --timeout=3600' 'keyturn --timeout 3600' \
	"$builddir/tests/bin/git-credential-keyturn --timeout=3600"; do
	with "$helper"
	expect_unsaid secret
	must [ "$(grep -c '^keyturn: ' "$work/err")" -eq 2 ]
	expect_said "git's credential.helper has --timeout behind keyturn"
	expect_said 'run: git config --global credential.helper keyturn'
	finding
	must grep -q '^warning  *git .*credential.helper has words' "$work/finding"
	must_not grep -q 'git asks keyturn' "$work/finding"
done

begin 'a name behind it is told with the way to choose an account'
with 'keyturn work'
expect_unsaid secret
expect_said "credential.helper has work behind keyturn"
expect_said 'git config --global credential.username work'

begin 'a word that may be a secret is not said'
for word in pat_Canary1 ABCDEF verylongwordofletters --canary1; do
	with "keyturn $word"
	expect_said 'has a word behind keyturn'
	expect_unsaid "$word"
done

begin 'an operation behind it makes no answer of a store'
git config --global --replace-all credential.helper 'keyturn get'
for operation in get store erase; do
	input 'protocol=https\nhost=git.example.com\n\n'
	call git-credential-keyturn get "$operation"
	expect_status 0
	expect_output ''
	expect_said "credential.helper has get behind keyturn"
done

begin 'every call exits 0'
for operation in get store erase capability future; do
	input 'protocol=https\nhost=git.example.com\nusername=me\npassword=other\n\n'
	call git-credential-keyturn --timeout=3600 "$operation"
	expect_status 0
	expect_output ''
done
with keyturn
expect_line password=secret

# As gh auth setup-git writes them.
begin 'lines of one address that end keyturn there are told, and the remedy has git ask it again'
git config --global --add credential.https://git.example.com.helper ''
git config --global --add credential.https://git.example.com.helper '!/usr/bin/gh auth git-credential'
input 'url=https://git.example.com\n\n'
call git credential fill
must_not grep -q password=secret "$work/out"
finding
must grep -q '^ok  *git  *git asks other helpers than keyturn for https://git.example.com,' "$work/finding"
remedy=$(sed -n 's/.*to have keyturn asked there: //p' "$work/out")
must sh -c "$remedy"
with keyturn
expect_line password=secret
finding
must_not grep -q 'other helpers' "$work/finding"

begin 'the setting of one server counts, and a password in its name is not shown'
git config --global --unset credential.helper
git config --global credential.https://git.example.com.helper keyturn
finding
must grep -q '^ok  *git  *git asks keyturn' "$work/finding"
git config --global credential.https://me:canary@git.example.com.helper 'keyturn --cache'
finding
must grep -q '^warning  *git  .*credential.<url>.helper' "$work/finding"
expect_unsaid canary

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Hosts as people type them: git hands them on as they are, and they are one service all the same.
set -eu

. "$(dirname "$0")/lib/home.sh"
need git
home_start
git config --global credential.helper keyturn

# fill URL: what real git gets.
fill()
{
	input 'url=%s\n\n' "$1"
	call git credential fill
}

# same HOST TYPED...: a password that is stored for the one form is found by each other, and the
# other way round, with the cache and without.
same()
{
	same_host=$1
	shift
	for same_typed in "$@"; do
		for KEYTURN_CACHE in off 60; do
			export KEYTURN_CACHE
			input 'url=https://me:first@%s\n\n' "$same_host"
			call git credential approve
			fill "https://$same_typed/a.git"
			expect_line password=first
			input 'url=https://me:second@%s/a.git\n\n' "$same_typed"
			call git credential approve
			fill "https://$same_host"
			expect_line password=second
			must [ "$(keyturn list | grep -c '^[* ] me ')" -eq 1 ]
			input 'url=https://me:second@%s\n\n' "$same_typed"
			call git credential reject
			fill "https://$same_host"
			must_not grep -q '^password=' "$work/out"
			unset KEYTURN_CACHE
		done
	done
}

begin 'a final dot, an empty port, capitals'
same git.example.com git.example.com. git.example.com: git.example.com.: GIT.Example.COM.:443 \
	git.example.com:443

begin 'the zone of a link-local address'
same '[fe80::1%25eth0]' '[fe80:0::1%25eth0]' '[fe80::1%25eth0]:'

begin 'two zones are two services'
input 'url=https://me:here@[fe80::1%%25eth0]\n\n'
call git credential approve
fill 'https://[fe80::1%25eth1]'
must_not grep -q '^password=' "$work/out"
input 'url=https://me:here@[fe80::1%%25eth0]\n\n'
call git credential reject

begin 'a name in another script is that of its xn-- form, as curl has it'
same xn--bcher-kva.example.com bücher.example.com BÜCHER.example.com. bücher.example.com:443
same xn--fsqu00a.xn--fiqs8s 例子.中国 例子。中国
same xn--strae-oqa.example.com straße.example.com
same api.example.com api。example.com ａｐｉ.example.com

begin 'so it is with a login'
printf 'pat_idn\n' | keyturn login idn --api-base https://bücher.example.org --with-token 2>/dev/null
call keyturn token idn@bücher.example.org
expect_output pat_idn
call keyturn show idn@xn--bcher-kva.example.org
expect_status 0
keyturn logout idn 2>/dev/null

begin 'a letter that only looks alike is another name'
input 'url=https://me:secret@api.example.com\n\n'
call git credential approve
for other in аpi.example.com api.ехample.com apı.example.com; do
	fill "https://$other"
	expect_unsaid secret
	must [ "$(grep -c keyturn: "$work/err")" -eq 0 ]
done
input 'url=https://me:secret@api.example.com\n\n'
call git credential reject

begin 'a name that has no such form is refused, with what to write'
input 'protocol=https\nhost=\314\201a.example.com\n\n'
call keyturn get
expect_status 2
expect_output ''
expect_said 'xn-- form'

begin 'a host that only looks alike is another'
input 'url=https://me:secret@git.example.com\n\n'
call git credential approve
for other in git.example.com.evil.example git.example.com..evil git.example.com:444 127.0.0.1.; do
	fill "https://$other"
	expect_unsaid secret
done

begin 'the passphrase of a client certificate is none of ours'
for KEYTURN_CACHE in off 60; do
	export KEYTURN_CACHE
	for verb in get store erase; do
		input 'protocol=cert\nhost=\npath=/etc/ssl/me.pem\nusername=\npassword=secret\n\n'
		call git-credential-keyturn "$verb"
		expect_status 0
		expect_output ''
		expect_said ''
	done
	unset KEYTURN_CACHE
done
must [ "$(keyturn list | grep -c '^[* ] me ')" -eq 1 ]

finish

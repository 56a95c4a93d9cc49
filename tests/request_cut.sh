#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Requests that are cut at each byte, by a non-blocking pipe, by an end and by an error, for all
# verbs, with the cache and without: half a request is never an answer, and never stored. With
# sanitizers, where a call takes five times as long, at each eleventh byte.
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3
home_start

requests=$work/requests
mkdir "$requests"
cuts_in_all=0
every=$(amount 1 11)

# request NAME FORMAT: a file of that name.
request()
{
	# shellcheck disable=SC2059
	printf "$2" >"$requests/$1"
}

# cut_each WAY REQUEST SAID STATUS [-b VERB FILE] [-a VERB FILE SAID] VERB: each cut of it, by
# tests/programs/cut; the cache's setting is $cache.
cut_each()
{
	(cd "$requests" && KEYTURN_CACHE=$cache "$builddir/tests/programs/cut" "$every" "$@") \
		>"$work/cuts" 2>"$work/err" || {
		complain "$* (cache: $cache)"
		sed 's/^/#   /' "$work/cuts"
		sort "$work/err" | uniq -c | sed 's/^/#   stderr: /' | head -n 5
	}
	cuts_in_all=$((cuts_in_all + $(sed -n 's/ cuts, .*//p' "$work/cuts")))
}

# answered REQUEST: what get says to the whole of it is in SAID-REQUEST.
answered()
{
	keyturn get <"$requests/$1" >"$requests/said-$1"
}

# both: the test that follows, with the cache and without.
both()
{
	for cache in off 60; do
		"$@"
	done
}

request nothing ''
request half 'protocol=https\nhost=github.com\nusername=alice\npassword=correct\n\n'
request whole 'protocol=https\nhost=github.com\nusername=alice\npassword=correct horse\n\n'
request short 'protocol=https\nhost=github.com\nusername=al\npassword=of al\n\n'
request exact 'protocol=https\nhost=github.com\nusername=alice\npassword_expiry_utc=1999999999\n\n'
request alice 'protocol=https\nhost=github.com\nusername=alice\n\n'
request evil 'protocol=https\nhost=github.com.evil.example\n\n'
request port 'protocol=https\r\nhost=github.com:4430\r\n\r\n'
request path 'url=https://alice@github.com/team/one.git\n\n'
request other 'url=https://alicent@github.com\n\n'
request modern 'capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=api.coze.cn
wwwauth[]=Bearer realm="a, b", Digest realm="c"\nstate[]=other:state=1\nusername=main\n\n'
{
	printf 'capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=github.com\n'
	printf 'username=alice\nwwwauth[]=Basic realm="'
	head -c 1000 /dev/zero | tr '\0' r
	printf '"\n\n'
} >"$requests/long"
keyturn store <"$requests/half"
keyturn store <"$requests/short"
store_token main coze.cn pat_main

begin 'the answers to whole requests'
for name in exact alice evil port path other modern long; do
	answered "$name"
done
must grep -qx 'password=correct' "$requests/said-alice"
must grep -qx 'credential=pat_main' "$requests/said-modern"
for name in evil port path other; do
	must cmp -s "$requests/nothing" "$requests/said-$name"
done

get_each()
{
	for name in exact alice evil port path other modern long; do
		KEYTURN_CACHE=$cache keyturn get <"$requests/$name" >"$work/out"
		must cmp -s "$work/out" "$requests/said-$name"
		cut_each wait "$name" "said-$name" 0 keyturn get
		cut_each end "$name" nothing 2 keyturn get
		cut_each reset "$name" nothing 2 keyturn get
	done
}

begin 'get: half a request is never answered'
both get_each

answered alice
cp "$requests/said-alice" "$requests/said-half"
keyturn store <"$requests/whole"
answered alice
cp "$requests/said-alice" "$requests/said-whole"

store_each()
{
	cut_each wait whole nothing 0 -b store half -a get alice said-whole keyturn store
	cut_each end whole nothing 2 -b store half -a get alice said-half keyturn store
	cut_each reset whole nothing 2 -b store half -a get alice said-half keyturn store
	cut_each wait whole nothing 0 -b store whole -a get alice said-whole keyturn store
}

begin 'store: half a password is never stored'
both store_each

erase_each()
{
	cut_each wait whole nothing 0 -b store whole -a get alice nothing keyturn erase
	cut_each end whole nothing 2 -b store half -a get alice said-half keyturn erase
	cut_each reset whole nothing 2 -b store half -a get alice said-half keyturn erase
	cut_each wait whole nothing 0 -b store half -a get alice said-half keyturn erase
}

begin 'erase: half a request erases nothing'
both erase_each

begin 'nothing else came to be'
keyturn store <"$requests/half"
call keyturn list
must [ "$(grep -c . "$work/out")" -eq 4 ]
answered alice
must cmp -s "$requests/said-half" "$requests/said-alice"

begin "these were $cuts_in_all cuts"
must [ $((cuts_in_all * every)) -ge 10000 ]

begin 'the longest password goes in and comes out whole, also byte by byte'
for size in 4095 4096 4097 16384 65400 65525; do
	for cache in off 60; do
		{
			printf 'protocol=https\nhost=long.example.com\nusername=u\npassword='
			head -c "$size" /dev/urandom | od -An -v -tx1 | tr -d ' \n' | head -c "$size"
			printf '\n\n'
		} >"$requests/longest"
		sed 's/^password=.*//' "$requests/longest" >"$requests/asked"
		# A write of one byte each, the last without a blank line behind it, as git ends.
		dd if="$requests/longest" bs=1 count=$(($(wc -c <"$requests/longest") - 1)) 2>/dev/null |
			KEYTURN_CACHE=$cache keyturn store
		for round in 1 2; do
			KEYTURN_CACHE=$cache keyturn get <"$requests/asked" >"$work/out"
			grep '^password=' "$work/out" >"$work/password"
			grep '^password=' "$requests/longest" | must cmp -s - "$work/password"
		done
	done
done
head -c 65526 /dev/zero | tr '\0' a >"$work/a"
{
	printf 'protocol=https\nhost=long.example.com\nusername=u\npassword='
	cat "$work/a"
	printf '\n\n'
} >"$work/in"
call keyturn store
expect_status 2
expect_cause_and_remedy
KEYTURN_CACHE=off keyturn get <"$requests/asked" | grep '^password=' | must cmp -s - "$work/password"

begin 'what cannot be read is no request'
for verb in get store erase; do
	for cache in off 60; do
		call env KEYTURN_CACHE="$cache" sh -c 'exec keyturn "$1" <&-' - "$verb"
		expect_status 2
		expect_output ''
		expect_cause_and_remedy
		call env KEYTURN_CACHE="$cache" sh -c 'exec keyturn "$1" <"$2"' - "$verb" "$work"
		expect_status 2
		expect_output ''
		expect_cause_and_remedy
		call env KEYTURN_CACHE="$cache" sh -c 'exec keyturn "$1" 0>>"$2"' - "$verb" "$work/write"
		expect_status 2
		expect_output ''
		expect_cause_and_remedy
	done
done

finish

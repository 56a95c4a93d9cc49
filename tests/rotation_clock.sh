#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Clocks that are wrong: no token that has expired is handed out, and no clock makes a storm of
# renewals. faketime moves the wall clock alone, as a person or a time server does.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
alone "$0" "$@"
need faketime
refresh_start
FAKETIME_DONT_FAKE_MONOTONIC=1
FAKETIME_FORCE_MONOTONIC_FIX=0
export FAKETIME_DONT_FAKE_MONOTONIC FAKETIME_FORCE_MONOTONIC_FIX
# The door's libc cannot be told another time: all is asked of the keeper.
KEYTURN_CACHE=off
export KEYTURN_CACHE

# at OFFSET COMMAND...: the call at another time of day.
at()
{
	at_offset=$1
	shift
	call faketime -f "$at_offset" "$@"
}

# works NAME: the service takes the token that was printed.
is_taken()
{
	curl -s --fail --noproxy '*' -o "$work/me" \
		-H "Authorization: Bearer $(cat "$work/out")" "$COZE_API/v1/users/me"
}

works()
{
	expect_token
	must is_taken
}

for offset in -3h +3h -400d +400d; do
	begin "a clock that is $offset off all the time: one renewal, and the token is good"
	grant "off$offset"
	mark
	for round in 1 2 3 4 5; do
		at "$offset" keyturn token "off$offset"
		works "off$offset"
	done
	expect_requests 1

done

for offset in -3h -400d; do
	begin "a clock that is set back by $offset: a young token stays, and nothing is asked"
	grant "jump$offset"
	call keyturn token "jump$offset"
	cp "$work/out" "$work/first"
	mark
	for round in 1 2 3 4 5; do
		at "$offset" keyturn token "jump$offset"
		must cmp -s "$work/out" "$work/first"
		call keyturn token "jump$offset"
		must cmp -s "$work/out" "$work/first"
	done
	expect_requests 0
done

for offset in +3h +400d; do
	begin "a clock that is $offset ahead all at once, as after a machine stood still: one renewal"
	grant "ahead$offset"
	call keyturn token "ahead$offset"
	cp "$work/out" "$work/first"
	mark
	for round in 1 2 3 4 5; do
		at "$offset" keyturn token "ahead$offset"
		works "ahead$offset"
		must_not cmp -s "$work/out" "$work/first"
	done
	expect_requests 1
	call keyturn token "ahead$offset"
	works "ahead$offset"
	expect_requests 1
done

begin 'a token that has expired while the clock was set back is not handed out'
grant old
control '{"token_life":3}'
call keyturn token old
mark
sleep 3.2
at -3h keyturn token old
works old
expect_requests 1
control '{"token_life":900}'

for skew in -7200 7200 -86400 86400; do
	begin "a server whose clock is $skew s off: its Date is believed"
	grant "skew$skew"
	control "{\"clock_skew\":$skew}"
	mark
	for round in 1 2 3; do
		call keyturn token "skew$skew" --json
		expect_status 0
		left=$(($(json expires_at) - $(date +%s)))
		must [ "$left" -gt 880 ]
		must [ "$left" -le 901 ]
	done
	expect_requests 1
	control '{"clock_skew":0}'
done

begin 'every form of expires_in means the same'
for form in absolute relative milliseconds absolute_string relative_string \
	'{"raw":"900.5"}' '{"raw":"\" 900\""}' '{"raw":"\"900.0\""}'; do
	case $form in
	'{'*) control "{\"expires_in\":$form}" ;;
	*) control "{\"expires_in\":\"$form\"}" ;;
	esac
	grant forms
	call keyturn token forms --json
	expect_status 0
	left=$(($(json expires_at) - $(date +%s)))
	must [ "$left" -gt 880 ]
	must [ "$left" -le 901 ]
done

for form in '"absent"' '{"raw":"null"}' '{"raw":"0"}' '{"raw":"-1"}' '{"raw":"\"soon\""}'; do
	begin "expires_in $form tells no end: the token is good until it is refused"
	control "{\"expires_in\":$form}"
	grant endless
	call keyturn token endless --json
	expect_status 0
	expect_json null expires_at
	cp "$work/out" "$work/first"
	mark
	for round in 1 2 3; do
		call keyturn token endless --json
		must cmp -s "$work/out" "$work/first"
	done
	expect_requests 0
done

begin 'one whose end is not known is renewed after an hour, and is good where that fails'
at +2h keyturn token endless
works endless
expect_requests 1
fault '"kind":"status","status":500,"times":1'
at +4h keyturn token endless
works endless
expect_requests 2
at +4h keyturn token endless
works endless
expect_requests 2

begin 'a life of ten years is kept'
control '{"expires_in":{"raw":"315705599"},"token_life":315705599}'
grant decade
call keyturn token decade --json
expect_status 0
left=$(($(json expires_at) - $(date +%s)))
must [ "$left" -gt 315705500 ]
control '{"token_life":900}'

begin 'a token that ended before it came is not handed out, and the grant is kept'
grant late
control '{"expires_in":{"raw":"1000000001"}}'
mark
call keyturn token late
expect_status 5
expect_output ''
expect_cause_and_remedy
control '{"expires_in":"absolute"}'
call keyturn token late
works late
expect_requests 2

begin 'a service that gives such tokens for ever is not asked without end'
grant storm
control '{"expires_in":{"raw":"1000000001"}}'
mark
for round in $(seq 45); do
	keyturn token storm >"$work/out" 2>"$work/err" && complain "a token was handed out: $round"
done
must [ $(($(server_count refresh) - refreshes_before)) -le 32 ]
control '{"expires_in":"absolute"}'

# hand_out NAME LIFE: a token is promised for a tenth of its life, so one that is refused must have
# been under way for longer, as on a busy machine.
hand_out()
{
	began_hand_out=$(date +%s%3N)
	call keyturn token "$1"
	expect_token
	! is_taken || return 0
	must [ $(($(date +%s%3N) - began_hand_out)) -gt $(($2 * 100)) ]
}

begin 'lives of seconds: each token is good when it comes, and few are got'
grant short
control '{"token_life":2}'
mark
began=$(date +%s)
while [ $(($(date +%s) - began)) -lt 8 ]; do
	hand_out short 2
done
took=$(($(date +%s) - began))
# A second of caution leaves one of each life of two, and the whole seconds of clocks some less.
must [ $(($(server_count refresh) - refreshes_before)) -le $((took * 3 / 2 + 2)) ]

unset KEYTURN_CACHE
for form in absolute relative; do
	begin "lives of seconds, $form, remembered: each token is good when it comes"
	grant "remembered-$form"
	control "{\"token_life\":3,\"expires_in\":\"$form\"}"
	mark
	began=$(date +%s)
	while [ $(($(date +%s) - began)) -lt 8 ]; do
		hand_out "remembered-$form" 3
	done
	took=$(($(date +%s) - began))
	must [ $(($(server_count refresh) - refreshes_before)) -le $((took + 2)) ]
	control '{"expires_in":"absolute"}'
done

finish

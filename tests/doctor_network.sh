#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn doctor's findings about the network: proxy, DNS, TLS, endpoint, clock and grants.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
alone "$0" "$@"
refresh_start

# tells LEVEL LAYER TEXT: doctor's line.
tells()
{
	grep -q "^$1 *$2 .*$3" "$work/out" && return
	complain "no line $1 $2 $3"
	show_call
}

begin 'without a grant the network is no matter'
store_token fixed coze.cn pat_one
call keyturn doctor
expect_status 0
must_not grep -q ' network \| clock ' "$work/out"

begin 'a service that answers, a clock that agrees, a grant that can be renewed'
grant work
call keyturn doctor
expect_status 0
tells ok network "$COZE_API.* answers"
tells ok clock agree
tells ok grant 'work@.* can be renewed'
must_not grep -q 'refresh_' "$work/coze/requests.jsonl"

begin 'each service is asked once'
grant second
call keyturn doctor
must [ "$(grep -c ' network ' "$work/out")" -eq 1 ]

begin 'a clock that is hours off is told, with which way'
call env FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f +3h keyturn doctor
expect_status 0
tells warning clock '1[01]... s ahead of'
must grep -q 'timedatectl set-ntp true' "$work/out"
control '{"clock_skew":7200}'
call keyturn doctor
tells warning clock '[67]... s behind'
control '{"clock_skew":0}'

begin 'a proxy is named, and its password is not'
call env https_proxy=http://me:hidden@127.0.0.1:1 keyturn doctor
tells ok proxy https_proxy
expect_unsaid hidden

begin 'a service in trouble is a warning'
control '{"fault":{"kind":"status","on":"any","status":503,"times":1}}'
call keyturn doctor
tells warning network 503

begin 'a grant that is over has failed, with the command that repairs it'
control "{\"revoke\":\"$family\"}"
call keyturn refresh second
call keyturn doctor
expect_status 3
tells failed grant second
must grep -q 'keyturn login second' "$work/out"
call keyturn logout second

begin 'a lost answer is a warning'
grant third
control '{"fault":{"kind":"reset","on":"refresh","times":2}}'
call keyturn refresh third
call keyturn doctor
expect_status 0
tells warning grant third
call keyturn logout third

begin 'a service that nobody listens for, or that has no name, is exit 5'
printf 'url=https://nowhere.invalid\nusername=nameless\nclient_id=c\nkind=pkce\noauth_refresh_token=r\n\n' |
	keyturn store
control '{"listening":false}'
call keyturn doctor
expect_status 5
tells failed network 'nowhere.invalid.* resolved'
tells failed network "$COZE_API.* cannot be reached"
must grep -q resolv.conf "$work/out"
control '{"listening":true}'

begin 'services that do not answer cost 6 s in all'
control '{"fault":{"kind":"hang","on":"any","times":3}}'
began=$(now)
call keyturn doctor --json
must is_in_time $(($(now) - began)) 6000 5000
expect_status 5

finish

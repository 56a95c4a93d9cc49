#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Authorization servers that nobody here wrote, as they are: django-oauth-toolkit, Keycloak and Ory
# Hydra, with a person in Chromium. Not one of "make check", because it takes the network:
# packaging/check runs it with others of that kind. A server whose registry cannot be reached is told,
# and the others are tried; one that cannot be had from a registry that answers has failed.
# KEYTURN_PEERS: which of them; KEYTURN_PEERS_DIR: where they are kept for the next time.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/registry.sh"
. "$srcdir/tests/lib/server.sh"
need curl python3 chromium chromedriver openssl
: "${KEYTURN_PEERS:=django django-forgiving keycloak keycloak-forgiving hydra hydra-forgiving}"
: "${KEYTURN_PEERS_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/keyturn-peers}"
caller_home=$HOME
export KEYTURN_PEERS KEYTURN_PEERS_DIR
alone "$0" "$@"
mkdir -p "$KEYTURN_PEERS_DIR"
for peer in django keycloak hydra; do
	. "$srcdir/tests/peers/$peer.sh"
done
home_start
pids=

end_peers()
{
	peers_status=$?
	for pid in $pids; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	home_end "$peers_status"
}
trap end_peers EXIT

# visit PART URL [FIELD=VALUE...]: the person goes there, logs in and allows.
visit()
{
	python3 "$srcdir/tests/peers/browser.py" "$work/chromium" "$@" username=tester \
		password=tester >"$work/visited" 2>&1 || {
		complain "the browser did not come to $1"
		sed 's/^/# /' "$work/visited" | head -n 40
	}
}

# start_login PATTERN ACCOUNT OPTION...: in the background, until stderr has that.
start_login()
{
	start_pattern=$1
	shift
	: >"$work/err"
	keyturn login "$@" </dev/null >"$work/out" 2>"$work/err" &
	login=$!
	login_says "$start_pattern"
}

end_login()
{
	"$test_is_ok" || kill "$login" 2>/dev/null || :
	status=0
	wait "$login" || status=$?
	expect_status 0
}

# by_browser ACCOUNT OPTION...
by_browser()
{
	start_login 'response_type=' "$@"
	visit /callback "$(grep -o 'http://.*response_type=.*' "$work/err")"
	end_login
}

# by_remedy COMMAND: as it was printed. No display is here: a code is shown where the service has a
# device flow, else the address at which the browser ends is pasted.
by_remedy()
{
	rm -f "$work/pasted"
	mkfifo "$work/pasted"
	: >"$work/err"
	sh -c "$1" <"$work/pasted" >"$work/out" 2>"$work/err" &
	login=$!
	exec 8>"$work/pasted"
	login_says 'type the code\|response_type='
	if grep -q 'type the code' "$work/err"; then
		type_code "$peer_device_end"
	else
		visit /callback "$(grep -o 'http://.*response_type=.*' "$work/err")"
		head -n 1 "$work/visited" >&8
	fi
	exec 8>&-
	end_login
}

# type_code PART: the code that the login shows, at the address beside it.
type_code()
{
	code=$(sed -n 's/.*type the code \([A-Za-z0-9-]*\).*/\1/p' "$work/err")
	visit "$1" "$(grep -o 'http://[^ ]*' "$work/err" | head -n 1)" \
		"user_code=$code" "device_user_code=$code"
}

# by_device PART ACCOUNT OPTION...
by_device()
{
	device_part=$1
	shift
	start_login 'type the code' "$@"
	type_code "$device_part"
	end_login
}

# works: the service takes the token that was printed.
works()
{
	curl -s --fail --noproxy '*' -o "$work/me" -H "Authorization: Bearer $(cat "$work/out")" "$userinfo"
}

# renew_often ACCOUNT: eight callers at once, again and again, until there were twenty renewals. One
# of them has the token refused, as its program would tell; then all want another.
renew_often()
{
	: >"$work/tokens"
	for round in $(seq 21); do
		crowd 8 keyturn token "$1" >"$work/crowd.log"
		sort -u "$work/crowd" >"$work/answers"
		if [ "$(wc -l <"$work/answers")" -ne 1 ] || ! grep -q '^0 .' "$work/answers"; then
			complain "round $round: eight callers did not get one token"
			cut -c 1-20 "$work/answers" | sed 's/^/# /'
			sort -u "$work/err" | head -n 4 | sed 's/^/# /'
			return 0
		fi
		sed 's/^0 //' "$work/answers" >"$work/out"
		works || complain "round $round: the service refuses the token"
		cat "$work/out" >>"$work/tokens"
		keyturn reject "$1" <"$work/out" || complain "round $round: not rejected"
	done
	must [ "$(sort -u "$work/tokens" | wc -l)" -eq 21 ]
}

# fact ACCOUNT NAME VALUE
fact()
{
	call keyturn show "$1" --json
	expect_json "$3" "$2"
}

# What one server is tried for: peer_device is empty where it has no device flow.
try_peer()
{
	begin "$peer: a login in Chromium, and the service takes the token"
	eval "by_browser \"\$peer\" $peer_options"
	call keyturn token "$peer"
	expect_status 0
	must works
	"$test_is_ok" || return 0

	begin "$peer: one renewal tells whether the token of before lives on"
	call keyturn refresh "$peer"
	expect_status 0
	fact "$peer" old_token "$peer_old_token"

	begin "$peer: twenty renewals, by eight callers at once"
	renew_often "$peer"

	begin "$peer: a spent refresh token is $spent, as it was set up"
	"reuses_$server" >"$work/statuses"
	must [ "$(tr '\n' ' ' <"$work/statuses")" = "200 $second " ]

	if [ -n "$peer_device" ]; then
		begin "$peer: a device login, the code typed in Chromium"
		eval "by_device \"\$peer_device_end\" \"\$peer-device\" $peer_device"
		call keyturn refresh "$peer-device"
		expect_status 0
		call keyturn token "$peer-device"
		must works
		keyturn logout "$peer-device" 2>"$work/err" || complain 'no logout'
	fi

	begin "$peer: a login that the service ended is told as dead, and its remedy works"
	"ends_$server"
	call keyturn refresh "$peer"
	expect_status 3
	expect_cause_and_remedy
	remedy=$(sed -n 's/^keyturn: log in again: //p' "$work/err")
	call keyturn list
	must grep -q " $peer .* dead " "$work/out"
	by_remedy "$remedy"
	call keyturn refresh "$peer"
	expect_status 0

	begin "$peer: logout revokes"
	call keyturn token "$peer"
	expect_status 0
	must works
	cp "$work/out" "$work/last"
	call keyturn logout "$peer"
	expect_status 0
	expect_said 'and revoked at the service'
	cp "$work/last" "$work/out"
	must_not works
}

# All are fetched and started at once: the slowest takes most of the time.
for peer in $KEYTURN_PEERS; do
	mkdir -p "$work/$peer"
done
for server in django keycloak hydra; do
	case " $KEYTURN_PEERS " in
	*" $server"*)
		("get_$server" >"$work/$server.log" 2>&1 && : >"$work/$server.had" || : >"$work/$server.lacks") &
		;;
	esac
done

is_decided()
{
	[ -e "$work/$server.had" ] || [ -e "$work/$server.lacks" ]
}

for peer in $KEYTURN_PEERS; do
	conclude
	server=${peer%-forgiving}
	until is_decided; do
		sleep 0.2
	done
	case $peer in
	*-forgiving) forgiving=yes spent=taken second=200 ;;
	*) forgiving='' spent=refused second=400 ;;
	esac
	if [ -e "$work/$server.lacks" ]; then
		eval "registries=\$registries_$server"
		# shellcheck disable=SC2086
		[ -n "$forgiving" ] || must_have "what $server takes" "$work/$server.log" $registries
		continue
	fi
	begin "$peer starts"
	if "start_$server"; then
		try_peer
	else
		complain 'it does not'
		tail -n 20 "$work/$peer/log" | sed 's/^/# /'
	fi
done
finish

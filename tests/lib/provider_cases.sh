# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What holds with each provider of the desktop's keyring (providers.sh), over grants of the Coze
# server (refresh.sh). To be sourced after home.sh, instead of those that it sources; after alone:
#
#	providers_serve			a home, the providers' bus and settings, and the server
#	provider_cases NAME STEP	STEP: every so manieth moment is one to be killed at

. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
. "$srcdir/tests/lib/providers.sh"

providers_serve()
{
	need dbus-daemon dbus-send node python3 curl
	home_make
	providers_start
	refresh_serve
}

# count_items NAME: what the keyring has of the account, in whichever collection.
count_items()
{
	desktop_call /org/freedesktop/secrets org.freedesktop.Secret.Service.SearchItems \
		"dict:string:string:username,$1" | grep -c 'object path'
}

# expect_whole NAME: its grant is there, once, and no spent token was ever shown to the server.
expect_whole()
{
	call keyturn token "$1"
	expect_token
	call keyturn refresh "$1"
	expect_status 0
	must [ "$(server_count presented_spent)" -eq 0 ]
	must [ "$(count_items "$1")" -eq 1 ]
}

# refresh_killing NUMBER NAME: a renewal whose keyring is killed once it has answered so many calls
# (the bus answers some for itself); its $status. Without $work/killed there were not so many.
refresh_killing()
{
	rm -f "$work/trace" "$work/killed"
	mkfifo "$work/trace"
	(
		count=0
		while read -r line; do
			case $line in
			*connect* | *Hello* | *'service: open '* | *StartService* | *GetNameOwner* | *UnixUser*) ;;
			*secret-service:*answered*) count=$((count + 1)) ;;
			esac
			if [ "$count" -eq "$1" ] && [ ! -e "$work/killed" ]; then
				kill -KILL "$DESKTOP_DAEMON"
				: >"$work/killed"
			fi
			echo "$line"
		done >"$work/traced"
	) <"$work/trace" &
	tracer=$!
	status=0
	KEYTURN_TRACE=1 keyturn refresh "$2" >"$work/out" 2>"$work/trace" </dev/null || status=$?
	wait "$tracer"
	grep -v '^keyturn trace:' "$work/traced" >"$work/err" || true
}

provider_cases()
{
	provider_need "$1"
	provider_start "$1" || complain "$1 does not start"

	begin "$1: 20 renewals without a display, in one item"
	grant me
	for round in $(seq 20); do
		keyturn refresh me 2>"$work/err" || complain "round $round: $(cat "$work/err")"
	done
	expect_whole me
	provider_settle

	begin "$1: killed in the middle of a renewal, at each call: nothing is lost, and that is said"
	moment=1
	while [ "$moment" -lt 40 ]; do
		refresh_killing "$moment" me
		[ -e "$work/killed" ] || break
		case $status in
		0 | 4) ;;
		*) complain "killed after $moment calls: exit status $status" && show_call ;;
		esac
		[ "$status" -eq 0 ] || expect_cause_and_remedy
		provider_kill
		provider_start "$1" || complain "$1 does not start again"
		expect_whole me
		moment=$((moment + $2))
	done
	echo "# killed at every $2. of $moment moments"
	must [ "$moment" -gt 6 ]

	begin "$1: restarted it has what was stored"
	[ -n "$DESKTOP_DAEMON" ] || provider_start "$1"
	provider_end
	provider_start "$1" || complain "$1 does not start"
	expect_whole me

	begin "$1: locked it is exit 4, nothing is taken for absent, and nothing is stored beside"
	call keyturn lock --desktop
	expect_status 0
	for command in 'token me' 'token nobody' list 'logout me'; do
		call keyturn $command
		expect_status 4
		expect_output ''
		expect_cause_and_remedy
	done
	input 'pat_second\n'
	call keyturn login me --site coze.cn --with-token --replace
	expect_status 4
	expect_unsaid pat_second
	provider_end
	provider_start "$1" || complain "$1 does not start"
	expect_whole me
}

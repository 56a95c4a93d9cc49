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
	need dbus-daemon dbus-send secret-tool node python3 curl
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

# log_in NAME: as a person does it, whose browser allows the app.
log_in()
{
	control '{"any_loopback_port":true}'
	: >"$work/login.err"
	keyturn login "$1" --kind pkce --api-base "$COZE_API" --www-base "$COZE_WWW" \
		--redirect-uri http://127.0.0.1:0/callback --client-id pkce-client.app.coze \
		>"$work/out" 2>"$work/login.err" </dev/null &
	login=$!
	wait_beside "$login" grep -q response_type= "$work/login.err" || complain 'no address was told'
	curl -sL --noproxy '*' -o "$work/page" \
		"$(grep -o 'http.*response_type=.*' "$work/login.err")"
	wait "$login" || complain "the login of $1 failed: $(cat "$work/login.err")"
}

# killed_and_back: at once, however long it takes to write what it answered for.
killed_and_back()
{
	provider_kill
	provider_start "$provider" || complain "$provider does not start again"
}

# saved: KeePassXC 2.7.4 crashes now and then where an item goes while a thread of it saves that item.
saved()
{
	[ "$provider" != keepassxc ] || must desktop_wait provider_is_at_rest
}

# login_cases: what a login left is kept while the provider may still lose it.
login_cases()
{
	begin "$provider: killed right after a login, it has the login at the next call"
	control '{"auto_approve":"allow"}'
	log_in browser
	grant handed
	store_token typed coze.cn pat_typed
	killed_and_back
	call keyturn token typed
	expect_output pat_typed
	expect_whole browser
	expect_whole handed
	must [ "$(count_items typed)" -eq 1 ]

	begin "$provider: the login that came last is the one it has then"
	store_token typed coze.cn pat_again
	killed_and_back
	call keyturn list
	must grep -q '^. typed ' "$work/out"
	call keyturn token typed
	expect_output pat_again
	must [ "$(count_items typed)" -eq 1 ]

	begin "$provider: what was forgotten a moment after its login is not brought back"
	store_token gone coze.cn pat_gone
	saved
	call keyturn set gone --name left
	saved
	call keyturn logout left
	expect_status 0
	input 'protocol=https\nhost=git.example.com\nusername=u\npassword=p\n\n'
	call keyturn store
	saved
	input 'protocol=https\nhost=git.example.com\nusername=u\npassword=p\n\n'
	call keyturn erase
	saved
	for name in gone left u; do
		call keyturn token "$name"
		expect_status 1
		must [ "$(count_items "$name")" -eq 0 ]
	done
}

# lies_in COLLECTION NAME: the one item of this account.
lies_in()
{
	desktop_call /org/freedesktop/secrets org.freedesktop.Secret.Service.SearchItems \
		"dict:string:string:username,$2" | grep 'object path' >"$work/places"
	[ "$(wc -l <"$work/places")" -eq 1 ] && grep -q "\"$1/" "$work/places"
}

# move_to COLLECTION NAME: as another program does it.
move_to()
{
	secret-tool lookup username "$2" >"$work/form"
	secret-tool clear username "$2"
	secret-tool store "--collection=$1" --label=moved xdg:schema org.keyturn.Credential \
		protocol https host api.coze.cn path '' username "$2" <"$work/form"
}

# expect_in_the_way COMMAND...: for each, what is locked may hold the answer.
expect_in_the_way()
{
	for command in "$@"; do
		# shellcheck disable=SC2086
		call keyturn $command
		expect_status 4
		expect_output ''
		expect_cause_and_remedy
	done
}

# collection_cases: a second collection beside the one that new items go to.
collection_cases()
{
	begin "$provider: in another collection a login is found, and replaced where it lies"
	collection_make || complain 'there is no second collection'
	store_token moved coze.cn pat_first
	move_to "$second" moved
	must lies_in "$second" moved
	call keyturn token moved
	expect_output pat_first
	store_token moved coze.cn pat_second
	must lies_in "$second" moved
	call keyturn token moved
	expect_output pat_second

	begin "$provider: while that is locked it is not absent, nor stored a second time"
	must collection_lock "$second"
	expect_in_the_way 'token moved' 'token nobody' 'logout moved'
	input 'pat_beside\n'
	call keyturn login moved --site coze.cn --with-token
	expect_status 4
	call keyturn token me
	expect_token
	must collection_open "$second"
	must lies_in "$second" moved
	call keyturn token moved
	expect_output pat_second

	begin "$provider: nor while the other one is locked"
	must collection_lock "$collection"
	call keyturn token moved
	expect_output pat_second
	call keyturn set moved --expires never
	expect_status 0
	expect_in_the_way 'token me' 'token nobody' 'logout me'
	must collection_open "$collection"
	must lies_in "$second" moved
	call keyturn token moved
	expect_output pat_second
	expect_whole me
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

	login_cases

	[ "$1" = keepassxc ] || collection_cases

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

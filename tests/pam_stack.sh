#!/bin/sh
# SPDX-License-Identifier: MIT
# The whole stack as root: pam_unix with a real user and password, a real gnome-keyring that is
# locked, on its control socket and on a real message bus.
set -eu
. "$(dirname "$0")/lib/pam_cases.sh"
. "$(dirname "$0")/lib/pam_root.sh"
need pamtester strace dbus-monitor

good=Correct-horse-1
make_user kt-one "$good"
make_user kt-two Another-pony-2
one=$(id -u kt-one)
printf %s "$good" >"$scratch/good"
printf %s Wrong-guess-3 >"$scratch/wrong"

# service NAME [ARGUMENT...]
service() {
	file=/etc/pam.d/$1
	shift
	cat >"$file" <<END
auth required pam_unix.so
auth optional $module grace=0 $*
account required pam_unix.so
password required pam_unix.so
password optional $module grace=0 $*
session required pam_unix.so
session optional $module grace=0 $*
END
}
service kt-login
service kt-create create
service kt-dbus backends=dbus
service kt-prefetch prefetch
service kt-grace grace=5
service kt-vault backends=vault
service kt-short timeout=300
printf '%s\n' "auth required pam_unix.so" "account required pam_unix.so" \
	"session required pam_unix.so" >/etc/pam.d/kt-without
cp /etc/pam.d/kt-without /etc/pam.d/other

# login SERVICE STEP...
login() {
	login_service=$1
	shift
	case $1 in
	cycles:*) ;;
	*) set -- "pw:$scratch/good" "$@" ;;
	esac
	"$programs/pam_harness" /etc/pam.d "$login_service" kt-one default "$@" >"$scratch/out" 2>&1
}

start_bus kt-one
start_keyring kt-one

creates() {
	login kt-login auth cred open close && [ "$(outcome_of kt-one)" = no-login-keyring ] &&
		[ ! -e "$scratch/home/kt-one/.local/share/keyrings/login.keyring" ] &&
		login kt-create auth cred open close && [ "$(outcome_of kt-one)" = opened ] &&
		[ -e "$scratch/home/kt-one/.local/share/keyrings/login.keyring" ]
}
check "a missing login keyring is made with create, and without it not" creates

holds_token() {
	start_keyring kt-one && login kt-login auth cred && is_locked kt-one no &&
		echo pat_desktop | as_keyturn kt-one login main --site coze.cn --with-token 2>"$scratch/told" &&
		gives_token kt-one pat_desktop
}
check "a token is kept in it" holds_token

opens() {
	start_keyring kt-one && is_locked kt-one yes && gives_none kt-one "keyring is locked" &&
		login "$1" auth acct cred open close && succeeded_with_lines 0 &&
		is_locked kt-one no && [ "$(outcome_of kt-one)" = opened ] &&
		gives_token kt-one pat_desktop
}
check "login opens the locked keyring by the control socket" opens kt-login
check "login opens the locked keyring by the bus" opens kt-dbus

by_activation() {
	stop_keyring
	login kt-dbus auth cred open close && succeeded_with_lines 0 && is_locked kt-one no
	state=$?
	echo "# with the daemon to start: $(took cred) ms"
	kill "$(pgrep -n -u kt-one -x gnome-keyring-d)"
	return "$state"
}
check "the bus starts the daemon where its service file is" by_activation

by_pamtester() {
	start_keyring kt-one && is_locked kt-one yes &&
		echo "$good" | pamtester kt-login kt-one authenticate \
			'setcred(PAM_ESTABLISH_CRED)' open_session close_session >"$scratch/out" 2>&1 &&
		is_locked kt-one no
}
check "another application of PAM opens it as well" by_pamtester

wrong() {
	start_keyring kt-one && ! echo Wrong-guess-3 | pamtester kt-login kt-one authenticate \
		open_session >"$scratch/out" 2>&1 && is_locked kt-one yes
}
check "a wrong password is refused and the keyring stays locked" wrong

typo() {
	start_keyring kt-one && login kt-login "pw:$scratch/wrong" auth "pw:$scratch/good" auth cred \
		open && [ "$(result auth)" = 0 ] && is_locked kt-one no
}
check "after a typo the good password opens it" typo

differ() {
	echo "kt-one:Other-password-4" | chpasswd
	printf %s Other-password-4 >"$scratch/good"
	start_keyring kt-one && login kt-login auth cred open && succeeded_with_lines 1 &&
		is_locked kt-one yes && [ "$(outcome_of kt-one)" = passwords-differ ] &&
		gives_none kt-one "its password is not the login password" &&
		gives_none kt-one "keyturn unlock --resync"
	state=$?
	echo "kt-one:$good" | chpasswd
	printf %s "$good" >"$scratch/good"
	return "$state"
}
check "a keyring with another password stays locked, and login goes on" differ

stopped() {
	start_keyring kt-one && kill -STOP "$keyring_pid" && login kt-grace auth cred open close &&
		is_in_time "$(took cred)" 2000 1500 && succeeded_with_lines 1 &&
		kill -CONT "$keyring_pid" && wait_for 6 is_locked kt-one no
}
check "stopped daemon: login within 2 s, open once it wakes up" stopped

bus_stopped() {
	start_keyring kt-one && kill -STOP "$keyring_pid" && login kt-dbus auth cred open close &&
		is_in_time "$(took cred)" 2000 1500 && succeeded_with_lines 1 && kill -CONT "$keyring_pid"
}
check "stopped daemon behind the bus: login within 2 s" bus_stopped

no_runtime_dir() {
	mv "/run/user/$one" "/run/user/away"
	login kt-login auth cred open close && succeeded_with_lines 0
	state=$?
	mv "/run/user/away" "/run/user/$one"
	return "$state"
}
check "no runtime directory: nothing opened, nothing logged" no_runtime_dir

start_fake() {
	stop_keyring
	mkdir -p "/run/user/$2/keyring"
	: >"$scratch/requests"
	rm -f "$scratch/ready"
	"$programs/fake_control_daemon" "/run/user/$2/keyring/control" "$1" "$scratch/requests" \
		>"$scratch/ready" &
	fake_pid=$!
	remember "$fake_pid"
	wait_for 5 grep -q ready "$scratch/ready"
	chown -R "$2" "/run/user/$2/keyring"
	chmod 700 "/run/user/$2/keyring"
}

stop_fake() {
	kill -KILL "$fake_pid"
	wait "$fake_pid" 2>/dev/null || :
	rm -rf "/run/user/$1/keyring"
}

foreign_peer() {
	start_fake ok "$one"
	login kt-login auth cred open close && succeeded_with_lines 1 &&
		[ ! -s "$scratch/requests" ]
	state=$?
	stop_fake "$one"
	return "$state"
}
check "a daemon of another user behind the user's socket gets nothing" foreign_peer

switched() {
	two=$(id -u kt-two)
	mkdir -p "$scratch/home/kt-two/.local/share/keyrings"
	: >"$scratch/home/kt-two/.local/share/keyrings/login.keyring"
	chown -R kt-two: "$scratch/home/kt-two"
	as kt-two mkdir -m 700 "/run/user/$two/keyring"
	touch "$scratch/requests"
	: >"$scratch/requests"
	chmod 666 "$scratch/requests"
	rm -f "$scratch/ready"
	become kt-two "$programs/fake_control_daemon" "/run/user/$two/keyring/control" ok \
		"$scratch/requests" >"$scratch/ready" &
	fake_pid=$!
	remember "$fake_pid"
	wait_for 5 grep -q ready "$scratch/ready"
	login kt-login auth user:kt-two cred open close && succeeded_with_lines 0 &&
		[ ! -s "$scratch/requests" ] &&
		"$programs/pam_harness" /etc/pam.d kt-login kt-two default "pw:$scratch/two" auth \
			cred >"$scratch/out" && grep -q '^1 "Another-pony-2"' "$scratch/requests"
	state=$?
	stop_fake "$two"
	return "$state"
}
printf %s Another-pony-2 >"$scratch/two"
check "a password never goes to the daemon of another user" switched

root_opens_nothing() {
	start_keyring kt-one
	strace -f -o "$scratch/trace" -e trace=file,connect,setresuid,execve \
		"$programs/pam_harness" /etc/pam.d kt-login kt-one default "pw:$scratch/good" auth cred \
		open close >"$scratch/out" && is_locked kt-one no &&
		awk -v home="$scratch/home" -v run="/run/user" '
			/setresuid\(/ && / = 0$/ { dropped[$1] = 1 }
			(index($0, home) || index($0, run)) && !dropped[$1] { print; bad++ }
			END { exit bad != 0 }' "$scratch/trace" >"$scratch/bad" ||
		{ sed 's/^/# /' "$scratch/bad"; return 1; }
}
check "root touches no path of the user" root_opens_nothing

helper_pid() {
	pgrep -n -u kt-one -x keyturn-unlock
}

helper_is_confined() {
	start_keyring kt-one && kill -STOP "$keyring_pid" && login kt-grace auth cred &&
		wait_for 2 helper_pid || return 1
	helper=$(helper_pid)
	status=/proc/$helper/status
	cat "$status" >>"$scratch/out"
	groups=$(id -G kt-one)
	grep -Pqx "Uid:\t$one\t$one\t$one\t$one" "$status" &&
		[ "$(awk '/^Groups:/ { $1 = ""; print }' "$status" | xargs)" = "$groups" ] &&
		grep -Pqx 'CapEff:\t0+' "$status" && grep -Pqx 'NoNewPrivs:\t1' "$status" &&
		grep -Pqx 'SigBlk:\t0+' "$status" && grep -Pqx 'SigIgn:\t0+' "$status" &&
		tr '\0' '\n' <"/proc/$helper/environ" >"$scratch/environment" &&
		[ -s "$scratch/environment" ] && ! grep -q "$good" "$scratch/environment" &&
		! grep -Ev '^(HOME|USER|LOGNAME|PATH|XDG_RUNTIME_DIR)=' "$scratch/environment" &&
		[ "$(tr -d '\0' <"/proc/$helper/cmdline")" = keyturn-unlock ] &&
		[ "$(stat -c %u "/proc/$helper/environ")" = 0 ]
	state=$?
	kill -CONT "$keyring_pid"
	return "$state"
}
check "the helper has the user's rights alone, and nobody may look into it" helper_is_confined

scan_of() {
	login "$1" auth cred open scan && awk '$1 == "scan" { print $2 }' "$scratch/out"
}

memory() {
	start_keyring kt-one
	without=$(scan_of kt-without)
	with=$(scan_of kt-login)
	echo "# clear copies after open_session: $with with the module, $without without"
	[ -n "$without" ] && [ -n "$with" ] && [ "$with" -le "$without" ]
}
check "after open_session memory holds no copy of ours" memory

prefetched() {
	start_keyring kt-one
	become kt-one dbus-monitor --session >"$scratch/monitor" 2>&1 &
	monitor_pid=$!
	remember "$monitor_pid"
	wait_for 5 grep -q NameAcquired "$scratch/monitor"
	login kt-prefetch auth cred open && wait_for 5 grep -q 'keyturn-refresh.service' "$scratch/monitor" &&
		grep -q 'member=StartUnit' "$scratch/monitor" && ! grep -q "$good" "$scratch/monitor"
	state=$?
	kill "$monitor_pid"
	return "$state"
}
check "prefetch asks the user's service manager, and waits for nothing" prefetched

bus_is_sealed() {
	start_keyring kt-one
	become kt-one dbus-monitor --session >"$scratch/monitor" 2>&1 &
	monitor_pid=$!
	remember "$monitor_pid"
	wait_for 5 grep -q NameAcquired "$scratch/monitor"
	login kt-dbus auth cred open && wait_for 5 grep -q UnlockWithMasterPassword "$scratch/monitor" &&
		is_locked kt-one no && ! grep -q "$good" "$scratch/monitor"
	state=$?
	kill "$monitor_pid"
	return "$state"
}
check "no password crosses the bus in the clear" bus_is_sealed

milliseconds_of() {
	# Changes by other modules in the process are not looked at here.
	login "$1" cycles:40 "pw:$scratch/good" auth acct cred open close || :
	awk '$1 == "cycles" { print $3 }' "$scratch/out"
}

quick() {
	start_keyring kt-one
	login kt-login auth cred open
	without=$(milliseconds_of kt-without)
	with=$(milliseconds_of kt-login)
	by_bus=$(milliseconds_of kt-dbus)
	echo "# a warm login: $without ms without, $with ms with, $by_bus ms by the bus"
	awk -v a="$without" -v b="$with" -v c="$by_bus" '
		BEGIN { exit !(a > 0 && b > 0 && c > 0 && b - a < 50 && c - a < 50) }'
}
check "a warm login takes less than 50 ms more" quick

# ---- the vault, of a user who has no desktop ----

vault_opens() {
	as_keyturn kt-two lock && gives_none kt-two "is locked" &&
		login_two "$1" auth acct cred open close && succeeded_with_lines 0 &&
		gives_token kt-two pat_vault
}

# login_two SERVICE STEP...
login_two() {
	two_service=$1
	shift
	"$programs/pam_harness" /etc/pam.d "$two_service" kt-two default "pw:$scratch/two" "$@" \
		>"$scratch/out" 2>&1
}
check "a vault is made that the login password opens" make_vault kt-two Another-pony-2 pat_vault
check "login opens the vault" vault_opens kt-login
check "and says so" test "$(outcome_of kt-two)" = opened

vault_without_runtime_dir() {
	mv "/run/user/$two" /run/user/away
	vault_opens kt-login
	state=$?
	mv /run/user/away "/run/user/$two"
	return "$state"
}
check "also where there is no runtime directory" vault_without_runtime_dir

vault_later() {
	as_keyturn kt-two lock && login_two kt-short auth cred open close &&
		is_in_time "$(took cred)" 350 && wait_for 5 gives_token kt-two pat_vault
}
check "a vault for which there is no time opens behind the login" vault_later

vault_open_already() {
	vault_opens kt-vault && login_two kt-vault auth cred open close &&
		is_in_time "$(took cred)" 200 && succeeded_with_lines 0
}
check "a vault that is open makes nobody wait" vault_open_already

vault_wrong() {
	as_keyturn kt-two lock && ! echo Wrong-guess-3 | pamtester kt-login kt-two authenticate \
		open_session >"$scratch/out" 2>&1 && gives_none kt-two "is locked"
}
check "a wrong password leaves the vault closed" vault_wrong

vault_differs() {
	echo "kt-two:Other-password-4" | chpasswd
	printf %s Other-password-4 >"$scratch/two"
	login_two kt-login auth cred open close && succeeded_with_lines 1 &&
		[ "$(outcome_of kt-two)" = passwords-differ ] &&
		gives_none kt-two "its password is not the login password" &&
		gives_none kt-two "keyturn unlock --resync"
	state=$?
	echo "kt-two:Another-pony-2" | chpasswd
	printf %s Another-pony-2 >"$scratch/two"
	return "$state"
}
check "a vault with another login password stays closed, and says why" vault_differs

both() {
	make_vault kt-one "$good" pat_vault && start_keyring kt-one && is_locked kt-one yes &&
		login kt-login auth cred open close && succeeded_with_lines 0 &&
		is_locked kt-one no && gives_token kt-one pat_desktop &&
		[ "$(as kt-one env KEYTURN_KEYRING=vault KEYTURN_CACHE=off \
			"$programs/keyturn" token)" = pat_vault ]
}
check "where there are both, login opens both" both

vault_milliseconds_of() {
	for try in 1 2 3 4 5; do
		as_keyturn kt-two lock
		login_two "$1" auth acct cred open close
		awk '$1 ~ /^(auth|acct|cred|open|close)$/ { sum += $3 } END { print sum }' "$scratch/out"
	done | sort -n | head -n 1
}

# took_more WITH WITHOUT: in whole milliseconds.
took_more() {
	awk -v with="$1" -v without="$2" 'BEGIN { print int(with - without) }'
}

vault_quick() {
	without=$(vault_milliseconds_of kt-without)
	with=$(vault_milliseconds_of kt-vault)
	echo "# a login with a closed vault: $without ms without, $with ms with"
	gives_token kt-two pat_vault &&
		[ "$(took_more "$with" "$without")" -gt 0 ] &&
		is_in_time "$(took_more "$with" "$without")" 700
}
check "the vault's login slot takes less than 0.7 s" vault_quick

# Every file that the users and the test wrote, but for those the passwords come from.
nothing_left() {
	rm -f "$scratch/good" "$scratch/wrong" "$scratch/two"
	! grep -raF -e "$good" -e Another-pony-2 "$scratch/home" /run \
		"$scratch"/trace* "$scratch/out" "$scratch/told" "$scratch/monitor" "$scratch/environment"
}
check "no password stands in a file, a trace or what was logged" nothing_left
as kt-one env KEYTURN_KEYRING=vault "$programs/keyturn" lock
as_keyturn kt-two lock

exit "$failed"

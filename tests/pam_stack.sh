#!/bin/sh
# SPDX-License-Identifier: MIT
# The whole stack as root: pam_unix with a real user and password, a real gnome-keyring that is
# locked, on its control socket and on a real message bus.
set -eu
. "$(dirname "$0")/lib/pam_cases.sh"
. "$(dirname "$0")/lib/pam_root.sh"
need pamtester strace dbus-monitor setcap python3

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
service kt-grace grace=30
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

# The session is the last to look, and leaves word.
starts_once() {
	strace -f -o "$scratch/trace" -e trace=execve "$programs/pam_harness" /etc/pam.d kt-login kt-one \
		default "pw:$scratch/good" auth cred open close >"$scratch/out" &&
		[ "$(grep -c 'execve(.*keyturn-unlock.* = 0' "$scratch/trace")" = 1 ] &&
		[ "$(outcome_of kt-one)" = no-login-keyring ]
}
check "without any keyring the program is started for the session alone" starts_once

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
	login kt-dbus auth cred open close && succeeded_with_lines 0 &&
		! pgrep -u kt-one --ns "$$" --nslist mnt -x gnome-keyring-d >/dev/null
}
check "a login starts no daemon over the bus" by_activation

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
	wait_for 30 grep -q ready "$scratch/ready"
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

two=$(id -u kt-two)

# is_watched: what came to the other's bus before has been told: the caller that had its last word.
is_watched() {
	grep -q 'interface=org.example.Watched' "$scratch/his" &&
		[ "$(tail -n 1 "$scratch/his")" = '   string ""' ]
}

# Where the user's own bus was, and with the user's own socket file; its process is another's.
foreign_bus() {
	start_keyring kt-one
	become kt-two dbus-daemon --session --nofork --address="unix:path=/run/user/$two/his" \
		>/dev/null 2>&1 &
	remember $!
	wait_for 30 test -S "/run/user/$two/his" || return 1
	become kt-two dbus-monitor --address "unix:path=/run/user/$two/his" >"$scratch/his" 2>&1 &
	remember $!
	wait_for 30 test -s "$scratch/his" || return 1
	(become kt-two dbus-send "--bus=unix:path=/run/user/$two/his" --type=signal / \
		org.example.Watched.Now) || return 1
	wait_for 30 is_watched || return 1
	mv "/run/user/$one/bus" "/run/user/$one/kept"
	mv "/run/user/$two/his" "/run/user/$one/bus"
	chown "$one" "/run/user/$one/bus"
	lines=$(wc -l <"$scratch/his")
	login kt-dbus auth cred open close && succeeded_with_lines 1 &&
		[ "$(wc -l <"$scratch/his")" -eq "$lines" ]
	state=$?
	mv "/run/user/$one/kept" "/run/user/$one/bus"
	return "$state"
}
check "a message bus of another user in its place gets nothing" foreign_bus

switched() {
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
	wait_for 30 grep -q ready "$scratch/ready"
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

# Ours: another test's users may have the same number, in a mount namespace of their own.
helper_pid() {
	pgrep -n -u kt-one --ns "$$" --nslist mnt -x keyturn-unlock
}

helper_is_confined() {
	start_keyring kt-one && kill -STOP "$keyring_pid" && login kt-grace auth cred &&
		wait_for 30 helper_pid || return 1
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

# What of the password lies where, in the program that waits for a daemon to wake up.
memory_is_locked() {
	start_keyring kt-one && kill -STOP "$keyring_pid" && login kt-grace auth cred &&
		wait_for 30 helper_pid || return 1
	python3 - "$(helper_pid)" "$good" >"$scratch/memory" <<'END'
import re, sys
pid, password = sys.argv[1], sys.argv[2].encode()
found = unlocked = 0
with open(f"/proc/{pid}/mem", "rb") as memory:
    for part in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", open(f"/proc/{pid}/smaps").read()):
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", part)
        if not head or "rw" not in head[3] or "[vvar" in part:
            continue
        memory.seek(int(head[1], 16))
        try:
            copies = memory.read(int(head[2], 16) - int(head[1], 16)).count(password)
        except OSError:
            continue
        found += copies
        if copies and " lo" not in re.search(r"VmFlags:.*", part)[0]:
            unlocked += copies
print(found, unlocked)
END
	state=$?
	kill -CONT "$keyring_pid"
	echo "# copies in keyturn-unlock, and of these in memory that may be swapped: $(cat "$scratch/memory")"
	[ "$state" = 0 ] && grep -Eqx '[1-9][0-9]* 0' "$scratch/memory"
}
check "the password lies in no memory that may be swapped" memory_is_locked

# Another program of the user looks into each process of theirs as soon as it is there.
cat >"$scratch/peek" <<'END'
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
SEIZE = 0x4206
me, stop = os.getpid(), sys.argv[1]
seen = set()
looked = {}
while not os.path.exists(stop):
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == me:
            continue
        try:
            if os.stat(f"/proc/{name}").st_uid not in (0, os.getuid()):
                continue
            comm = open(f"/proc/{name}/comm").read().strip()
            if comm not in ("keyturn-unlock", "pam_harness", "sleep"):
                continue
            seen.add((name, comm))
            if libc.ptrace(SEIZE, int(name), 0, 0) == 0:
                looked[comm] = looked.get(comm, 0) + 1
                continue
            open(f"/proc/{name}/mem", "rb").close()
            looked[comm] = looked.get(comm, 0) + 1
        except OSError:
            continue
print(sum(comm == "keyturn-unlock" for _, comm in seen), looked.get("keyturn-unlock", 0),
      looked.get("pam_harness", 0), min(looked.get("sleep", 0), 1))
END

# The kernel says AT_SECURE to a program with capabilities, as it does where SELinux changes domains.
secure_execution() {
	setcap cap_net_raw+ep "$builddir/keyturn-unlock"
	start_keyring kt-one && login kt-login auth cred open close && succeeded_with_lines 0 &&
		is_locked kt-one no
	state=$?
	setcap -r "$builddir/keyturn-unlock"
	return "$state"
}
check "AT_SECURE without another user's rights keeps nothing from opening" secure_execution

nobody_peeks() {
	start_keyring kt-one
	rm -f "$scratch/stop"
	become kt-one sleep 600 &
	remember $!
	become kt-one python3 "$scratch/peek" "$scratch/stop" >"$scratch/peeked" &
	peeker=$!
	remember "$peeker"
	login kt-login "cycles:${LOGINS:-200}" "pw:$scratch/good" auth cred open close || :
	touch "$scratch/stop"
	wait "$peeker" || return 1
	echo "# seen, looked into, and its caller; and the control: $(cat "$scratch/peeked")"
	grep -Eqx '[1-9][0-9]* 0 0 1' "$scratch/peeked"
}
check "no program of the user looks into the one that has the password" nobody_peeks

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
	: >"$scratch/monitor"
	become kt-one dbus-monitor --session >"$scratch/monitor" 2>&1 &
	monitor_pid=$!
	remember "$monitor_pid"
	wait_for 30 grep -q NameAcquired "$scratch/monitor"
	login kt-prefetch auth cred open && wait_for 30 grep -q 'keyturn-prefetch.service' "$scratch/monitor" &&
		grep -q 'member=StartUnit' "$scratch/monitor" && ! grep -q "$good" "$scratch/monitor"
	state=$?
	kill "$monitor_pid"
	return "$state"
}
check "prefetch asks the user's service manager, and waits for nothing" prefetched

bus_is_sealed() {
	start_keyring kt-one
	: >"$scratch/monitor"
	become kt-one dbus-monitor --session >"$scratch/monitor" 2>&1 &
	monitor_pid=$!
	remember "$monitor_pid"
	wait_for 30 grep -q NameAcquired "$scratch/monitor"
	login kt-dbus auth cred open && wait_for 30 grep -q UnlockWithMasterPassword "$scratch/monitor" &&
		is_locked kt-one no && ! grep -q "$good" "$scratch/monitor"
	state=$?
	kill "$monitor_pid"
	return "$state"
}
check "no password crosses the bus in the clear" bus_is_sealed

milliseconds_of() {
	# Changes by other modules in the process are not looked at here.
	login "$1" cycles:10 "pw:$scratch/good" auth acct cred open close || :
	awk '$1 == "cycles" { print $3 }' "$scratch/out"
}

# took_more WITH WITHOUT: in whole milliseconds.
took_more() {
	awk -v with="$1" -v without="$2" 'BEGIN { print int(with - without) }'
}

# least NUMBER OTHER: the smaller one; there may be no other yet.
least() {
	printf '%s\n' "$@" | grep . | sort -g | head -n 1
}

# What else the machine does only ever adds: least of four, in turns.
quick() {
	start_keyring kt-one
	login kt-login auth cred open
	without=
	with=
	by_bus=
	for round in 1 2 3 4; do
		without=$(least "$(milliseconds_of kt-without)" "$without")
		with=$(least "$(milliseconds_of kt-login)" "$with")
		by_bus=$(least "$(milliseconds_of kt-dbus)" "$by_bus")
	done
	echo "# a warm login: $without ms without, $with ms with, $by_bus ms by the bus"
	is_in_time "$(took_more "$with" "$without")" 50 &&
		is_in_time "$(took_more "$by_bus" "$without")" 50
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
has_outcome() {
	[ "$(outcome_of "$1")" = "$2" ]
}
check "and says so" wait_for 30 has_outcome kt-two opened

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
		is_in_time "$(took cred)" 350 && wait_for 30 gives_token kt-two pat_vault
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
	login_two kt-login auth cred open close && succeeded_with_lines 0 &&
		wait_for 10 has_outcome kt-two passwords-differ &&
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

# vault_login COMMAND: milliseconds of a login after that keyturn command.
vault_login() {
	as_keyturn kt-two "$1" >"$scratch/told" 2>&1 || :
	login_two kt-vault auth acct cred open close
	awk '$1 ~ /^(cred|open|close)$/ { sum += $3 } END { print sum + 0 }' "$scratch/out"
}

# derivation: milliseconds of one of the vault's cost.
derivation() {
	derived_from=$(date +%s%N)
	openssl kdf -keylen 32 -kdfopt pass:x -kdfopt salt:0123456789abcdef -kdfopt n:131072 -kdfopt r:8 \
		-kdfopt p:1 -kdfopt maxmem_bytes:300000000 SCRYPT >/dev/null || return 1
	echo "$((($(date +%s%N) - derived_from) / 1000000))"
}

# With an open vault the same program runs, and derives nothing: least of eight of each, in turns.
# Who waited would wait for a derivation; half of one is for the other processor's work beside it.
vault_quick() {
	: >"$scratch/times"
	for try in 1 2 3 4 5 6 7 8; do
		opened=$(vault_login list)
		closed=$(vault_login lock)
		derived=$(derivation) || return 1
		echo "$opened $closed $derived" >>"$scratch/times"
		gives_token kt-two pat_vault || return 1
	done
	awk 'NR == 1 || $1 < open { open = $1 } NR == 1 || $2 < closed { closed = $2 }
		NR == 1 || $3 < key { key = $3 }
		END { printf "# a login: %s ms with an open vault, %s ms with a closed one, a key %s ms\n",
				open, closed, key
			exit !(open > 0 && closed > 0 && key > 0 && closed < open + key / 2) }' "$scratch/times"
}
check "a login does not wait for the key of a closed vault" vault_quick

vault_for_the_first_command() {
	for try in 1 2 3; do
		as_keyturn kt-two lock
		login_two kt-vault auth cred open && gives_token kt-two pat_vault || return 1
	done
}
check "the first command waits for the vault that is being opened" vault_for_the_first_command

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

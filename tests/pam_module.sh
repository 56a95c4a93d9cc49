#!/bin/sh
# SPDX-License-Identifier: MIT
# pam_keyturn.so in real libpam, without privileges: a token module in the place of pam_unix, and
# a control socket that answers as each case wants it.
set -eu
. "$(dirname "$0")/lib/pam_cases.sh"

need prlimit setpriv strace nm pgrep

if [ "$(id -u)" = 0 ]; then
	setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$programs/pam_harness" ||
		skip "an unprivileged user cannot reach the build tree"
	exec setpriv --reuid=65534 --regid=65534 --clear-groups \
		env "srcdir=$srcdir" "builddir=$builddir" "CYCLES=${CYCLES:-10000}" "$0"
fi

# Where the program is the user's own, the module looks here too.
unset XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS
user=$(id -un)
scratch=$(mktemp -d)
trap 'forget_all; rm -rf "$scratch"' EXIT
conf=$scratch/conf
run=$scratch/run
socket=$run/keyring/control
log=$scratch/requests
outcome=$run/keyturn/unlock-outcome
good=correct-horse-1
new=battery-staple-2
mkdir -p "$conf" "$run/keyring" "$scratch/home/.local/share/keyrings"
chmod 700 "$run" "$run/keyring"
: >"$scratch/home/.local/share/keyrings/login.keyring"
printf %s "$good" >"$scratch/good"
printf %s "$new" >"$scratch/new"
printf %s wrong-guess-3 >"$scratch/wrong"

# service NAME MODULE [ARGUMENT...]: the usual stack with this module last.
service() {
	file=$conf/$1
	shift
	cat >"$file" <<END
auth required $programs/pam_mock_token.so good=$scratch/good
auth optional $*
account required $programs/pam_mock_token.so
account optional $*
password required $programs/pam_mock_token.so
password optional $*
session required $programs/pam_mock_token.so
session optional $*
END
}

# harness SERVICE STEP...
harness() {
	harness_service=$1
	shift
	"$programs/pam_harness" "$conf" "$harness_service" "$user" "${sigchld:-default}" \
		"home:$scratch/home" "pw:$scratch/good" "new:$scratch/new" "$@" >"$scratch/out"
}

# The same with the runtime directory that a session has.
login() {
	login_service=$1
	shift
	harness "$login_service" "XDG_RUNTIME_DIR=$run" "$@"
}

daemon() {
	forget_all
	: >"$log"
	rm -rf "$run/keyturn" "$scratch/ready"
	"$programs/fake_control_daemon" "$socket" "$1" "$log" >"$scratch/ready" &
	remember $!
	daemon_pid=$!
	wait_for 30 grep -q ready "$scratch/ready"
}

got() {
	[ "$(cat "$log")" = "$1" ]
}

has_outcome() {
	[ "$(cat "$outcome" 2>/dev/null)" = "$1" ]
}

service login "$module" grace=0
service other "$module" grace=0
service retry "$module" grace=2
service debug "$module" grace=0 debug
service quiet "$module" grace=0 quiet nonsense
service odd "$module" grace=0 nonsense timeout=x
service missing "$programs/pam_keyturn_missing.so" grace=0
service sudo "$module" grace=0
service only "$module" grace=0 only_if=login
service never "$module" grace=0 min_uid=100000
service dbusonly "$module" grace=0 backends=dbus

# ---- what is sent, and when ----

sent_in_setcred() {
	login login auth cred && got "1 \"$good\"" && has_outcome opened &&
		[ "$(stat -c %a "$outcome")" = 600 ] && login login auth cred open close &&
		[ "$(wc -l <"$log")" = 2 ] && succeeded_with_lines 0
}
daemon ok
check "setcred opens, and open_session does not again" sent_in_setcred

sent_in_session() {
	login login auth acct open close && got "1 \"$good\"" && succeeded_with_lines 0
}
daemon ok
check "open_session opens where setcred did not" sent_in_session

kept_until_session() {
	harness login auth cred "XDG_RUNTIME_DIR=$run" open && got "1 \"$good\"" &&
		succeeded_with_lines 0
}
daemon ok
check "without a runtime directory the stash waits for open_session" kept_until_session

by_environment() {
	(
		XDG_RUNTIME_DIR=$run
		export XDG_RUNTIME_DIR
		harness login auth cred
	) && got "1 \"$good\"" && succeeded_with_lines 0
}
daemon ok
check "a program of the user's own has the runtime directory in its environment" by_environment

names_the_user() {
	login login auth cred && grep -q "^log [0-9]* $user: " "$scratch/out"
}
daemon denied
check "a line in the log names the user" names_the_user

changed_without_daemon() {
	login login change && succeeded_with_lines 1 && has_outcome passwords-differ
}
forget_all
rm -rf "$socket" "$run/keyturn"
check "a change that no daemon takes is told, and leaves word" changed_without_daemon

dropped() {
	login login auth del open && got "" && has_outcome no-password
}
daemon ok
check "deleted credentials take the stash along" dropped

wrong_is_refused() {
	login login "pw:$scratch/wrong" auth && [ "$(result auth)" = 7 ] && got "" &&
		[ ! -e "$outcome" ]
}
daemon ok
check "a wrong password is refused and opens nothing" wrong_is_refused

typo() {
	login login "pw:$scratch/wrong" auth "pw:$scratch/good" auth cred open &&
		[ "$(result auth)" = 0 ] && got "1 \"$good\""
}
daemon ok
check "after a typo the good password alone is sent" typo

lengths() {
	printf %s "$good" >"$scratch/saved"
	for length in 0 1 512 513 1024 1025 65536; do
		: >"$log"
		head -c "$length" /dev/zero | tr '\0' p | head -c 2000 >"$scratch/good"
		login login auth open
		if [ "$length" = 0 ]; then
			: # the token module itself refuses an empty one
		elif [ "$length" -le 1024 ]; then
			[ "$(wc -c <"$log")" = $((length + 5)) ] || return 1
		else
			[ ! -s "$log" ] && succeeded_with_lines 1 || return 1
		fi
	done
	mv "$scratch/saved" "$scratch/good"
}
daemon ok
check "passwords of 1 to 1024 bytes are sent, longer ones are one line" lengths

another_user() {
	login login auth user:root cred open && got "" && login login auth user:root user:"$user" cred &&
		got "1 \"$good\""
}
daemon ok
check "a stash is not for another user" another_user

forked() {
	login login auth fork cred open && got "" && succeeded_with_lines 0
}
daemon ok
check "a forked child has no stash" forked

no_password() {
	login login "SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA" open && has_outcome ssh-key &&
		rm -r "$run/keyturn" &&
		login login SSH_AUTH_INFO_0=password open && has_outcome no-password && login login auth open && has_outcome opened &&
		login login open && has_outcome opened && got "1 \"$good\""
}
daemon ok
check "a login without a password leaves word, and not over a better one" no_password

not_our_service() {
	for name in sudo only never; do
		login "$name" auth cred open change close && succeeded_with_lines 0 && got "" || return 1
	done
}
daemon ok
check "skipped services and users are left alone" not_our_service

# ---- changes ----

changed() {
	login login change && got "2 \"$good\" \"$new\"" && succeeded_with_lines 0
}
daemon ok
check "a new password changes the keyring" changed

changed_before() {
	login login change && got "2 \"$good\" \"$new\"
1 \"$new\""
}
daemon denied
check "a denied change asks whether it is in step already" changed_before

expired() {
	harness login auth acct change "XDG_RUNTIME_DIR=$run" open && got "1 \"$new\"
2 \"$good\" \"$new\"
1 \"$new\"" && has_outcome opened && succeeded_with_lines 0
}
daemon denied-unlock
check "a password that expired at login is brought along" expired

reset_by_root() {
	sed "s|^\(password required .*\)|\1 no_old|" "$conf/login" >"$conf/reset"
	login reset change && got "" && succeeded_with_lines 1
}
daemon ok
check "without the old password nothing changes, and one line says so" reset_by_root

# ---- what goes wrong ----

# survives NAME-OF-DAEMON OUTCOME LINES
survives() {
	daemon "$1"
	login login auth cred open close && is_in_time "$(took cred)" 2000 1500 &&
		succeeded_with_lines "$3" && has_outcome "$2"
}
check "denied: login goes on, one line" survives denied passwords-differ 1
check "silent daemon: login within 2 s, one line" survives silent no-daemon 1
check "stopped daemon: login within 2 s, one line" survives stopped no-daemon 1
check "full backlog: login within 2 s, one line" survives backlog no-daemon 1
check "garbage: login goes on, one line" survives garbage no-daemon 1
check "early close: login goes on, one line" survives early no-daemon 1

absent() {
	login login auth cred open && succeeded_with_lines 0 && has_outcome no-daemon
}
forget_all
rm -f "$socket"
check "no daemon: login goes on, nothing logged" absent

retried() {
	login retry auth cred open && succeeded_with_lines 1 && wait_for 30 has_outcome opened &&
		[ "$(wc -l <"$log")" = 3 ]
}
daemon denied-then-ok
check "a daemon that is not ready yet is asked again" retried

helper_is_gone() {
	! pgrep -u "$(id -u)" -x keyturn-unlock
}

gives_up() {
	login retry auth cred open && wait_for 30 helper_is_gone && [ "$(wc -l <"$log")" = 4 ] &&
		has_outcome passwords-differ
}
daemon denied
check "a daemon that denies is asked three times more at most" gives_up

wakes_up() {
	login retry auth cred open && has_outcome no-daemon && kill -CONT "$daemon_pid" &&
		wait_for 30 has_outcome opened
}
daemon stopped
check "a daemon that wakes up in the grace time is opened" wakes_up

helper_missing() {
	login missing auth cred open close && succeeded_with_lines 1 && got ""
}
daemon ok
check "helper missing: login goes on, one line" helper_missing

# refused RUNTIME-DIRECTORY
refused() {
	harness login "XDG_RUNTIME_DIR=$1" auth open && succeeded_with_lines 1 && got ""
}
daemon ok
check "a runtime directory of another user is refused" refused /
ln -s "$run" "$scratch/link"
check "a runtime directory that is a symbolic link is refused" refused "$scratch/link"
chmod 750 "$run"
check "a runtime directory open to the group is refused" refused "$run"
chmod 700 "$run"
mv "$socket" "$scratch/elsewhere"
ln -s "$scratch/elsewhere" "$socket"
check "a socket that is a symbolic link is refused" refused "$run"
rm "$socket"
mv "$scratch/elsewhere" "$socket"
mv "$run/keyring" "$scratch/elsewhere"
ln -s "$scratch/elsewhere" "$run/keyring"
check "a socket directory that is a symbolic link is refused" refused "$run"
rm "$run/keyring"
mv "$scratch/elsewhere" "$run/keyring"

no_collection() {
	mv "$scratch/home/.local/share/keyrings/login.keyring" "$scratch/away"
	login login auth open && got "" && has_outcome no-login-keyring && succeeded_with_lines 0
	state=$?
	mv "$scratch/away" "$scratch/home/.local/share/keyrings/login.keyring"
	return "$state"
}
daemon ok
check "no login keyring: nothing is sent that would make one" no_collection

fork_fails() {
	prlimit --nproc=1 "$programs/pam_harness" "$conf" login "$user" default "home:$scratch/home" \
		"pw:$scratch/good" "XDG_RUNTIME_DIR=$run" auth cred open close >"$scratch/out" &&
		succeeded_with_lines 1 && got ""
}
daemon ok
check_plain "fork failing: login goes on, one line" fork_fails

mlock_fails() {
	prlimit --memlock=0 "$programs/pam_harness" "$conf" login "$user" default \
		"home:$scratch/home" "pw:$scratch/good" "XDG_RUNTIME_DIR=$run" auth cred open \
		close >"$scratch/out" && succeeded_with_lines 0 && got "1 \"$good\""
}
daemon ok
check_plain "mlock refused: the keyring opens" mlock_fails

odd_arguments() {
	login odd auth acct cred open close && succeeded_with_lines 1 && got "1 \"$good\"" &&
		login quiet auth cred open close && succeeded_with_lines 0
}
daemon ok
check "unknown arguments are one line and no error" odd_arguments

# ---- what it must never do ----

alone() {
	for control in required requisite sufficient optional; do
		printf '%s\n' "auth $control $module" "account $control $module" \
			"password $control $module" >"$conf/alone"
		for step in auth cred acct change; do
			login alone "$step"
			[ "$(result "$step")" != 0 ] || return 1
		done
	done
	got ""
}
daemon ok
check "alone it authenticates nobody: required, requisite, sufficient, optional" alone

sufficient_first() {
	printf '%s\n' "auth sufficient $programs/pam_mock_token.so good=$scratch/good" \
		"auth optional $module" >"$conf/after"
	login after "pw:$scratch/wrong" auth && [ "$(result auth)" != 0 ] && got ""
}
check "after a sufficient module that failed it lets nobody in" sufficient_first

exports() {
	[ "$(nm -D --defined-only "$module" | awk '{ print $3 }' | sort | tr '\n' ' ')" = \
		"pam_sm_acct_mgmt pam_sm_authenticate pam_sm_chauthtok pam_sm_close_session \
pam_sm_open_session pam_sm_setcred " ] &&
		! readelf -d "$module" | grep NEEDED | grep -v 'libpam\.so\|libc\.so'
}
check_plain "the module exports pam_sm_* and links libpam and libc alone" exports

exec_is_clean() {
	strace -f -v -s 4096 -o "$scratch/trace" -e trace=execve,openat,open,write \
		"$programs/pam_harness" "$conf" login "$user" default "home:$scratch/home" \
		"pw:$scratch/good" "XDG_RUNTIME_DIR=$run" auth open >"$scratch/out" &&
		grep 'execve(.*keyturn-unlock' "$scratch/trace" >"$scratch/exec" &&
		! grep -q "$good" "$scratch/exec" &&
		! grep -q "write(.*$good" "$scratch/trace" &&
		grep -q "\\[\"keyturn-unlock\"\\], \\[\"HOME=[^\"]*\", \"USER=[^\"]*\", \
\"LOGNAME=[^\"]*\", \"PATH=[^\"]*\", \"XDG_RUNTIME_DIR=[^\"]*\"\\])" "$scratch/exec"
}
daemon ok
check_plain "no password in arguments, environment or written files" exec_is_clean

not_left_behind() {
	! grep -rlq "$good" "$run" "$scratch/home"
}
check "no password in runtime directory or home" not_left_behind

memory() {
	login login auth scan cred scan open scan && [ "$(grep -c '^scan' "$scratch/out")" = 3 ] &&
		[ "$(grep '^scan' "$scratch/out" | tail -n 2 | tr '\n' ' ')" = "scan 0 scan 0 " ] &&
		[ "$(grep '^scan' "$scratch/out" | head -n 1)" = "scan 1" ] &&
		login login auth change open scan && grep -qx 'scan 0' "$scratch/out"
}
daemon ok
check_plain "no clear copy is in memory after setcred and open_session" memory

children_unseen() {
	for sigchld in default ignore reaper thread subreaper; do
		: >"$log"
		login login auth cred open close && grep -qx 'sigchld 0' "$scratch/out" &&
			got "1 \"$good\"" && succeeded_with_lines 0 || return 1
	done
}
daemon ok
check "whatever the program does with SIGCHLD, it sees no child" children_unseen
sigchld=default

# A login is mostly a wait for the processes that it goes through: four are on their way at once.
cycles() {
	cycles_each=$((${CYCLES:-10000} / 4))
	cycles_pids=
	for part in 1 2 3 4; do
		# The cache of malloc would count as memory in use.
		GLIBC_TUNABLES=glibc.malloc.tcache_count=0 \
			"$programs/pam_harness" "$conf" login "$user" reaper "cycles:$cycles_each" \
			"home:$scratch/home" "XDG_RUNTIME_DIR=$run" "pw:$scratch/good" auth open close \
			>"$scratch/all.$part" &
		cycles_pids="$cycles_pids $!"
	done
	cycles_state=0
	for pid in $cycles_pids; do
		wait "$pid" || cycles_state=1
	done
	grep -h '^cycles' "$scratch"/all.? | sed 's/^/# /'
	[ "$cycles_state" = 0 ] || { grep '^changed' "$scratch"/all.?; return 1; }
	# Each begins with three that are not counted.
	[ "$(wc -l <"$log")" = $((4 * (cycles_each + 3))) ] &&
		[ "$(grep -lx 'sigchld 0' "$scratch"/all.? | wc -l)" = 4 ]
}
daemon ok
check_plain "${CYCLES:-10000} logins, four at a time, leave nothing changed in a process" cycles

valgrind_is_clean() {
	valgrind -q --leak-check=full --show-leak-kinds=definite,indirect,possible \
		--errors-for-leak-kinds=definite,indirect,possible --child-silent-after-fork=yes \
		--error-exitcode=9 "$programs/pam_harness" "$conf" login "$user" default cycles:20 \
		"home:$scratch/home" "XDG_RUNTIME_DIR=$run" "pw:$scratch/good" \
		"new:$scratch/new" auth change cred open close >"$scratch/all" 2>"$scratch/valgrind" ||
		{ sed 's/^/# /' "$scratch/valgrind"; return 1; }
}
daemon ok
if command -v valgrind >/dev/null; then
	check_plain "valgrind finds no leak and no error" valgrind_is_clean
else
	echo "skip: valgrind is not installed"
fi

exit "$failed"

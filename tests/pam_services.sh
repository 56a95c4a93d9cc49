#!/bin/sh
# SPDX-License-Identifier: MIT
# Real programs that log people in: passwd, su, sudo and sshd, with real users, real pam_unix and
# a real gnome-keyring, as the table of logins in pam_keyturn(8) has them.
set -eu
. "$(dirname "$0")/lib/pam_cases.sh"
. "$(dirname "$0")/lib/pam_root.sh"
need expect sshpass ssh ssh-keygen passwd su
sshd=$(command -v sshd || echo /usr/sbin/sshd)
[ -x "$sshd" ] || skip "sshd is not installed"

good=Correct-horse-1
other=Another-pony-2
make_user kt-one "$good"
make_user kt-two "$other"
start_bus kt-one
one=$(id -u kt-one)
two=$(id -u kt-two)

# service NAME [ARGUMENT...]
# The longest time-out there is: that it is kept is for pam_module.sh and pam_stack.sh.
service() {
	file=/etc/pam.d/$1
	shift
	cat >"$file" <<END
auth required pam_unix.so
auth optional $module grace=0 timeout=5000 $*
account required pam_unix.so
password requisite pam_unix.so minlen=6
password optional $module grace=0 timeout=5000 $*
session required pam_unix.so
session optional $module grace=0 timeout=5000 $*
END
}
service kt-create create
service passwd
service su
service su-l
service sshd
service sudo
printf '%s\n' 'auth required pam_deny.so' 'account required pam_deny.so' \
	'session required pam_deny.so' 'password required pam_deny.so' >/etc/pam.d/other

# The keyring that everything below opens.
start_keyring kt-one
printf %s "$good" >"$scratch/good"
"$programs/pam_harness" /etc/pam.d kt-create kt-one default "pw:$scratch/good" auth cred \
	>"$scratch/out"
check "there is a login keyring to open" \
	test -e "$scratch/home/kt-one/.local/share/keyrings/login.keyring"

holds_token() {
	start_keyring kt-one && "$programs/pam_harness" /etc/pam.d sshd kt-one default \
		"pw:$scratch/good" auth cred >"$scratch/out" && is_locked kt-one no &&
		echo pat_desktop | as_keyturn kt-one login main --site coze.cn --with-token 2>"$scratch/told" &&
		gives_token kt-one pat_desktop
}
check "a token is kept in it" holds_token
check "a vault is made that the login password opens" make_vault kt-two "$other" pat_vault

# false_daemon USER: takes the place of that user's keyring daemon and notes what it is sent.
false_daemon() {
	stop_false_daemon
	daemon_dir=/run/user/$(id -u "$1")/keyring
	become "$1" sh -c "rm -rf '$daemon_dir'; mkdir -m 700 '$daemon_dir'; \
		mkdir -p ~/.local/share/keyrings; touch ~/.local/share/keyrings/login.keyring"  &
	wait $!
	requests=$scratch/home/$1/requests
	rm -f "$requests" "$scratch/ready"
	become "$1" "$programs/fake_control_daemon" "$daemon_dir/control" ok "$requests" \
		>"$scratch/ready" &
	false_pid=$!
	remember "$false_pid"
	wait_for 30 grep -q ready "$scratch/ready"
}

stop_false_daemon() {
	[ -n "${false_pid:-}" ] || return 0
	kill -KILL "$false_pid"
	wait "$false_pid" 2>/dev/null || :
	rm -rf /run/user/*/keyring
	false_pid=
}

cat >"$scratch/answer" <<'END'
set timeout 20
spawn -noecho {*}[lindex $argv 0]
foreach password [lrange $argv 1 end] {
	expect {
		-nocase "password:" { sleep 0.05; send "$password\r" }
		eof { exit 98 }
		timeout { exit 97 }
	}
}
expect eof {} timeout { exit 97 }
exit [lindex [wait] 3]
END

# answer COMMAND PASSWORD...: types a password at each prompt for one.
answer() {
	expect -f "$scratch/answer" -- "$@" >"$scratch/out" 2>&1
}

# ---- passwd ----

changes() {
	start_keyring kt-one && is_locked kt-one yes &&
		answer "setpriv --reuid=kt-one --regid=$one --init-groups passwd" "$1" "$2" "$2" &&
		start_keyring kt-one && printf %s "$2" >"$scratch/good" &&
		"$programs/pam_harness" /etc/pam.d sshd kt-one default "pw:$scratch/good" auth cred \
			>"$scratch/out" && is_locked kt-one no
}
check "passwd brings the keyring along" changes "$good" Third-donkey-3
check "and back again" changes Third-donkey-3 "$good"

# changes_vault OLD NEW: as the user, then opens it with the new one.
changes_vault() {
	as_keyturn kt-two lock
	answer "setpriv --reuid=kt-two --regid=$two --init-groups passwd" "$1" "$2" "$2" &&
		gives_none kt-two "is locked" && printf %s "$2" >"$scratch/two" &&
		"$programs/pam_harness" /etc/pam.d sshd kt-two default "pw:$scratch/two" auth cred \
			>"$scratch/out" && succeeded_with_lines 0 && gives_token kt-two pat_vault
}
check "passwd brings the vault along" changes_vault "$other" Third-donkey-3
check "and back again" changes_vault Third-donkey-3 "$other"

by_root() {
	start_keyring kt-one
	answer "passwd kt-one" Fourth-mule-4 Fourth-mule-4
	printf %s Fourth-mule-4 >"$scratch/good"
	"$programs/pam_harness" /etc/pam.d sshd kt-one default "pw:$scratch/good" auth cred \
		>"$scratch/out" && succeeded_with_lines 1 && is_locked kt-one yes &&
		[ "$(outcome_of kt-one)" = passwords-differ ]
	state=$?
	echo "kt-one:$good" | chpasswd
	return "$state"
}
check "a password that root reset leaves the keyring with its own" by_root

# ---- su ----

su_to_two() {
	answer "setpriv --reuid=kt-one --regid=$one --init-groups su $1 kt-two -c id" "$other" &&
		grep -q 'uid=.*kt-two' "$scratch/out"
}

skipped() {
	su_to_two "" && su_to_two - && [ ! -e "$requests" ]
}
stop_keyring
false_daemon kt-two
check "su is left alone unless asked for" skipped

service su only_if=su
service su-l only_if=su-l
target_opened() {
	su_to_two "" && [ "$(cat "$requests")" = "1 \"$other\"" ] && su_to_two - &&
		[ "$(wc -l <"$requests")" = 2 ]
}
check "su, if asked for, opens the target's keyring, with the target's password" target_opened

target_away() {
	stop_false_daemon
	mv "/run/user/$two" /run/user/away
	start_keyring kt-one
	su_to_two "" && is_locked kt-one yes && [ ! -e "/run/user/$two" ]
	state=$?
	mv /run/user/away "/run/user/$two"
	return "$state"
}
check "su to a user without a session opens nothing, not the caller's either" target_away

refused() {
	! answer "setpriv --reuid=kt-one --regid=$one --init-groups su kt-two -c id" Wrong-guess-5 &&
		! grep -q 'uid=.*kt-two' "$scratch/out"
}
check "su refuses a wrong password" refused

# ---- sudo ----

if command -v sudo >/dev/null; then
	printf '%s\n' 'kt-one ALL=(ALL) ALL' 'Defaults !lecture' >/etc/sudoers.d/kt-one
	chmod 440 /etc/sudoers.d/kt-one
	service sudo only_if=sudo allow_root

	# sudo_as TARGET
	sudo_as() {
		answer "setpriv --reuid=kt-one --regid=$one --init-groups sudo -k -p Password: -u $1 id" "$good" &&
			grep -q "uid=.*$1" "$scratch/out"
	}
	not_sent() {
		false_daemon kt-two && sudo_as kt-two && sudo_as root && [ ! -e "$requests" ]
	}
	check "sudo, even if asked for, sends the caller's password to nobody" not_sent
	stop_false_daemon
else
	echo "skip: sudo is not installed"
fi

# ---- sshd ----

mkdir "$scratch/ssh"
ssh-keygen -q -t ed25519 -N '' -f "$scratch/ssh/host"
ssh-keygen -q -t ed25519 -N '' -f "$scratch/ssh/user"
mkdir -m 700 "$scratch/home/kt-one/.ssh"
cp "$scratch/ssh/user.pub" "$scratch/home/kt-one/.ssh/authorized_keys"
chown -R kt-one: "$scratch/home/kt-one/.ssh"
cat >"$scratch/ssh/config" <<END
ListenAddress 127.0.0.1
HostKey $scratch/ssh/host
PidFile none
UsePAM yes
StrictModes no
PasswordAuthentication yes
KbdInteractiveAuthentication yes
PubkeyAuthentication yes
END
port=$(free_port)
"$sshd" -D -e -p "$port" -f "$scratch/ssh/config" 2>"$scratch/ssh/log" &
remember $!
wait_for 30 grep -q 'Server listening' "$scratch/ssh/log"

# ssh_as USER PASSWORD METHOD COMMAND [OPTION...]
ssh_as() {
	ssh_user=$1
	ssh_password=$2
	method=$3
	ssh_command=$4
	shift 4
	SSHPASS=$ssh_password sshpass -e ssh -F /dev/null -p "$port" -o "PreferredAuthentications=$method" \
		-o StrictHostKeyChecking=no -o "UserKnownHostsFile=$scratch/ssh/known" \
		-o LogLevel=ERROR -o IdentitiesOnly=yes "$@" "$ssh_user@127.0.0.1" \
		"$ssh_command" >"$scratch/out" 2>&1
}

# by_ssh METHOD [OPTION...]
by_ssh() {
	method=$1
	shift
	ssh_as kt-one "$good" "$method" id "$@" && grep -q 'uid=.*kt-one' "$scratch/out"
}

# opens_by YES-IF-STILL-LOCKED OUTCOME METHOD...
opens_by() {
	locked=$1
	outcome=$2
	shift 2
	forget_outcome kt-one
	start_keyring kt-one && is_locked kt-one yes && by_ssh "$@" && is_locked kt-one "$locked" &&
		[ "$(outcome_of kt-one)" = "$outcome" ]
}
check "ssh with a password opens it" opens_by no opened password
check "ssh by keyboard-interactive logs in, and opens nothing" \
	opens_by yes no-password keyboard-interactive
check "ssh with a key logs in, and leaves word of it" \
	opens_by yes ssh-key publickey -i "$scratch/ssh/user"

# answers_over_ssh USER PASSWORD TOKEN: to the first command, as login has just opened it.
answers_over_ssh() {
	ssh_as "$1" "$2" password "KEYTURN_CACHE=off XDG_RUNTIME_DIR=/run/user/$(id -u "$1") \
		$programs/keyturn token" && [ "$(cat "$scratch/out")" = "$3" ]
}

desktop_over_ssh() {
	start_keyring kt-one && gives_none kt-one "keyring is locked" &&
		answers_over_ssh kt-one "$good" pat_desktop
}
check "ssh with a password: a token of the desktop keyring is there" desktop_over_ssh

vault_over_ssh() {
	as_keyturn kt-two lock && gives_none kt-two "is locked" &&
		answers_over_ssh kt-two "$other" pat_vault
}
check "ssh with a password: a token of the vault is there" vault_over_ssh

no_password_over_ssh() {
	start_keyring kt-one && forget_outcome kt-one && by_ssh publickey -i "$scratch/ssh/user" &&
		gives_none kt-one "this login was by an SSH key, without a password"
}
check "ssh with a key: exit 4 says that it was one, without a password" no_password_over_ssh

typo_over_ssh() {
	as_keyturn kt-two lock && ! ssh_as kt-two Wrong-guess-5 password id &&
		gives_none kt-two "is locked"
}
check "ssh with a wrong password: refused, and the vault stays closed" typo_over_ssh
as_keyturn kt-two lock

[ "$failed" = 0 ] || sed 's/^/# sshd: /' "$scratch/ssh/log"
exit "$failed"

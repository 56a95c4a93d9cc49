#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The delay of a login, from authentication to the open session, on a quarter of a processor: with
# pam_keyturn less without it, in turns, of a user who has no keyring, one with a desktop keyring,
# one with an open vault and one with a closed vault. Fails where the difference of the means is
# over 50 ms. Not a test: it takes root and a control group of its own, and ROUNDS logins of each
# (20). The group has its quarter before all else that runs, so a busy machine says little less than
# an idle one; PERIOD says over how many microseconds it is counted (100000, as systemd's CPUQuota).
#
#	tests/bench/login.sh
set -eu

. "$(dirname "$0")/../lib/pam_cases.sh"
. "$srcdir/tests/lib/pam_root.sh"
need python3 pamtester
: "${ROUNDS:=20}" "${PERIOD:=100000}"

# make_group: its directory. Processes enter by cgroup.procs.
make_group()
{
	if [ -e /sys/fs/cgroup/cpu/cpu.cfs_quota_us ] || [ -d /sys/fs/cgroup/cpu ]; then
		group=/sys/fs/cgroup/cpu/keyturn-bench.$$
		mkdir "$group" && echo "$PERIOD" >"$group/cpu.cfs_period_us" &&
			echo $((PERIOD / 4)) >"$group/cpu.cfs_quota_us" && echo 262144 >"$group/cpu.shares"
	else
		group=/sys/fs/cgroup/keyturn-bench.$$
		mkdir "$group" && echo "$((PERIOD / 4)) $PERIOD" >"$group/cpu.max" &&
			echo 10000 >"$group/cpu.weight"
	fi
}
make_group 2>/dev/null || skip "needs a control group that limits processors"
trap 'forget_all; rmdir "$group" 2>/dev/null || :; umount -l "$scratch" 2>/dev/null || :; rmdir "$scratch"' EXIT

printf '%s\n' "auth required pam_unix.so" "account required pam_unix.so" \
	"session required pam_unix.so" | tee /etc/pam.d/other >/etc/pam.d/kt-without
for service in kt-login kt-create; do
	arguments=
	[ "$service" = kt-login ] || arguments=create
	cat >"/etc/pam.d/$service" <<-END
	auth required pam_unix.so
	auth optional $module $arguments
	account required pam_unix.so
	session required pam_unix.so
	session optional $module $arguments
	END
done
password=Correct-horse-1
printf %s "$password" >"$scratch/password"
for user in kt-none kt-desktop kt-vault; do
	make_user "$user" "$password"
done
start_bus kt-desktop
start_keyring kt-desktop
"$programs/pam_harness" /etc/pam.d kt-create kt-desktop default "pw:$scratch/password" auth cred open \
	close >"$scratch/out"
make_vault kt-vault "$password" pat_vault

# login SERVICE USER: in the group; prints its milliseconds.
login()
{
	sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' - "$group" "$programs/pam_harness" \
		/etc/pam.d "$1" "$2" default "pw:$scratch/password" auth acct cred open >"$scratch/out"
	awk '$1 ~ /^(auth|acct|cred|open)$/ { sum += $3 } END { print sum }' "$scratch/out"
}

# rest: until nothing of the login before runs any more, and the group has its quarter again.
rest()
{
	wait_for 60 sh -c '[ -z "$(cat "$1/cgroup.procs")" ]' - "$group"
	sleep "0.$((100 + RANDOM_STEP * 37 % 100))"
	RANDOM_STEP=$((RANDOM_STEP + 1))
}
RANDOM_STEP=0

# bench NAME USER [COMMAND]: the keyturn command comes before each login.
bench()
{
	: >"$scratch/times"
	for round in $(seq "$ROUNDS"); do
		[ -z "${3:-}" ] || as_keyturn "$2" "$3" >/dev/null 2>&1 || :
		without=$(login kt-without "$2")
		rest
		with=$(login kt-login "$2")
		rest
		echo "$without $with" >>"$scratch/times"
	done
	awk -v name="$1" '{ without += $1; with += $2; square += ($2 - $1) ^ 2 }
		END { mean = (with - without) / NR
			printf "%s: %.0f ms without, %.0f ms with, later by %.0f ms (+- %.0f)\n", name,
				without / NR, with / NR, mean, sqrt((square / NR - mean ^ 2) / NR)
			exit !(mean <= 50) }' "$scratch/times" || failed=1
}

bench "no keyring" kt-none
bench "a desktop keyring" kt-desktop
as_keyturn kt-vault lock
login kt-login kt-vault >/dev/null && wait_for 60 gives_token kt-vault pat_vault
bench "an open vault" kt-vault
bench "a closed vault" kt-vault lock
as_keyturn kt-vault lock
uptime | sed 's/.*load/load/'
exit "$failed"

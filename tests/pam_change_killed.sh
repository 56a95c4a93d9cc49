#!/bin/sh
# SPDX-License-Identifier: MIT
# A change of the login password that is broken off by a kill: the vault opens with the old password
# or with the new one, whenever it came. KILLS says how many moments are tried.
set -eu
. "$(dirname "$0")/lib/pam_cases.sh"
. "$(dirname "$0")/lib/pam_root.sh"
need python3

: "${KILLS:=12}"
user=kt-two
make_user "$user" Another-pony-2
number=$(id -u "$user")
printf %s Another-pony-2 >"$scratch/old"
printf %s Better-zebra-3 >"$scratch/new"
printf %s Another-pony-2 >"$scratch/good"
cat >/etc/pam.d/kt-vault <<END
auth required $programs/pam_mock_token.so good=$scratch/good
auth optional $module grace=0 backends=vault
password required $programs/pam_mock_token.so
password optional $module grace=0 backends=vault
session required pam_permit.so
session optional $module grace=0 backends=vault
END
header=$scratch/home/$user/.local/share/keyturn/vault/vault.json

# opens_with PASSWORD-FILE
opens_with()
{
	as_keyturn "$user" lock
	cp "$1" "$scratch/good"
	"$programs/pam_harness" /etc/pam.d kt-vault "$user" default "pw:$1" auth cred open close \
		>"$scratch/out" && gives_token "$user" pat_vault
}

# Prints how many of the kills left the old header, and how many another one, which goes into
# $scratch/found: the first that did. The moments are spread from the start of keyturn-unlock to
# behind the end of a change that nobody disturbs.
kill_changes()
{
	cp "$header" "$scratch/before"
	python3 - "$KILLS" "$number" "$header" "$scratch" "$programs/pam_harness" "$user" <<'END'
import os, shutil, signal, subprocess, sys, time
kills, uid, header, scratch, harness, user = sys.argv[1:]
before = open(scratch + "/before", "rb").read()
def helper():
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat("/proc/" + name).st_uid in (0, int(uid)) and \
               open(f"/proc/{name}/comm").read() == "keyturn-unlock\n" and runs(name) and \
               f"\nUid:\t{uid}\t" in open(f"/proc/{name}/status").read() and \
               os.readlink(f"/proc/{name}/ns/mnt") == os.readlink("/proc/self/ns/mnt"):
                return int(name)
        except OSError:
            pass
    return None
def begin():
    shutil.copyfile(scratch + "/before", header)
    process = subprocess.Popen([harness, "/etc/pam.d", "kt-vault", user, "default",
                                "pw:" + scratch + "/old", "new:" + scratch + "/new", "change"],
                               stdout=subprocess.DEVNULL)
    start = time.monotonic()
    while True:
        ended = process.poll() is not None
        pid = helper()
        if pid:
            return process, pid, start
        if ended:
            sys.exit("keyturn-unlock was not seen")
def runs(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False
def gone(pid):
    while runs(pid):
        time.sleep(0.001)
lives = []
for turn in range(3):
    process, pid, start = begin()
    process.wait()
    gone(pid)
    lives.append(time.monotonic() - start)
life = sorted(lives)[1]
old = new = 0
for turn in range(int(kills)):
    process, pid, start = begin()
    time.sleep(max(0, start + life * 1.1 * turn / int(kills) - time.monotonic()))
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
    process.wait()
    gone(pid)
    content = open(header, "rb").read()
    if content == before:
        old += 1
    else:
        new += 1
        shutil.copyfile(header, f"{scratch}/found.{new}")
print(f"{old} {new} {life * 1000:.0f}")
END
}

each_opens()
{
	kill_changes >"$scratch/kills" || return 1
	read -r old fresh life <"$scratch/kills"
	echo "# a change takes $life ms; of $KILLS that were killed $old left the old password, $fresh the new one"
	[ "$old" -gt 0 ] && [ $((old + fresh)) = "$KILLS" ] || return 1
	cp "$scratch/before" "$header"
	opens_with "$scratch/old" || return 1
	for found in "$scratch"/found.*; do
		[ -e "$found" ] || continue
		cp "$found" "$header"
		opens_with "$scratch/new" || return 1
	done
}

# The temporary files of those that were killed are in nobody's way.
goes_on()
{
	cp "$scratch/before" "$header"
	cp "$scratch/old" "$scratch/good"
	"$programs/pam_harness" /etc/pam.d kt-vault "$user" default "pw:$scratch/old" \
		"new:$scratch/new" change >"$scratch/out" &&
		wait_for 60 header_changed && opens_with "$scratch/new" && ! opens_with "$scratch/old"
}

header_changed()
{
	! cmp -s "$scratch/before" "$header"
}

check "a vault is made that the login password opens" make_vault "$user" Another-pony-2 pat_vault
check "a change that is killed leaves the old password or the new one" each_opens
check "and the next change is whole" goes_on
as_keyturn "$user" lock

exit "$failed"

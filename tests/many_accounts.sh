#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A thousand credentials in a vault: get by account costs what it costs with one, within a tenth, and
# what the file system takes to list the directory.
# With MANY_ACCOUNTS_DESKTOP set they are in a real gnome-keyring too, which takes a minute to fill
# and looks at each of them: there none of it is measured.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
need python3
alone "$0" "$@"
many=1000

# fill FROM TO: stores those credentials, by one call: a thousand calls of store take a minute.
fill()
{
	for number in $(seq "$1" "$2"); do
		echo "https://user$number:secret$number@git.example.com"
	done >"$HOME/.git-credentials"
	keyturn import git --yes --remove >"$work/import"
}

# costs: the least milliseconds of CPU time of 60 calls of get for user1, each of whose answers is
# right, in the vault $one and in the usual one, and of as many listings of that one's directory.
# They take turns, so that a busy machine, whose caches are others', is as busy for all.
costs()
{
	KEYTURN_CACHE=off python3 -c '
import os, resource, subprocess, sys, time
request = b"protocol=https\nhost=git.example.com\nusername=user1\n\n"
best = [1e9, 1e9]
listing = 1e9
def used():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
for turn in range(120):
    environment = dict(os.environ, **({"KEYTURN_VAULT": sys.argv[1]} if turn % 2 == 0 else {}))
    before = used()
    answer = subprocess.run(["keyturn", "get"], input=request, stdout=subprocess.PIPE,
                            env=environment).stdout
    best[turn % 2] = min(best[turn % 2], used() - before)
    if answer != b"username=user1\npassword=secret1\n":
        sys.exit("a wrong answer")
    before = time.process_time()
    os.listdir(sys.argv[2])
    listing = min(listing, time.process_time() - before)
print("%.3f %.3f %.3f" % (best[0] * 1000, best[1] * 1000, listing * 1000))
' "$one" "$HOME/.local/share/keyturn/vault"
}

# are_the_same ONE MANY LISTING
are_the_same()
{
	echo "# $1 ms with one, $2 ms with $many, $3 ms to list them"
	python3 -c 'import sys
one, many, listing = map(float, sys.argv[1:])
sys.exit(many > 1.1 * one + listing)' "$@"
}

check()
{
	begin "$1: all $many are there"
	must fill 1 "$many"
	call keyturn list --json
	expect_status 0
	must [ "$(grep -o '"account":' "$work/out" | wc -l)" -eq "$many" ]
	input 'protocol=https\nhost=git.example.com\nusername=user%s\n\n' "$many"
	call keyturn get
	expect_line "password=secret$many"

	begin "$1: where many fit and none is chosen, the list is cut short"
	input 'protocol=https\nhost=git.example.com\n\n'
	call keyturn get
	case $status in
	0) expect_line username=user1 ;;
	*)
		expect_status 2
		expect_output ''
		expect_cause_and_remedy
		;;
	esac
}

home_start
one=$work/one
KEYTURN_VAULT=$one keyturn vault create --key-file "$work/one.key" >"$work/out"
KEYTURN_VAULT=$one fill 1 1
check vault

begin "vault: get by account costs with $many credentials what it costs with one"
# shellcheck disable=SC2046
must are_the_same $(costs)

if [ -n "${MANY_ACCOUNTS_DESKTOP:-}" ]; then
	conclude
	home_leave
	home_on_desktop
	check desktop
fi

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The cost of a token beside the tool that people would use instead: through the Secret Service
# and through the vault, each beside secret-tool lookup in the same run, without the cache. Prints
# the ratios, of least times, and fails where one is over its goal (1.2 and 0.5). Not a test: a
# machine that is busy with something else says nothing.
#
#	tests/bench/token.sh
set -eu

. "$(dirname "$0")/../lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
need hyperfine secret-tool python3 dbus-daemon gnome-keyring-daemon
alone "$0" "$@"
home_on_desktop
rounds=${ROUNDS:-300}

keyturn vault create --key-file "$HOME/key" >/dev/null 2>&1
for keyring in secret-service vault; do
	echo pat_bench | KEYTURN_KEYRING=$keyring keyturn login --site coze.cn --with-token 2>/dev/null
done
printf 'pat_bench' | secret-tool store --label=bench bench token

# compare NAME: keyturn token as the environment has it, beside secret-tool lookup.
compare()
{
	hyperfine --shell=none --warmup 20 --runs "$rounds" --style none \
		--export-json "$work/$1.json" 'secret-tool lookup bench token' 'keyturn token' \
		2>"$work/err"
}

export KEYTURN_KEYRING KEYTURN_CACHE
KEYTURN_CACHE=off
KEYTURN_KEYRING=secret-service
compare service
KEYTURN_KEYRING=vault
compare vault
KEYTURN_CACHE=900
compare remembered

python3 - "$work" <<'END'
import json, sys

over = False
print("%-24s %14s %14s %6s %5s" % ("token", "ms (median)", "secret-tool", "ratio", "goal"))
for name, goal in (("service", 1.2), ("vault", 0.5), ("remembered", None)):
    with open(f"{sys.argv[1]}/{name}.json") as file:
        lookup, token = json.load(file)["results"]
    ratio = token["min"] / lookup["min"]
    over = over or (goal is not None and ratio > goal)
    print("%-24s %6.2f (%5.2f) %6.2f (%5.2f) %6.2f %5s" % (
        name, 1000 * token["min"], 1000 * token["median"], 1000 * lookup["min"],
        1000 * lookup["median"], ratio, goal or ""))
sys.exit(over)
END

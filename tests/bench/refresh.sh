#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The cost of a refresh, store included, beside one curl POST to the same server over TLS on this
# machine, with the distribution's default CA bundle. Prints the ratio of least times, the
# instructions and the system calls of one refresh; fails where one is over its goal (0.75, 75
# million, 1,300). Where perf counts no instructions, as in many virtual machines, a line says so.
# Not a test: a machine that is busy with something else says nothing. Root alone can add the
# server's CA for a while, in a mount namespace.
#
#	tests/bench/refresh.sh
set -eu

. "$(dirname "$0")/../lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
alone --keyring "$0" "$@"
need hyperfine curl strace dbus-daemon gnome-keyring-daemon
rounds=${ROUNDS:-100}
home_on_desktop
refresh_serve --tls --host localhost
trust "$COZE_CA"
keyturn vault create --key-file "$work/vault.key" >"$work/log" 2>&1

# curl's request is answered without effect on the grants.
cat >"$work/body" <<-END
{"grant_type":"refresh_token","client_id":"pkce-client.app.coze","refresh_token":"refresh_none"}
END
post="curl -s -o /dev/null --cacert /etc/ssl/certs/ca-certificates.crt --capath /nonexistent"
post="$post -H Content-Type:application/json -d @$work/body $COZE_API/api/permission/oauth2/token"

for keyring in secret-service vault; do
	export KEYTURN_KEYRING=$keyring
	grant bench
	keyturn refresh bench
	hyperfine --shell=none --warmup 5 --runs "$rounds" --style none \
		--export-json "$work/$keyring.json" "$post" 'keyturn refresh bench' 2>"$work/log" ||
		{
			cat "$work/log"
			exit 1
		}
	strace -f -qq -c -o "$work/$keyring.calls" keyturn refresh bench
	perf stat -x, -e instructions:u -o "$work/$keyring.perf" keyturn refresh bench \
		2>/dev/null || : >"$work/$keyring.perf"
done

python3 - "$work" <<'END'
import json, sys

work = sys.argv[1]
over = uncounted = False
print("%-16s %18s %18s %6s %9s %7s" % ("refresh", "ms (median)", "curl POST", "ratio",
                                       "M instr.", "calls"))
for name in ("secret-service", "vault"):
    with open(f"{work}/{name}.json") as file:
        post, refresh = json.load(file)["results"]
    with open(f"{work}/{name}.calls") as file:
        calls = int(file.read().splitlines()[-1].split()[2 + 1])
    with open(f"{work}/{name}.perf") as file:
        counts = [line.split(",")[0] for line in file if "instructions" in line]
    instructions = int(counts[0]) / 1e6 if counts and counts[0].isdigit() else None
    ratio = refresh["min"] / post["min"]
    over = over or ratio > 0.75 or calls > 1300 or (instructions or 0) > 75
    print("%-16s %8.1f (%7.1f) %8.1f (%7.1f) %6.2f %9s %7d" % (
        name, 1000 * refresh["min"], 1000 * refresh["median"], 1000 * post["min"],
        1000 * post["median"], ratio, "-" if instructions is None else round(instructions, 1),
        calls))
    uncounted = uncounted or instructions is None
if uncounted:
    print("perf counts no instructions here: their goal was not looked at")
sys.exit(over)
END

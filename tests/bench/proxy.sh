#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What a proxy costs beside direct access, in one run and in turn: a kept-alive request, an event of a
# stream, a large body each way, many idle streams, the start, and how soon the port is closed. Prints
# a table and fails where a goal is missed. Not a test: a machine that is busy with something else
# says nothing.
#
#	tests/bench/proxy.sh
#
# ROUNDS (3), REQUESTS (2000 a round), MIB (1024), STREAMS (1000).
set -eu

. "$(dirname "$0")/../lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
need hyperfine
alone "$0" "$@"
refresh_start --tls
control '{"log_streams":false}'
grant work pkce-client.app.coze pkce "ca_file=$COZE_CA"
ulimit -n 8192
export COZE_API COZE_CA

status=0
COZE_DIRECT_TOKEN=$(keyturn token work) keyturn run work --proxy -- \
	python3 "$srcdir/tests/bench/proxy.py" || status=1

hyperfine --shell=none --warmup 5 --runs "${STARTS:-60}" --style none --export-json "$work/starts.json" \
	'keyturn run work -- true' 'keyturn run work --proxy -- true' 2>"$work/err"
python3 - "$work/starts.json" <<'END' || status=1
import json, sys
plain, proxy = (result["min"] * 1000 for result in json.load(open(sys.argv[1]))["results"])
print(f"{'run --proxy -- true, ms (run -- true)':44} {proxy:8.1f} ({plain:.1f})   ratio {proxy / plain:.2f}, goal 1.10")
sys.exit(proxy / plain > 1.1)
END

python3 - <<'END' || status=1
import os, socket, subprocess, sys, time
late = []
for _ in range(10):
    command = subprocess.Popen(["keyturn", "run", "work", "--proxy", "--", "sh", "-c",
                                "echo $COZE_API_BASE; exec sleep 60"], stdout=subprocess.PIPE)
    port = int(command.stdout.readline().decode().strip().rsplit(":", 1)[1])
    time.sleep(0.3)
    command.kill()
    command.wait()
    begin = time.monotonic()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            break
        except OSError:
            continue
    late.append((time.monotonic() - begin) * 1000)
late.sort()
print(f"{'port closed after the command, ms':44} {late[5]:8.1f} (most {late[-1]:.1f})   goal 20")
sys.exit(late[5] > 20)
END
exit "$status"

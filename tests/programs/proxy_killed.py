# SPDX-License-Identifier: MIT
#
# A command under run --proxy, whose tokens live for seconds, while one of those that serve it is
# killed at a random moment: room, steward, the keeper that renews, or the command itself.
#
#   proxy_killed.py MOMENTS SEED         the test; the account is "work"
#   proxy_killed.py --command SECONDS    the command
#
# Prints a line for each moment at which something was not as it should be, and the counts.

import collections
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request

PATIENCE = 20  # seconds in which each request is decided
VICTIMS = ("keyturn-proxy", "keyturn-steward", "keyturn-keeper", "")
# The second one is the service's own word about a token that has ended, where nobody is left to renew it.
FORESEEN = ("200", "401 authentication is invalid", "401 keyturn: ", "502 keyturn: ", "503 keyturn: ", "504 keyturn: ", "broken off")
REQUESTS = (
    ("GET", "/v1/users/me", None),
    ("POST", "/v3/chat?events=5&pause=10", b"{}"),
    ("POST", "/v1/files/upload", bytes(300000)),
    ("GET", "/v1/files/download?bytes=200000", None),
)


def ask(host, method, path, body):
    connection = http.client.HTTPConnection(host, timeout=PATIENCE)
    try:
        connection.request(method, path, body, {"Authorization": "Bearer " + os.environ["COZE_API_TOKEN"]})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status == 200:
            return "200"
        return f"{answer.status} {json.loads(text)['msg']}"
    except TimeoutError:
        return "hung"
    except (OSError, http.client.HTTPException):
        return "broken off"
    finally:
        connection.close()


def command(seconds):
    host = os.environ["COZE_API_BASE"].removeprefix("http://")
    print(host, flush=True)
    seen = collections.Counter()
    end = time.monotonic() + seconds
    turn = 0
    said = ""
    while time.monotonic() < end or not (seen["200"] or "nobody is there" in said or time.monotonic() > end + PATIENCE):
        said = ask(host, *REQUESTS[turn % len(REQUESTS)])
        turn += 1
        seen[said] += 1
        if said != "200":
            time.sleep(0.02)
    print(json.dumps(seen))


def processes():
    """Those of keyturn that have this home, by name."""
    found = collections.defaultdict(list)
    mark = ("HOME=" + os.environ["HOME"]).encode()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as file:
                name = file.read().strip()
            if name.startswith("keyturn"):
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if mark in file.read().split(b"\0"):
                        found[name].append(int(pid))
        except OSError:
            continue
    return found


def strike(name, pid):
    """How many were killed."""
    pids = processes()[name[:15]] if name else [pid]
    for victim in pids:
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return len(pids)


def until(holds, seconds):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def is_closed(host):
    name, port = host.split(":")
    try:
        socket.create_connection((name, int(port)), 5).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        pass
    return False


def spent():
    with urllib.request.urlopen(os.environ["COZE_CONTROL"] + "/control?brief=1") as answer:
        return json.load(answer)["presented_spent"]


def settle():
    """A renewal that was killed is made up for. What it gets may have ended by then: then once more."""
    for _ in range(3):
        if subprocess.run(["keyturn", "token", "work"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
            return


def moment(number, chance, counts):
    victim = VICTIMS[number % len(VICTIMS)]
    before = spent()
    run = subprocess.Popen(["keyturn", "run", "work", "--proxy", "--", sys.executable, __file__, "--command", "1.6"],
                           stdout=subprocess.PIPE, text=True)
    host = run.stdout.readline().strip()
    if not host:
        return f"did not start, and ended with {run.wait()}"
    if victim == "keyturn-keeper":
        # It lives for as long as a renewal takes.
        until(lambda: processes()[victim[:15]], 1.5)
        time.sleep(chance.random() * 0.03)
    else:
        time.sleep(chance.random() * 1.4)
    struck = strike(victim, run.pid)
    counts[f"{victim or 'command'} killed"] += struck
    rest = run.stdout.read()
    status = run.wait()
    if victim and (status != 0 or not rest):
        return f"the command ended with {status} after {victim} was killed"
    seen = json.loads(rest) if rest else {}
    counts.update(seen)
    if [said for said in seen if not said.startswith(FORESEEN)]:
        return f"the command saw {seen} after {victim} was killed"
    # Without the steward there is no next token.
    if victim in ("keyturn-proxy", "keyturn-keeper") and not seen.get("200"):
        return f"the command saw {seen} after {victim} was killed"
    if not until(lambda: is_closed(host), 5):
        return "the port is still open"
    if not until(lambda: not any(processes().values()), 15):
        return f"is left behind: {dict(processes())}"
    settle()
    again = spent() - before
    counts["presented again"] += again
    if again > (struck if victim == "keyturn-keeper" else 0):
        return f"a token was presented {again} times again after {victim or 'the command'} was killed"
    return None


def main(moments, seed):
    chance = random.Random(seed)
    counts = collections.Counter()
    failures = 0
    for number in range(moments):
        what = moment(number, chance, counts)
        if what:
            failures += 1
            print(f"moment {number}: {what}", flush=True)
    print(f"{moments} moments: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    return failures > 0


if sys.argv[1] == "--command":
    command(float(sys.argv[2]))
else:
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))

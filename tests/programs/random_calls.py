#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Calls of token, run and refresh --due at random times, from several threads, of an account whose
# service kills the token of before at a renewal. Each token that is handed out has to work at the
# resource for the promised time (a tenth of its life), or to the end that is told with it.
#
#   random_calls.py RESOURCE ACCOUNT SECONDS

import json
import random
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

resource, account, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
end = time.monotonic() + seconds
lock = threading.Lock()
counts = {"token": 0, "run": 0, "due": 0, "failed": 0, "short": 0, "checked": 0}
tokens = set()
open_url = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def end_of(token):
    """When the token ends, by the resource; None where it does not take it."""
    request = urllib.request.Request(resource, headers={"Authorization": "Bearer " + token})
    try:
        with open_url(request, timeout=10) as answer:
            return json.load(answer)["exp"]
    except urllib.error.HTTPError:
        return None


def note(name):
    with lock:
        counts[name] += 1


def call(*arguments):
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True)


# A tenth of the life of ten seconds.
PROMISE = 1.0


def hand_out():
    kind = random.choice(["token", "token", "run", "due"])
    began = time.time()
    if kind == "due":
        note("due")
        if call("keyturn", "refresh", "--due").returncode:
            note("failed")
        return
    note(kind)
    if kind == "run":
        given = call("keyturn", "run", account, "--", "sh", "-c", 'echo "$COZE_API_TOKEN"')
    else:
        given = call("keyturn", "token", account)
    if given.returncode:
        note("failed")
        print("# " + given.stderr.strip())
        return
    check(kind, given.stdout.strip(), began + PROMISE)


def check(kind, token, promised):
    """The token works until then, or to its own end."""
    with lock:
        tokens.add(token)
    ends = end_of(token)
    known = ends
    while ends is not None and time.time() < min(promised, known):
        time.sleep(0.02)
        ends = end_of(token)
    left = min(promised, known or promised) - time.time()
    # The resource was asked before the time was read.
    if ends is None and left > 0.02:
        note("short")
        print(f"# a token of {kind} ended {left:.2f} s too soon")
    note("checked")


def wander():
    while time.monotonic() < end:
        hand_out()
        time.sleep(random.expovariate(6))


threads = [threading.Thread(target=wander) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"# {counts}, {len(tokens)} tokens in {seconds:.0f} s")
sys.exit(1 if counts["failed"] or counts["short"] or counts["checked"] < 10 else 0)

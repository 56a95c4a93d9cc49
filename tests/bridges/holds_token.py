# SPDX-License-Identifier: MIT
"""
Looks for a token of the test's server in a program and all that it started: holds_token.py PID
PREFIX. What may be read of their memory and their environment is searched; exit 1 if it lies there.
"""

import os
import re
import sys

# A token as the server makes it; the prefix alone is in programs that know how one looks.
TOKEN = re.compile(sys.argv[2].encode() + rb"[A-Za-z0-9_-]{16,}")
CHUNK = 1 << 20
OVERLAP = 64


def family(pid):
    yield pid
    try:
        children = open(f"/proc/{pid}/task/{pid}/children").read().split()
    except OSError:
        return
    for child in children:
        yield from family(int(child))


def regions(pid):
    for line in open(f"/proc/{pid}/maps"):
        span, rights = line.split()[:2]
        if rights.startswith("rw"):
            yield tuple(int(place, 16) for place in span.split("-"))


def holds(pid):
    if TOKEN.search(open(f"/proc/{pid}/environ", "rb").read()):
        return True
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end in regions(pid):
            place = start
            while place < end:
                try:
                    memory.seek(place)
                    chunk = memory.read(min(CHUNK, end - place))
                except (OSError, ValueError, OverflowError):
                    break
                if TOKEN.search(chunk):
                    return True
                place += CHUNK - OVERLAP
    return False


found = [pid for pid in family(int(sys.argv[1])) if holds(pid)]
if found:
    print(f"a token lies in process {found}")
    sys.exit(1)

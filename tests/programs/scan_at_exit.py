#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# What a program leaves in its memory when it ends.
#
#	scan_at_exit.py TEXT COMMAND [ARGUMENT...]
#
# Runs the command under strace, which holds it back at exit_group; meanwhile looks for TEXT in all
# that it could write to. Prints each mapping that holds it; exit status 0 where none does, 1 where
# one does, 2 where nothing could be scanned. Takes root's rights: the memory of keyturn is closed
# to everybody else.

import os
import platform
import signal
import subprocess
import sys
import time

EXIT_GROUP = {"x86_64": "231", "aarch64": "94"}[platform.machine()]
HELD_SECONDS = 20


def traced_by(strace):
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[1] == str(strace.pid):
                    return int(name)
        except OSError:
            continue
    return None


# The main thread stands at the system call that ends all of them.
def is_at_exit(pid):
    try:
        with open(f"/proc/{pid}/syscall") as call:
            return call.read().split()[0] == EXIT_GROUP
    except OSError:
        return False


def scan(pid, text):
    found = []
    scanned = 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            addresses, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            begin, end = (int(address, 16) for address in addresses.split("-"))
            try:
                memory.seek(begin)
                content = memory.read(end - begin)
            except OSError:
                continue
            scanned += len(content)
            if text in content:
                found.append(line.strip())
    return found, scanned


def main():
    text = sys.argv[1].encode()
    held = f"inject=exit_group:delay_enter={HELD_SECONDS * 1000000}"
    # The programs that it starts are not held back.
    strace = subprocess.Popen(
        ["strace", "-qq", "-o", "/dev/null", "-e", "trace=exit_group", "-e", held]
        + sys.argv[2:])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and strace.poll() is None:
        pid = traced_by(strace)
        if pid is not None and is_at_exit(pid):
            found, scanned = scan(pid, text)
            for mapping in found:
                print(mapping)
            # It has nothing left to do but to end.
            os.kill(pid, signal.SIGKILL)
            strace.kill()
            strace.wait()
            return 2 if scanned == 0 else 1 if found else 0
        time.sleep(0.01)
    strace.kill()
    print("it was not seen at its end")
    return 2


sys.exit(main())

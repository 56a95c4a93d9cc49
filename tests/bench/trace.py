# SPDX-License-Identifier: MIT
"""Counts the calls from file to file in what trace_calls.c wrote; see trace.sh."""
import collections
import os
import subprocess
import sys

programs, calls, option = sys.argv[1:]
# The language in which everything is written: values that every file handles.
VALUES = {"keyring/%s.c" % name for name in (
    "characters", "clock", "identity", "json", "secret", "text", "wiping")}


def places(program, addresses):
    """The function and the file of each address."""
    text = subprocess.run(["addr2line", "-f", "-e", os.path.join(programs, program)],
                          input="\n".join(addresses), stdout=subprocess.PIPE, text=True,
                          check=True).stdout.split("\n")
    for address, function, line in zip(addresses, text[::2], text[1::2]):
        # The build maps the tree's directory to "." (-ffile-prefix-map).
        yield address, (function, os.path.normpath(line.rsplit(":", 1)[0]))


with open(calls) as lines:
    entries = [line.split() for line in lines]
names = {}
for program in {entry[0] for entry in entries}:
    addresses = sorted({place for entry in entries if entry[0] == program
                        for place in entry[1:] if place != "0"})
    names[program] = dict(places(program, addresses))

by_file, by_function, by_pair = (collections.Counter() for _ in range(3))
values = 0
for program, caller, function in entries:
    if program not in ("keyturn", "keyturn-keeper") or caller == "0":
        continue
    outer, inner = names[program][caller], names[program][function]
    if outer[1] == inner[1]:
        continue
    if inner[1] in VALUES:
        values += 1
    else:
        by_file[inner[1]] += 1
        by_function[inner] += 1
        by_pair[outer, inner] += 1

for file, count in by_file.most_common():
    print("%5d  %s" % (count, file))
print()
for (function, file), count in by_function.most_common():
    print("%5d  %s  (%s)" % (count, function, file))
    for (outer, inner), times in by_pair.most_common():
        if option == "--pairs" and inner == (function, file):
            print("         %4d  from %s  (%s)" % (times, *outer))
print("\n%d entries into %d functions of %d files; %d into values" % (
    sum(by_file.values()), len(by_function), len(by_file), values))

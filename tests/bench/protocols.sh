#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A remembered answer in each tool's protocol, beside git's, all in turn: least and median time,
# instructions, system calls, and whether the door answered. With them the same with the cache off,
# from a vault. Prints the table of docs/performance.md. Not a test: a machine that is busy with
# something else says nothing.
#
#	tests/bench/protocols.sh
#
# ROUNDS (100).
set -eu

. "$(dirname "$0")/../lib/home.sh"
. "$srcdir/tests/lib/hot.sh"
need valgrind python3
alone --keyring "$0" "$@"
home_start
store_token work coze.cn pat_work

python3 - "$work" <<'END'
import os, re, statistics, subprocess, sys

work = sys.argv[1]
rounds = int(os.environ.get("ROUNDS", "100"))
many = os.environ["builddir"] + "/tests/programs/many"
info = '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{%s"interactive":false}}\n'
cluster = '"cluster":{"server":"https://api.coze.cn","config":null},'
index = '{"v":1,"kind":"get","operation":"read","registry":{"index-url":"sparse+https://api.coze.cn/"}}\n'
# name, stdin, command, environment
calls = [
    ("git get", "protocol=https\nhost=api.coze.cn\n\n", "keyturn get", {}),
    ("docker get", "https://api.coze.cn", "docker-credential-keyturn get", {}),
    ("docker get, none", "https://registry.example.com", "docker-credential-keyturn get", {}),
    ("Bazel get", '{"uri":"https://api.coze.cn/x"}', "bazel-credential-keyturn get", {}),
    ("Terraform get", "", "terraform-credentials-keyturn get api.coze.cn", {}),
    ("aws", "", "keyturn aws work", {}),
    ("kubernetes", "", "keyturn kubernetes work", {"KUBERNETES_EXEC_INFO": info % ""}),
    ("kubernetes, of its cluster", "", "keyturn kubernetes", {"KUBERNETES_EXEC_INFO": info % cluster}),
    ("goauth URL", "", "keyturn goauth https://api.coze.cn/x", {}),
    ("npm", "", "keyturn npm work", {}),
    ("netrc", "", "keyturn netrc api.coze.cn", {}),
    ("sasl", "", "keyturn sasl xoauth2 work", {}),
    ("cargo get", index, "keyturn --cargo-plugin", {}),
    ("token", "", "keyturn token work", {}),
    ("header", "", "keyturn header work", {}),
]
paths = {}
for name, text, command, variables in calls:
    paths[name] = f"{work}/request.{len(paths)}"
    with open(paths[name], "w") as file:
        file.write(text)


def least(call, cache):
    name, _, command, variables = call
    line = subprocess.run([many, "-i", paths[name], *command.split()], check=True, capture_output=True,
                          text=True, env={**os.environ, **variables, **cache}).stdout
    return int(re.search(r" max=(\d+)", line)[1]) / 1000


def run(call, *before):
    name, _, command, variables = call
    with open(paths[name]) as stdin:
        subprocess.run([*before, *command.split()], stdin=stdin, capture_output=True,
                       env={**os.environ, **variables})


def costs(call):
    run(call, "strace", "-f", "-o", f"{work}/trace")
    with open(f"{work}/trace") as file:
        lines = file.readlines()
    run(call, "valgrind", "--tool=callgrind", "--trace-children=yes", f"--log-file={work}/log",
        f"--callgrind-out-file={work}/callgrind.%p")
    instructions = 0
    for entry in os.listdir(work):
        if entry.startswith("callgrind."):
            with open(f"{work}/{entry}") as file:
                instructions += sum(int(line.split()[1]) for line in file if line.startswith("totals:"))
            os.remove(f"{work}/{entry}")
    system_calls = sum(bool(re.match(r"\d+ +[a-z]", line)) for line in lines)
    is_door = not any("keyturn-keeper" in line for line in lines)
    return instructions / 1000, system_calls, "door" if is_door else "keeper"


hot = {call[0]: [] for call in calls}
warm = {call[0]: [] for call in calls}
for call in calls:
    run(call)
    least(call, {})
for _ in range(rounds):
    for call in calls:
        hot[call[0]].append(least(call, {}))
for _ in range(max(rounds // 5, 1)):
    for call in calls:
        warm[call[0]].append(least(call, {"KEYTURN_CACHE": "off"}))
base = calls[0][0]
print("| protocol | by | min ms | median ms | of git's | k instr | syscalls | warm min | warm median |")
print("|---|---|---|---|---|---|---|---|---|")
for call in calls:
    name = call[0]
    instructions, system_calls, by = costs(call)
    print(f"| {name} | {by} | {min(hot[name]):.2f} | {statistics.median(hot[name]):.2f} "
          f"| {min(hot[name]) / min(hot[base]):.2f} | {instructions:,.0f} | {system_calls} "
          f"| {min(warm[name]):.2f} | {statistics.median(warm[name]):.2f} |")
END

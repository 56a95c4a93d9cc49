# SPDX-License-Identifier: MIT
"""The measuring and printing part of tests/bench/run, which prepares everything else."""

import glob
import math
import os
import re
import shutil
import statistics
import subprocess
import sys

work = os.environ["work"]
many = os.environ["builddir"] + "/tests/programs/many"
rounds = int(os.environ.get("ROUNDS", "200"))
callers = int(os.environ.get("CALLERS", "1000"))


def request(name, text):
    path = f"{work}/{name}.request"
    with open(path, "w") as file:
        file.write(text)
    return path


ours = request("ours", "protocol=https\nhost=api.coze.cn\n\n")
peers = request("peers", "protocol=https\nhost=peer.example\n\n")
docker = request("docker", "https://api.coze.cn")
unknown = request("unknown", "protocol=https\nhost=unknown.example\n\n")

# name, what it is, stdin, command, what its environment has besides
programs = [
    ("hot get", "hot", ours, ["keyturn", "get"], {"KEYTURN_KEYRING": "secret-service"}),
    ("hot token", "hot", os.devnull, ["keyturn", "token"], {"KEYTURN_KEYRING": "secret-service"}),
    ("hot get, a host not ours", "hot", unknown, ["keyturn", "get"],
     {"KEYTURN_KEYRING": "secret-service"}),
    ("true", "floor", os.devnull, ["true"], {}),
    ("git credential-cache get", "peer", peers, ["git", "credential-cache", "get"], {}),
    ("warm get, vault", "warm", ours, ["keyturn", "get"],
     {"KEYTURN_KEYRING": "vault", "KEYTURN_CACHE": "off"}),
    ("warm get, desktop keyring", "warm", ours, ["keyturn", "get"],
     {"KEYTURN_KEYRING": "secret-service", "KEYTURN_CACHE": "off"}),
    ("secret-tool lookup", "peer", os.devnull, ["secret-tool", "lookup", "bench", "token"], {}),
    ("git-credential-libsecret get", "peer", peers, ["git-credential-libsecret", "get"], {}),
    ("docker-credential-secretservice get", "peer", docker,
     ["docker-credential-secretservice", "get"], {}),
    ("oidc-token", "peer", os.devnull, ["oidc-token", "bench"], {}),
]


def run(program, count):
    name, _, source, command, variables = program
    line = subprocess.run([many, "-n", str(count), "-i", source, *command], check=True,
                          capture_output=True, text=True, env={**os.environ, **variables}).stdout
    result = {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line)}
    if result["wrong"]:
        sys.exit(f"{name}: {result['wrong']} of {count} failed")
    return result


def instructions(program):
    _, _, source, command, variables = program
    with open(source, "rb") as stdin:
        subprocess.run(["valgrind", "--tool=callgrind", "--trace-children=yes", f"--log-file={work}/log",
                        f"--callgrind-out-file={work}/callgrind.%p", *command], stdin=stdin, check=True,
                       capture_output=True, env={**os.environ, **variables})
    total = 0
    for path in glob.glob(f"{work}/callgrind.*"):
        with open(path) as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith("totals:"))
        os.remove(path)
    return total


def traced(program):
    _, _, source, command, variables = program
    with open(source, "rb") as stdin:
        subprocess.run(["strace", "-f", "-o", f"{work}/trace", *command], stdin=stdin, check=True,
                       capture_output=True, env={**os.environ, **variables})
    with open(f"{work}/trace") as file:
        lines = file.readlines()
    calls = sum(bool(re.match(r"\d+ +[a-z]", line)) for line in lines)
    libraries = sum(bool(re.search(r"openat\(.*\.so[.0-9]*\", .*= \d+$", line)) for line in lines)
    return calls, libraries


def measure(available):
    times = {program[0]: [] for program in available}
    for program in available:
        run(program, 3)
    for _ in range(rounds):
        for program in available:
            times[program[0]].append(run(program, 1)["max"] / 1000)
    return times


def plot(path, available, least, median):
    """One bar a program, from 0.1 ms, logarithmic: the least time, and a mark at the median."""
    colours = {"hot": "#2f7d4f", "warm": "#3f6fb0", "floor": "#8a8a8a", "peer": "#b5793a"}
    left, width, step = 250, 420, 24

    def place(value):
        return left + width * (math.log10(max(value, 0.1)) + 1) / math.log10(1000)

    height = step * len(available) + 50
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 70} {height}" '
             'font-family="sans-serif" font-size="12">',
             '<title>Latency of one get by path, milliseconds</title>',
             '<rect width="100%" height="100%" fill="#ffffff"/>']
    for tick in (0.1, 0.3, 1, 3, 10, 30, 100):
        parts.append(f'<path d="M{place(tick):.1f} 10V{height - 30}" stroke="#dddddd"/>'
                     f'<text x="{place(tick):.1f}" y="{height - 14}" text-anchor="middle">{tick:g}'
                     '</text>')
    for row, program in enumerate(available):
        name, kind = program[0], program[1]
        top = 14 + row * step
        parts.append(f'<text x="{left - 8}" y="{top + 12}" text-anchor="end">{name}</text>'
                     f'<rect x="{left}" y="{top}" width="{place(least[name]) - left:.1f}" height="16" '
                     f'fill="{colours[kind]}"/>'
                     f'<path d="M{place(median[name]):.1f} {top}v16" stroke="#000000"/>'
                     f'<text x="{place(median[name]) + 6:.1f}" y="{top + 12}">{median[name]:.2f}</text>')
    parts.append(f'<text x="{left + width + 66}" y="{height - 14}" text-anchor="end">ms</text></svg>\n')
    with open(path, "w") as file:
        file.write("\n".join(parts))


def print_costs(available, least, median):
    print("| program | min ms | median ms | k instr | syscalls | libraries | peak MiB |")
    print("|---|---|---|---|---|---|---|")
    for program in available:
        name = program[0]
        calls, libraries = traced(program)
        # Go's runtime does not run under callgrind.
        count = "" if name.startswith("docker") else f"{instructions(program) / 1000:,.0f}"
        print(f"| {name} | {least[name]:.2f} | {median[name]:.2f} | {count} | {calls} | {libraries} "
              f"| {run(program, 1)['rss'] / 1024:.1f} |", flush=True)


def print_ratios(least, median):
    print("\n| ratio | of least times | of medians | goal |")
    print("|---|---|---|---|")
    for name, other, goal in (
            ("hot get", "secret-tool lookup", "0.08, stretch 0.04"),
            ("hot get", "git credential-cache get", "0.55, stretch 0.30"),
            ("hot get", "true", "1.1"),
            ("hot get, a host not ours", "hot get", "1"),
            ("warm get, desktop keyring", "secret-tool lookup", "1.2"),
            ("warm get, vault", "secret-tool lookup", "0.5")):
        if name in least and other in least:
            print(f"| {name} / {other} | {least[name] / least[other]:.2f} "
                  f"| {median[name] / median[other]:.2f} | {goal} |")


def print_crowd(name, result):
    print(f"| {name} | {result['total'] / 1e6:.2f} | {result['p95'] / 1e6:.2f} "
          f"| {result['wrong']} |", flush=True)


def print_crowds(available):
    print(f"\n| {callers} at once | total s | p95 s | wrong |")
    print("|---|---|---|---|")
    for program in available:
        print_crowd(program[0], run(program, callers))
    subprocess.run(["keyturn", "lock"], check=True, capture_output=True)
    print_crowd("get, nothing remembered yet", run(programs[0], callers))


def main():
    available = [program for program in programs if shutil.which(program[3][0])
                 and (program[0] != "oidc-token" or "OIDC_SOCK" in os.environ)]
    for program in programs:
        if program not in available:
            print(f"not here: {program[0]}")
    times = measure(available)
    least = {name: min(values) for name, values in times.items()}
    median = {name: statistics.median(values) for name, values in times.items()}
    if len(sys.argv) == 3 and sys.argv[1] == "--plot":
        plot(sys.argv[2], available, least, median)
    print_costs(available, least, median)
    print_ratios(least, median)
    print_crowds(available)


main()

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A hot get where the directory is bound, and where its .keyturn is obeyed, beside one where nothing is
# bound: three homes with the same login, asked in turn from the same depth, so that a busy machine is
# busy for all. Prints the processor's time (user and system), the wall clock's and the instructions,
# with their ratios, and fails where a ratio of the processor's time is over its goal (1.2). Not a test:
# it takes a minute.
#
#	tests/bench/binding.sh		ROUNDS (2000)
set -eu

. "$(dirname "$0")/../lib/home.sh"
alone --keyring "$0" "$@"
need python3 valgrind
home_make

for way in none bound file; do
	HOME=$work/$way
	mkdir -p "$HOME/src/job/deep"
	keyturn vault create --key-file "$HOME/vault.key" >"$work/out"
	store_token work coze.cn pat_bench
	store_token other coze.cn pat_other
	must keyturn default other@coze.cn 2>"$work/stage.log"
	case $way in
	none) must keyturn default work@coze.cn 2>"$work/stage.log" ;;
	bound) must keyturn bind work@coze.cn "$HOME/src/job" 2>"$work/stage.log" ;;
	file)
		echo work@coze.cn >"$HOME/src/job/.keyturn"
		must keyturn allow "$HOME/src/job" 2>"$work/stage.log"
		;;
	esac
done

python3 - "$work" "${ROUNDS:-2000}" <<'END'
import glob, os, shutil, statistics, subprocess, sys, time

work, rounds = sys.argv[1], int(sys.argv[2])
ways = ("none", "bound", "file")
program = shutil.which("keyturn")
request = f"{work}/request"
with open(request, "w") as file:
    file.write("protocol=https\nhost=api.coze.cn\n\n")


def settings(way):
    return dict(cwd=f"{work}/{way}/src/job/deep", env={**os.environ, "HOME": f"{work}/{way}"})


def check(way):
    with open(request) as stdin:
        answer = subprocess.run([program, "get"], stdin=stdin, capture_output=True, **settings(way))
    if b"password=pat_bench\n" not in answer.stdout:
        sys.exit(f"{way}: another answer")


def get(way):
    os.chdir(f"{work}/{way}/src/job/deep")
    began = time.perf_counter_ns()
    pid = os.posix_spawn(program, ["keyturn", "get"], {**os.environ, "HOME": f"{work}/{way}"},
                         file_actions=[(os.POSIX_SPAWN_OPEN, 0, request, os.O_RDONLY, 0),
                                       (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{way}: status {status}")
    return (time.perf_counter_ns() - began) / 1e6, (usage.ru_utime + usage.ru_stime) * 1e3


def instructions(way):
    with open(request) as stdin:
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={work}/callgrind.%p", program,
                        "get"], stdin=stdin, capture_output=True, check=True, **settings(way))
    (path,) = glob.glob(f"{work}/callgrind.*")
    with open(path) as file:
        total = sum(int(line.split()[1]) for line in file if line.startswith("totals:"))
    os.remove(path)
    return total


wall = {way: [] for way in ways}
cpu = {way: [] for way in ways}
for way in ways:
    check(way)
    check(way)
for number in range(rounds):
    for way in ways[number % 3:] + ways[:number % 3]:
        took, used = get(way)
        wall[way].append(took)
        cpu[way].append(used)

over = False
print("| hot get | CPU ms, mean | median | wall ms, median | k instr | ratio: CPU mean | median | wall | instr |")
print("|---|---|---|---|---|---|---|---|---|")
counts = {way: instructions(way) for way in ways}
for way in ways:
    rows = [(statistics.mean(cpu[way]), statistics.mean(cpu["none"])),
            (statistics.median(cpu[way]), statistics.median(cpu["none"])),
            (statistics.median(wall[way]), statistics.median(wall["none"])),
            (counts[way], counts["none"])]
    over = over or rows[0][0] > 1.2 * rows[0][1] or rows[1][0] > 1.2 * rows[1][1]
    print(f"| {way} | {rows[0][0]:.3f} | {rows[1][0]:.3f} | {rows[2][0]:.3f} | {counts[way] / 1000:.1f} | "
          + " | ".join(f"{one / other:.2f}" for one, other in rows) + " |")
sys.exit(over)
END

# SPDX-License-Identifier: MIT
# Sourced by the pam_*.sh tests: where things are, cases, and what the harness printed.

: "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}"
: "${builddir:=$srcdir}"
srcdir=$(cd "$srcdir" && pwd)
builddir=$(cd "$builddir" && pwd)
programs=$builddir/tests/bin
module=$programs/pam_keyturn.so
failed=0
started=
. "$srcdir/tests/lib/time.sh"
. "$srcdir/tests/lib/port.sh"

skip() {
	echo "skip: $*"
	exit 77
}

need() {
	for program; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

# check NAME COMMAND...: where it fails, what was done last and said on stderr tells why.
check() {
	case_name=$1
	shift
	case_state=0
	{
		set -x
		"$@" || case_state=$?
		set +x
	} 2>"$scratch/last_case"
	if [ "$case_state" = 0 ]; then
		echo "ok $case_name"
		return
	fi
	echo "not ok $case_name"
	[ ! -s "$scratch/out" ] || sed 's/^/# /' "$scratch/out"
	grep -v '^+ set +x$' "$scratch/last_case" | tail -n 20 | sed 's/^/# trace: /'
	failed=1
}

is_sanitized() {
	nm -D "$module" | grep -q __asan
}

# For cases that AddressSanitizer itself would fail: it takes over memory, mlock and ptrace.
check_plain() {
	if is_sanitized; then
		echo "skip: with AddressSanitizer: $1"
	else
		check "$@"
	fi
}

# Remembers a process of ours, to be ended with the test.
remember() {
	started="$started $1"
}

forget_all() {
	for process in $started; do
		kill -KILL "$process" 2>/dev/null || :
		wait "$process" 2>/dev/null || :
	done
	started=
}

# wait_for SECONDS COMMAND...
wait_for() {
	tries=$(($1 * 20))
	shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.05
	done
}

# The last result (milliseconds) that the harness printed for a step.
result() {
	awk -v step="$1" '$1 == step { last = $2 } END { print last }' "$scratch/out"
}

took() {
	awk -v step="$1" '$1 == step { last = int($3) } END { print last + 0 }' "$scratch/out"
}

# Every call succeeded, and the log has this many lines.
succeeded_with_lines() {
	awk -v want="$1" '
		$1 == "log" { lines++ }
		$1 ~ /^(auth|cred|acct|open|close|change)$/ { calls++; if ($2 != 0) bad++ }
		END { exit !(calls > 0 && bad == 0 && lines + 0 == want) }' "$scratch/out"
}

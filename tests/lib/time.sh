# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For test scripts, to be sourced: whether something took no longer than is promised, on a machine
# that may be busy. What is waited for takes its time anywhere; what is worked takes as much longer
# as the control does, a loop of a known CPU time.

# now: in milliseconds.
now()
{
	echo $(($(date +%s%N) / 1000000))
}

# stretch: how long the control takes here and now, in hundredths of its CPU time.
stretch()
{
	python3 -c '
import time
began = time.monotonic()
while time.process_time() < 0.3:
    pass
print(max(100, round((time.monotonic() - began) / time.process_time() * 100)))
'
}

# is_in_time TOOK PROMISED [WAIT]: milliseconds; so many of those promised are a wait.
is_in_time()
{
	[ "$1" -gt "$2" ] || return 0
	in_time_stretch=$(stretch)
	in_time_limit=$((${3:-0} + ($2 - ${3:-0}) * in_time_stretch / 100))
	echo "# took $1 ms, not $2; the control took $in_time_stretch % of its CPU time: $in_time_limit"
	[ "$1" -le "$in_time_limit" ]
}

# wait_until COMMAND...: each 20 ms until it succeeds. Only what never comes takes the whole minute.
wait_until()
{
	wait_beside '' "$@"
}

# wait_beside PIDS COMMAND...: the same, where it comes from programs in the background: not once one
# of these has ended.
wait_beside()
{
	wait_pids=$1
	shift
	wait_tries=3000
	until "$@" >/dev/null 2>&1; do
		wait_tries=$((wait_tries - 1))
		if [ "$wait_tries" -eq 0 ]; then
			echo "# a minute was waited for: $*" >&2
			return 1
		fi
		for wait_pid in $wait_pids; do
			kill -0 "$wait_pid" 2>/dev/null && continue
			# It may have come with the end.
			! "$@" >/dev/null 2>&1 || return 0
			echo "# process $wait_pid ended before: $*" >&2
			return 1
		done
		sleep 0.02
	done
}

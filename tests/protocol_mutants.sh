#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Mutants of what tools were recorded to ask, put to the programs with three accounts behind them: no
# crash, no hang, no token for another's host, and no account deleted or changed. A few are starts of
# the programs, most are forks of a process that has their code. For longer: KEYTURN_MUTANT_COUNT (of
# each protocol), KEYTURN_MUTANT_SECONDS, KEYTURN_MUTANT_SEED, KEYTURN_MUTANT_TOOLS (some alone).
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3
alone --keyring "$0" "$@"
home_start
PATH=$builddir/tests/bin/keyring:$PATH
# keep ACCOUNT SERVICE TOKEN
keep()
{
	printf '%s\n' "$3" | keyturn login "$1" --api-base "$2" --with-token --force 2>>"$work/stage.log"
}
# Google takes a JWT alone.
keep first https://api.coze.cn eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0aGlyZCJ9.c2ln
keep second https://registry.example.com second_token_77aa
keep third https://pypi.example.com pat_third_4f1c

# try_mutants COUNT [WORD...]: the words of protocol_mutants.py behind its seed.
try_mutants()
{
	mutants=$1
	shift
	call python3 "$srcdir/tests/programs/protocol_mutants.py" "$srcdir/tests/fuzz/seeds" "$HOME" \
		"$mutants" "${KEYTURN_MUTANT_SECONDS:-0}" "${KEYTURN_MUTANT_SEED:-1}" "$@"
	expect_status 0
	cat "$work/out"
}

begin 'no mutant of a recorded request gets the token of another host, or deletes an account'
try_mutants 4

# Where the keeper goes on in the door's place, what the door has read is lost, in no program but this.
ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
export ASAN_OPTIONS
begin 'nor does one of many'
try_mutants "${KEYTURN_MUTANT_COUNT:-$(amount 400 80)}" "$builddir/tests/programs/calls" 40

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Mutants of what tools were recorded to ask, put to the programs with three accounts behind them: no
# crash, no hang, no token for another's host, and no account deleted or changed. For longer:
# KEYTURN_MUTANT_ROUNDS (of each recording), KEYTURN_MUTANT_SECONDS, KEYTURN_MUTANT_SEED.
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3
alone "$0" "$@"
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

begin 'no mutant of a recorded request gets the token of another host, or deletes an account'
call python3 "$srcdir/tests/programs/protocol_mutants.py" "$srcdir/tests/fuzz/seeds/protocol" "$HOME" \
	"${KEYTURN_MUTANT_ROUNDS:-2}" "${KEYTURN_MUTANT_SECONDS:-0}" "${KEYTURN_MUTANT_SEED:-1}"
expect_status 0
cat "$work/out"

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
# Each fuzz target takes its seeds, without a fuzzer: what was found once stays mended.
set -eu

. "$(dirname "$0")/lib/home.sh"
home_make

for seeds in "$srcdir"/tests/fuzz/seeds/*; do
	begin "seeds of ${seeds##*/}"
	call "$builddir/tests/fuzz/replay_${seeds##*/}" "$seeds"
	expect_status 0
	must grep -q 'files$' "$work/out"
done

finish

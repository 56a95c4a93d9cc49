#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn npm, by the documented form of pnpm's tokenHelper: pnpm itself is not in Debian.
set -eu

. "$(dirname "$0")/lib/home.sh"
home_start
store_token work coze.cn pat_work

begin 'a program without words prints the value of the header'
printf '#!/bin/sh\nexec keyturn npm work\n' >"$work/helper"
chmod +x "$work/helper"
call "$work/helper"
expect_status 0
expect_output 'Bearer pat_work'
expect_said ''

begin 'a failure and a password that git stored print nothing on stdout'
printf 'url=https://npm.example.com\nusername=u\npassword=secret\n\n' | keyturn store
for words in nobody u 'work other' --json; do
	# shellcheck disable=SC2086
	call keyturn npm $words
	must test "$status" -ne 0
	expect_output ''
	expect_unsaid secret
	expect_cause_and_remedy
done

finish

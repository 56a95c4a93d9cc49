#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn run.
set -eu

. "$(dirname "$0")/lib/home.sh"
home_start
store_token work coze.cn pat_work

begin 'the command finds token and service in its environment'
call keyturn run work -- sh -c 'echo "$COZE_API_TOKEN $COZE_API_BASE"'
expect_status 0
expect_output 'pat_work https://api.coze.cn'
expect_said ''

begin 'its arguments are its own'
call keyturn run -- sh -c 'for argument; do echo "[$argument]"; done' - --json --help -- 'a b' ''
expect_output "$(printf '[%s]\n' --json --help -- 'a b' '')"

begin '--env names the variable'
call keyturn run work --env BOT_TOKEN -- sh -c 'echo "$BOT_TOKEN ${COZE_API_TOKEN-none}"'
expect_output 'pat_work none'

begin 'a name that no shell takes is refused'
for name in 1X 'A B' A=B '' A-B; do
	call keyturn run work --env "$name" -- echo ran
	expect_status 125
	expect_output ''
	expect_cause_and_remedy
done

begin 'the command gets stdin, the rest of the environment and the exit status'
input 'from stdin\n'
call env KEEP=kept GIO_USE_VFS=x keyturn run work -- sh -c 'cat; echo $KEEP $GIO_USE_VFS; exit 42'
expect_status 42
expect_output "$(printf 'from stdin\nkept x')"

begin 'no signal is ignored but what the caller ignores'
grep '^SigIgn:' /proc/self/status >"$work/signals"
call keyturn run work -- grep '^SigIgn:' /proc/self/status
expect_output "$(cat "$work/signals")"

begin 'no descriptor of ours is left open'
call keyturn run work -- sh -c 'ls -l /proc/self/fd | grep -c keyturn'
expect_output 0

begin 'a signal that ends the command is seen'
call keyturn run work -- sh -c 'kill -TERM $$'
expect_status 143

begin 'own failures are 125, 126, 127, as of env'
call keyturn run nobody -- echo ran
expect_status 125
expect_output ''
expect_cause_and_remedy
call keyturn run work -- /
expect_status 126
call keyturn run work -- /nonexistent/command
expect_status 127
call keyturn run work
expect_status 125
expect_cause_and_remedy
call keyturn run work --
expect_status 125
call keyturn run work --no-such-option -- echo ran
expect_status 125
expect_output ''

begin '--from-env and --env-file need no keyring'
call env COZE_API_TOKEN=pat_environment COZE_API_BASE=https://api.coze.cn KEYTURN_VAULT=/none \
	keyturn run --from-env -- sh -c 'echo "$COZE_API_TOKEN $COZE_API_BASE"'
expect_output 'pat_environment https://api.coze.cn'
printf 'COZE_API_TOKEN=pat_file\n' >"$work/env"
call keyturn run --env-file "$work/env" -- sh -c 'echo "$COZE_API_TOKEN $COZE_API_BASE"'
expect_output 'pat_file https://api.coze.com'

begin 'the token is in the environment of the command alone, and in no argument'
call keyturn run work -- sh -c 'tr "\0" "\n" </proc/$PPID/environ | grep -c "pat_[w]ork"'
expect_output 0
call keyturn run work -- sh -c 'tr "\0" "\n" </proc/$$/cmdline | grep -c "pat_[w]ork"'
expect_output 0

finish

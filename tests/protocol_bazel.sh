#!/bin/sh
# SPDX-License-Identifier: MIT
#
# bazel-credential-keyturn, by the documented form of Bazel's credential helpers: Bazel itself is not
# in Debian 12.
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3
home_start
store_token work coze.cn pat_work

ask()
{
	input "$@"
	call bazel-credential-keyturn get
}

begin 'the answer is a list of header values, for any path of the service'
for uri in https://api.coze.cn https://api.coze.cn/v1/a?b=c https://API.coze.cn:443/; do
	ask '{"uri":"%s","future":1}' "$uri"
	expect_status 0
	expect_output '{"headers":{"Authorization":["Bearer pat_work"]}}'
	expect_said ''
done

begin 'expires is a minute before the end, in whole seconds'
end=$(($(date +%s) + 86400))
printf 'url=https://as.example.com\nusername=grant\npassword=at_1\noauth_refresh_token=rt_1\nclient_id=c\ntoken_endpoint=https://as.example.com/token\nkind=oauth\npassword_expiry_utc=%s\n\n' \
	"$end" | keyturn store
ask '{"uri":"https://as.example.com/x"}'
expect_json 'Bearer at_1' headers Authorization 0
told=$(date -d "$(json expires)" +%s)
must test "$told" -le "$((end - 60))" -a "$told" -gt "$((end - 120))"

begin 'another host, port or scheme gets nothing: a failure with a remedy'
for uri in https://api.coze.com http://api.coze.cn/ https://api.coze.cn@evil.example/; do
	ask '{"uri":"%s"}' "$uri"
	expect_status 1
	expect_output ''
	expect_unsaid pat_
	expect_cause_and_remedy
done

begin 'bad input is refused, and nothing but the answer is on stdout'
for bad in '' '{}' '{"uri":"https://u:p@api.coze.cn"}'; do
	ask '%s' "$bad"
	must test "$status" -ne 0
	expect_output ''
	expect_cause_and_remedy
done
call bazel-credential-keyturn future
expect_status 2
expect_output ''

finish

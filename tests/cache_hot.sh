#!/bin/sh
# SPDX-License-Identifier: MIT
# A token that is remembered is answered by the door alone, and forgotten with its credential.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/hot.sh"
alone --keyring "$0" "$@"
is_static || skip 'a door that is linked dynamically, for the sanitizers, cannot be traced'
home_start
service='protocol=https\nhost=api.coze.cn\n'

# remember: the answers to get and token are in the cache, and right.
remember()
{
	input "$service\n"
	call keyturn get
	expect_line "password=$1"
	call keyturn token
	expect_output "$1"
	input "$service\n"
	trace keyturn get
	expect_hot
}

# expect_at_once TOKEN: the very next get and token give it; '' nothing.
expect_at_once()
{
	input "$service\n"
	call keyturn get
	if [ -n "$1" ]; then
		expect_line "password=$1"
	else
		must_not grep -q password= "$work/out"
	fi
	call keyturn token
	expect_output "$1"
}

hex()
{
	printf '%s' "$1" | od -An -tx1 | tr -d ' \n'
}

store_token work coze.cn pat_one
remember pat_one

begin 'get, store, token and header are answered without D-Bus, file or library'
for verb in get store token header; do
	case $verb in
	get) input "$service\n" ;;
	store) input "${service}username=work\npassword=pat_one\n\n" ;;
	esac
	[ "$verb" != header ] || call keyturn header
	trace keyturn $verb
	expect_status 0
	expect_said ''
	expect_hot
	own_calls >"$work/calls"
	echo "# $verb: $(grep -c '' "$work/calls") system calls"
	must [ "$(grep -c '' "$work/calls")" -le 45 ]
	must_not grep -E ' (open|openat|socket|connect|clone|clone3|fork|vfork)\(' "$work/calls"
done

begin 'and so are the tools that ask without JSON, or in words that the door knows whole, once asked'
end='"spec":{"interactive":false}}'
info="$(printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",%s\n.' "$end")"
KUBERNETES_EXEC_INFO=${info%.}
export KUBERNETES_EXEC_INFO
input '{"uri":"https://api.coze.cn/before"}'
call bazel-credential-keyturn get
for words in 'docker-credential-keyturn get' 'bazel-credential-keyturn get' \
	'terraform-credentials-keyturn get api.coze.cn' \
	"$builddir/tests/bin/keyring/keyring get api.coze.cn --mode=creds" 'keyturn aws' 'keyturn kubernetes' \
	'keyturn goauth https://api.coze.cn' 'keyturn npm' 'keyturn netrc api.coze.cn' \
	'keyturn sasl xoauth2'; do
	case $words in
	docker*) asked=https://api.coze.cn ;;
	bazel*) asked='{"uri":"https://api.coze.cn/first"}' ;;
	*) asked= ;;
	esac
	input '%s' "$asked"
	# shellcheck disable=SC2086
	call $words
	expect_status 0
	input '%s' "$asked"
	# shellcheck disable=SC2086
	trace KUBERNETES_EXEC_INFO="$KUBERNETES_EXEC_INFO" $words
	expect_status 0
	expect_said ''
	must [ -s "$work/out" ]
	expect_hot
	sed -n '/execve("[^"]*key[^"]*"/,$p' "$work/trace" | grep -v '^[0-9]* *[+-]\{3\}' >"$work/calls"
	echo "# $words: $(grep -c '' "$work/calls") system calls"
	must [ "$(grep -c '' "$work/calls")" -le 45 ]
	must_not grep -E ' (open|openat|socket|connect|clone|clone3|fork|vfork)\(' "$work/calls"
done

begin 'any path of a host is answered once one was, unless something is kept for that path'
# bazel_says VALUE PATH: the value of the header for that path.
bazel_says()
{
	input '{"uri":"https://api.coze.cn/%s"}' "$2"
	trace bazel-credential-keyturn get
	grep -qF "[\"$1" "$work/out" || complain "$2 has not $1: $(cat "$work/out")"
}
bazel_says 'Bearer pat_one' second/part
expect_hot
call keyturn goauth https://api.coze.cn/second
trace keyturn goauth https://api.coze.cn/third
expect_hot
must [ -s "$work/out" ]
printf 'url=https://api.coze.cn/second/part\nusername=work\npassword=secret\n\n' | keyturn store
bazel_says 'Basic d29yazpzZWNyZXQ=' second/part
bazel_says 'Bearer pat_one' second
bazel_says 'Basic d29yazpzZWNyZXQ=' second/part
expect_hot
bazel_says 'Bearer pat_one' fourth
expect_warm
printf 'url=https://api.coze.cn/second/part\nusername=work\npassword=secret\n\n' | keyturn erase
bazel_says 'Bearer pat_one' second/part
bazel_says 'Bearer pat_one' fourth
expect_hot
must keyturn bind work https://api.coze.cn/fifth 2>"$work/stage.log"
bazel_says 'Bearer pat_one' sixth
bazel_says 'Bearer pat_one' seventh
expect_warm
must keyturn unbind https://api.coze.cn/fifth 2>"$work/stage.log"
call keyturn token

begin 'a bound directory costs at most five system calls more, and nothing where none is bound'
trace keyturn token
expect_hot
unbound=$(own_calls | grep -c '')
mkdir -p "$HOME/bound/deep"
for way in bind allow; do
	case $way in
	bind) must keyturn bind work "$HOME/bound" 2>"$work/stage.log" ;;
	allow)
		echo work >"$HOME/bound/deep/.keyturn"
		must keyturn allow "$HOME/bound/deep" 2>"$work/stage.log"
		;;
	esac
	call sh -c 'cd "$HOME/bound/deep" && keyturn token'
	expect_output pat_one
	trace_in=$HOME/bound/deep
	trace keyturn token
	expect_output pat_one
	expect_hot
	own_calls >"$work/calls"
	echo "# $way: $(grep -c '' "$work/calls") system calls, without $unbound"
	must [ "$(grep -c '' "$work/calls")" -le $((unbound + 5)) ]
	must_not grep -E ' (open|openat|socket|connect|clone|clone3|fork|vfork)\(' "$work/calls"
done
must keyturn unbind "$HOME/bound" 2>"$work/stage.log"
must keyturn unbind "$HOME/bound/deep" 2>"$work/stage.log"
call keyturn token
trace keyturn token
trace_in=.
expect_hot
must [ "$(own_calls | grep -c '')" -eq "$unbound" ]

begin 'a session keyring, or none, makes no difference'
call keyctl session - keyturn token
expect_output pat_one
call keyctl session - strace -f -o "$work/trace" env -i HOME="$HOME" "$(command -v keyturn)" token
expect_hot

begin 'lock makes it forget'
must keyturn lock
trace keyturn token
expect_output pat_one
expect_warm

begin 'a new login is seen at once'
remember pat_one
store_token work coze.cn pat_two
expect_at_once pat_two

begin 'reject is seen at once'
remember pat_two
input 'pat_two\n'
call keyturn reject work
expect_status 0
expect_at_once ''
expect_status 3
must keyturn set work --accept

begin "git's erase is seen at once"
remember pat_two
input "${service}username=work\npassword=pat_two\n\n"
call keyturn erase
expect_status 0
expect_at_once ''
must keyturn set work --accept

begin 'another default is seen at once'
store_token other coze.cn pat_other
remember pat_two
must keyturn default other@coze.cn
expect_at_once pat_other

begin 'logout is seen at once'
remember pat_other
must keyturn logout other
expect_at_once pat_two
must keyturn logout work
expect_at_once ''
expect_status 1

begin 'an entry that was tampered with is a miss'
store_token work coze.cn pat_three
remember pat_three
was=$(hex pat_three)
is=$(hex pat_fiend)
tampered=0
for key in $(keyctl show @u | sed -n 's/^ *\([0-9]*\) .*keyturn:v1:.*:token:.*/\1/p'); do
	keyctl print "$key" >"$work/payload" 2>/dev/null && grep -q "$was" "$work/payload" || continue
	sed "s/^:hex://; s/$was/$is/" "$work/payload" | perl -ne 's/\s//g; print pack "H*", $_' |
		keyctl pupdate "$key" && tampered=$((tampered + 1))
done
must [ "$tampered" -gt 0 ]
trace keyturn token
expect_output pat_three
expect_warm

begin 'KEYTURN_CACHE=off remembers nothing'
must keyturn lock
KEYTURN_CACHE=off call keyturn token
expect_output pat_three
trace keyturn token
expect_warm
trace keyturn token
expect_hot

begin 'KEYTURN_CACHE=SECONDS remembers for so long'
must keyturn lock
KEYTURN_CACHE=1 call keyturn token
trace keyturn token
expect_hot
sleep 2
trace keyturn token
expect_output pat_three
expect_warm

finish

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Bad input gets a message that says what to do, the documented exit status, and changes nothing;
# and it is never echoed.
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3
home_start
store_token main coze.cn pat_main
snapshot >"$work/before"

# refused STATUS COMMAND...: as every refusal has to be.
refused()
{
	refused_status=$1
	shift
	call "$@"
	expect_status "$refused_status"
	expect_output ''
	expect_cause_and_remedy
	expect_unsaid canary
	expect_unchanged
}

begin 'unknown commands and options'
refused 2 keyturn
refused 2 keyturn canary7
refused 2 keyturn --canary7
for command in login token header list show set default logout reject lock unlock vault doctor; do
	refused 2 keyturn "$command" --canary7
	refused 2 keyturn "$command" --none=canary
	refused 2 keyturn "$command" -x
done
refused 125 keyturn run --canary7 -- true

begin 'an option without its value, or given twice'
refused 2 keyturn token --min-valid
refused 2 keyturn login --site
refused 2 keyturn login --site coze.cn --site coze.com --with-token
refused 2 keyturn token --json=canary

begin 'too many accounts'
for command in token header show default logout; do
	refused 2 keyturn "$command" main other
done

begin 'an account that is not there'
for command in 'token' 'header' 'show' 'logout' 'default' 'set --accept'; do
	# shellcheck disable=SC2086
	refused 1 keyturn $command nobody
done
input 'pat_canary\n'
refused 1 keyturn reject nobody
refused 125 keyturn run nobody -- echo ran

# A token is no name, and names are shown.
begin 'a token where another word belongs is not said again'
for word in pat_canary 'Bearer pat_canary' '"sat_canary"' ghp_canary canary7canary7canary \
	COZE_API_TOKEN=pat_canary; do
	for command in 'token' 'header' 'show' 'status' 'logout' 'default' 'set --accept' 'refresh' \
		'reject --current'; do
		# shellcheck disable=SC2086
		refused 1 keyturn $command "$word"
	done
	refused 125 keyturn run "$word" -- true
	refused 1 env KEYTURN_ACCOUNT="$word" keyturn token
	refused 2 keyturn login --site "$word" --with-token
	refused 2 keyturn login --provider "$word" --client-id 1
	refused 2 keyturn default --host "$word"
	call keyturn providers "$word"
	expect_unsaid canary
done
for word in 'COZE_API_TOKEN=pat_canaryA1b2C3d4E5f6G7' '"pat_canaryA1b2C3d4E5f6G7"' \
	'Bearer pat_canaryA1b2C3d4E5f6G7' eyJcanaryA1b2C3d4E5f6G7; do
	input 'pat_x'
	refused 6 keyturn login "$word" --site cn --with-token
	refused 6 keyturn token "$word"
done

begin 'a token that is none'
for token in 'pat_can\nary' 'pat_can ary' 'pat_can\tary' 'pat_can\000ary' 'pat_can\303\244ary' \
	'pat_can\033ary' '' '\n' ' \n\t\n' 'pat_canary\npat_canary\n'; do
	input "$token"
	refused 2 keyturn login --site coze.cn --with-token
	must_not grep -q 'pat_can' "$work/err"
done

begin 'a token that is too long, and one without an end'
head -c 16385 /dev/zero | tr '\0' a >"$work/in"
refused 2 keyturn login --site coze.cn --with-token
head -c 10000000 /dev/zero | tr '\0' a >"$work/in"
refused 2 keyturn login --site coze.cn --with-token

begin 'the longest token that is taken is taken whole'
{ printf pat_b && head -c 16379 /dev/zero | tr '\0' a; } >"$work/in"
cp "$work/in" "$work/long"
call keyturn login long --site coze.com --with-token
expect_status 0
call keyturn token long
expect_output "$(cat "$work/long")"
keyturn logout long 2>/dev/null
snapshot >"$work/before"

begin 'sites and addresses that are none'
for site in nowhere coze.org coze.cn.example.com ''; do
	input 'pat_canary\n'
	refused 2 keyturn login --site "$site" --with-token
done
for base in canary https:// https://canary:pass@api.example.com https:///path \
	'https://a b' https://api.example.com:0 https://api.example.com:99999 \
	https://-canary.example.com 'https://canary\\@api.example.com'; do
	input 'pat_canary\n'
	refused 2 keyturn login --api-base "$base" --with-token
done
for base in http://api.example.com ftp://api.example.com file:///etc/passwd \
	http://127.0.0.1.example.com http://localhost.example.com; do
	input 'pat_canary\n'
	call keyturn login --api-base "$base" --with-token
	must [ "$status" -eq 6 -o "$status" -eq 2 ]
	expect_cause_and_remedy
	expect_unchanged
done

begin 'a host with a path in it'
for verb in get store erase; do
	input 'protocol=https\nhost=api.coze.cn/canary\nusername=u\npassword=canary\n\n'
	refused 2 keyturn "$verb"
done

begin 'requests of git that are none'
for request in 'canary\n\n' '=canary\n\n' 'Protocol=https\nhost=canary\n\n' \
	'protocol=https\nhost=a\000b\npassword=canary\n\n' \
	'protocol=https\nhost=a\npassword=can\rary\n\n' \
	'protocol=https\nhost=a\nusername=\377canary\npassword=x\n\n' \
	'protocol=https\nhost=a\nhost=canary\n\n' 'protocol=can ary\nhost=a\n\n' \
	'url=canary\n\n' 'url=https://a:b@c@canary\n\n' \
	'protocol=https\nhost=xn--canary..example.com\n\n' \
	'protocol=https\nhost=can\303\244..canary.example.com\n\n' \
	'protocol=https\nhost=\360\237canary.example.com\n\n' \
	'protocol=https\nhost=canary\357\274\217.example.com\n\n' \
	'url=https://canary\302\240.example.com\n\n'; do
	for verb in get store erase; do
		input "$request"
		refused 2 keyturn "$verb"
	done
done

begin 'requests that are too long'
python3 -c 'print("protocol=https\nhost=a\nusername=" + "canary" * 20000 + "\n")' >"$work/in"
refused 2 keyturn get
python3 -c 'print("protocol=https\nhost=a\n" + "x=canary\n" * 2000)' >"$work/in"
refused 2 keyturn get
python3 -c 'print("protocol=https\nhost=a\n" + ("x=" + "canary" * 1000 + "\n") * 400)' >"$work/in"
refused 2 keyturn get

begin 'settings that name nothing'
refused 2 env KEYTURN_KEYRING=canary keyturn token
refused 1 env KEYTURN_ACCOUNT=nobody keyturn token
refused 2 env COZE_API_BASE=canary keyturn login --with-token

begin 'a vault that is not there, and a path that is none'
call env KEYTURN_VAULT="$work/absent" KEYTURN_KEYRING=vault keyturn token
expect_status 4
expect_cause_and_remedy
must_not test -e "$work/absent"
call env KEYTURN_VAULT=relative/path KEYTURN_KEYRING=vault keyturn token
must [ "$status" -ne 0 ]
expect_output ''
expect_cause_and_remedy

vault=$HOME/.local/share/keyturn/vault

# damaged STATUS COMMAND...: the vault says so and stays as it is.
damaged()
{
	snapshot >"$work/before"
	keyturn lock 2>/dev/null || true
	refused "$@"
	input 'pat_canary\n'
	call keyturn login main --site coze.cn --with-token
	must [ "$status" -ne 0 ]
	expect_cause_and_remedy
	expect_unsaid canary
	expect_unchanged
}

begin 'a key file that cannot be used'
mv "$HOME/vault.key" "$work/key"
damaged 4 keyturn token
mkdir "$HOME/vault.key"
damaged 6 keyturn token
rmdir "$HOME/vault.key"
: >"$HOME/vault.key"
chmod 600 "$HOME/vault.key"
damaged 6 keyturn token
head -c 64 /dev/urandom >"$HOME/vault.key"
damaged 4 keyturn token
chmod 666 "$HOME/vault.key"
damaged 6 keyturn token
rm "$HOME/vault.key"
mv "$work/key" "$HOME/vault.key"

begin 'a directory whose name a shell would cut is quoted where it is to be typed'
mkdir "$work/two words"
KEYTURN_VAULT="$work/two words/vault" keyturn vault create --key-file "$work/two words/key" >/dev/null
chmod 755 "$work/two words/vault"
call env KEYTURN_KEYRING=vault KEYTURN_VAULT="$work/two words/vault" keyturn token
expect_status 6
expect_said "run: chmod 700 '$work/two words/vault'"
chmod 700 "$work/two words/vault"
chmod 644 "$work/two words/key"
KEYTURN_KEYRING=vault KEYTURN_VAULT="$work/two words/vault" keyturn lock
call env KEYTURN_KEYRING=vault KEYTURN_VAULT="$work/two words/vault" keyturn token
expect_status 6
expect_said "run: chmod 600 '$work/two words/key'"

begin 'a damaged vault.json'
cp "$vault/vault.json" "$work/vault.json"
for damage in '' 'canary' '{' '{}' '[]' '{"version":99}' 'null'; do
	printf '%s' "$damage" >"$vault/vault.json"
	damaged 4 keyturn token
done
head -c 200 "$work/vault.json" >"$vault/vault.json"
damaged 4 keyturn token
head -c 2000000 /dev/zero >"$vault/vault.json"
damaged 4 keyturn token
cp "$work/vault.json" "$vault/vault.json"
call keyturn token
expect_output pat_main

begin 'a damaged item is told as one, and is not taken for absent'
item=$(find "$vault" -name '*-*-*')
cp "$item" "$work/item"
printf 'x' | dd of="$item" bs=1 seek=80 conv=notrunc 2>/dev/null
snapshot >"$work/before"
for command in token header show; do
	refused 4 env KEYTURN_CACHE=off keyturn "$command" main
done
call env KEYTURN_CACHE=off keyturn token --json
expect_status 4
expect_json corrupt error code
head -c 50 "$work/item" >"$item"
snapshot >"$work/before"
refused 4 env KEYTURN_CACHE=off keyturn token main

begin 'an erase deletes a damaged item, and so does a logout'
input 'protocol=https\nhost=api.coze.cn\nusername=main\npassword=pat_main\n\n'
call keyturn erase
expect_status 0
must_not [ -e "$item" ]
head -c 50 "$work/item" >"$item"
call keyturn logout main
expect_status 0
must_not [ -e "$item" ]
head -c 50 "$work/item" >"$item"

begin 'a login to the account of a damaged item mends it'
store_token main coze.cn pat_main
call keyturn doctor
expect_status 0
call env KEYTURN_CACHE=off keyturn token main
expect_output pat_main

begin 'the record and the defaults cannot lead astray'
snapshot >"$work/before"
cp -r "$HOME/.config/keyturn" "$work/config"
printf 'canary\n' >"$HOME/.config/keyturn/keyring"
snapshot >"$work/before"
refused 4 env KEYTURN_CACHE=off keyturn token
cp "$work/config/keyring" "$HOME/.config/keyturn/keyring"
head -c 100000 /dev/urandom >"$HOME/.config/keyturn/defaults"
call env KEYTURN_CACHE=off keyturn token main
must [ "$status" -ne 70 ]
must [ "$status" -lt 126 ]

finish

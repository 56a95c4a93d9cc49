#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A vault that a security key opens, at a terminal. The keys are programs/authenticator.c, behind
# libfido2's own I/O; tests/test_vault_fido2.c has whatever else may happen to one.
set -eu

. "$(dirname "$0")/lib/home.sh"
need expect python3
home_make
KEYTURN_CACHE=off
KEYTURN_TEST_AUTHENTICATORS=$work/keys
export KEYTURN_CACHE KEYTURN_TEST_AUTHENTICATORS
mkdir "$work/keys"
peer=$builddir/tests/programs/authenticator.so

# with_keys COMMAND...: security keys are plugged in.
with_keys()
{
	call env LD_PRELOAD="$peer" "$@"
}

# at_keys DIALOGUE
at_keys()
{
	at_terminal "set env(LD_PRELOAD) $peer
	$1"
}

# touches: how often a key was touched.
touches()
{
	cat "$work"/keys/*/log 2>/dev/null | wc -l
}

begin 'without a terminal nothing is touched, and without a key that is told'
mkdir "$work/keys/first"
with_keys setsid keyturn vault create --fido2 --no-recovery
expect_status 4
expect_cause_and_remedy
mv "$work/keys/first" "$work/first"
at_keys 'spawn keyturn vault create --fido2 --no-recovery
	expect "no security key is plugged in"'
expect_status 4
must_not test -e "$HOME/.local/share/keyturn/vault/vault.json"
must [ "$(touches)" -eq 0 ]

begin 'two touches make a way in, and a code for paper beside it'
mv "$work/first" "$work/keys/first"
echo 'Example Key 5' >"$work/keys/first/product"
at_keys 'spawn keyturn vault create --fido2
	expect "touch the security key now: Example Key 5"
	expect "touch the security key now: Example Key 5"
	expect "recovery code"'
expect_status 0
must [ "$(touches)" -eq 2 ]
code=$(grep -oE '([0-9A-Z]{4}-){8}[0-9A-Z]{2}' "$work/out")
store_token main coze.cn pat_main

begin 'a touch opens the vault at a terminal, for everybody until it is locked'
keyturn lock
at_keys 'spawn keyturn token main
	expect "touch the security key now: Example Key 5"
	expect "pat_main"'
expect_status 0
with_keys setsid keyturn token main
expect_output pat_main
must [ "$(touches)" -eq 3 ]

begin 'a program without a terminal gets exit 4, and the key is not touched'
keyturn lock
with_keys setsid keyturn token main
expect_status 4
expect_output ''
expect_cause_and_remedy
expect_said 'the security key Example Key 5 wants to be touched'
expect_said 'keyturn unlock'
with_keys env KEYTURN_PROMPT=0 keyturn token main
expect_status 4
must [ "$(touches)" -eq 3 ]

begin 'what did not open is told, and the next way asked for'
echo untouched >"$work/keys/first/behaviour"
at_keys "spawn keyturn unlock
	expect \"touch the security key now\"
	expect \"nobody touched the security key in time\"
	expect \"Recovery code of keyturn's vault: \"
	send \"$code\r\""
expect_status 0
rm "$work/keys/first/behaviour"

begin 'keys and doctor tell whether it is plugged in, and touch nothing'
with_keys keyturn vault keys --json
expect_json fido2 keys 0 way
expect_json 'Example Key 5' keys 0 name
expect_json asks keys 0 here
expect_json true keys 0 asks
with_keys keyturn doctor
must grep -q 'the security key Example Key 5 is plugged in' "$work/out"
mkdir "$work/away"
with_keys env KEYTURN_TEST_AUTHENTICATORS="$work/away" keyturn vault keys --json
expect_json no keys 0 here
must grep -q 'no security key is plugged in' "$work/out"
must [ "$(touches)" -eq 3 ]

begin 'a second key with a PIN: it is asked for at the terminal, and a wrong one told'
mkdir "$work/keys/second"
echo 2468 >"$work/keys/second/pin"
with_keys keyturn vault add-key --fido2
expect_status 4
at_keys 'spawn keyturn vault add-key --fido2
	expect "several security keys are plugged in"'
expect_status 2
must grep -qF "$work/keys/second (Test key)" "$work/out"
at_keys "spawn keyturn vault add-key --fido2=$work/keys/second --name spare
	expect \"PIN of the security key: \"
	send \"1357\r\"
	expect \"wrong PIN: the security key takes 7 more\""
expect_status 4
at_keys "spawn keyturn vault add-key --fido2=$work/keys/second --name spare
	expect \"PIN of the security key: \"
	send \"2468\r\"
	expect \"touch the security key now\"
	expect \"touch the security key now\""
expect_status 0
expect_unsaid 2468
mv "$work/keys/first" "$work/first"
keyturn lock
at_keys 'spawn keyturn token main
	expect "PIN of the security key: "
	send "2468\r"
	expect "touch the security key now: spare"
	expect "pat_main"'
expect_status 0
expect_unsaid 2468

begin 'rekey names the key that is away; with it, a touch of each and a new code make it'
at_keys 'spawn keyturn vault rekey
	expect "(fido2) cannot be made anew"'
expect_status 4
mv "$work/first" "$work/keys/first"
cp -R "$HOME/.local/share/keyturn/vault" "$work/earlier"
at_keys 'spawn keyturn vault rekey
	expect "touch the security key now: Example Key 5"
	expect "PIN of the security key: "
	send "2468\r"
	expect "touch the security key now: spare"
	expect "recovery code"'
expect_status 0
keyturn lock
at_keys 'spawn keyturn token main
	expect "touch the security key now: Example Key 5"
	expect "pat_main"'
expect_status 0

begin 'a stolen copy opens nothing without the key, also with an earlier header in it'
keyturn lock
cp -R "$HOME/.local/share/keyturn/vault" "$work/stolen"
KEYTURN_VAULT=$work/stolen
export KEYTURN_VAULT
with_keys env KEYTURN_TEST_AUTHENTICATORS="$work/away" keyturn token main
expect_status 4
expect_output ''
cp "$work/earlier/vault.json" "$work/stolen/vault.json"
at_keys 'spawn keyturn token main
	expect "touch the security key now"'
must [ "$status" -ne 0 ]
must_not grep -q pat_main "$work/out"
unset KEYTURN_VAULT

begin 'a way that is taken away is touched no more, and a backup takes the other along'
with_keys keyturn vault keys --json
first=$(json keys 0 id)
at_keys "spawn keyturn vault remove-key $first
	expect \"touch the security key now\""
expect_status 0
at_keys "spawn keyturn vault backup $work/backup"
expect_status 0
keyturn lock
mv "$HOME/.local/share/keyturn/vault" "$work/gone"
call keyturn vault restore "$work/backup"
expect_status 0
rm -r "$work/keys/first"
at_keys 'spawn keyturn token main
	expect "PIN of the security key: "
	send "2468\r"
	expect "pat_main"'
expect_status 0

begin 'without its module it is told what is missing'
keyturn lock
call keyturn vault keys
must grep -q 'fido2 .*no: ' "$work/out"

finish

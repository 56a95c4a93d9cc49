#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A vault that this machine opens for its user: by systemd's service (a double of it, which follows
# systemd-creds(1)), and by a credential that an administrator gave the user's manager.
set -eu

. "$(dirname "$0")/lib/home.sh"
need python3 setpriv
alone "$0" "$@"
need_mounts 'put a service below /run/systemd'
home_make
KEYTURN_CACHE=off
export KEYTURN_CACHE
mkdir -p /run/systemd /run/credentials
mount -t tmpfs -o mode=755 none /run/systemd
mount -t tmpfs -o mode=755 none /run/credentials
service=/run/systemd/io.systemd.Credentials
running=

# serve SORT: the service is there, and no other.
serve()
{
	stop_service
	python3 "$srcdir/tests/programs/credentials_service.py" "$service" "$work/host.key" "$1" &
	running=$!
	wait_beside "$running" python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$service" || complain 'the service does not start'
}

stop_service()
{
	[ -z "$running" ] || kill "$running"
	[ -z "$running" ] || wait "$running" 2>/dev/null || :
	running=
	rm -f "$service"
}

end_service()
{
	end_status=$?
	stop_service
	home_end "$end_status"
}
trap end_service EXIT

locked()
{
	keyturn lock
	call keyturn token main
	expect_status 4
	expect_output ''
	expect_cause_and_remedy
}

opens()
{
	keyturn lock
	call keyturn token main
	expect_status 0
	expect_output pat_main
}

head -c 32 /dev/urandom >"$work/host.key"

begin 'where there is no such service, that is told, with what there is instead'
call keyturn vault create --machine --no-recovery
expect_status 4
expect_cause_and_remedy
expect_said 'keyturn doctor'
must_not test -e "$HOME/.local/share/keyturn/vault/vault.json"

begin 'the machine opens the vault unasked, and it is said what that is worth'
serve disk
call keyturn vault create --machine
expect_status 2
expect_said '--no-recovery'
call keyturn vault create --machine --no-recovery
expect_status 0
expect_said 'no help if the disk is stolen'
store_token main coze.cn pat_main
opens
call keyturn vault keys
must grep -q "machine  *$(hostname)  *20..-..-..  *yes (by a key on this machine's disk)\$" "$work/out"
call keyturn vault keys --json
expect_json disk keys 0 bound
call env -i "PATH=$PATH" "HOME=$HOME" KEYTURN_CACHE=off setsid keyturn token main
expect_output pat_main

begin 'another machine, another vault or the same without its service: exit 4'
mv "$work/host.key" "$work/host.away"
locked
expect_said 'io.systemd.System'
head -c 32 /dev/urandom >"$work/host.key"
locked
expect_said 'BadFormat'
mv "$work/host.away" "$work/host.key"
opens
for sort in silent garbled busy; do
	serve "$sort"
	locked
	expect_said 'service for credentials does not open the vault'
	must_not grep -q "$(printf '\033')" "$work/err"
done
stop_service
locked
serve tpm
opens

# put_blob FILE: the credential in the vault's header is what this file has.
put_blob()
{
	python3 -c '
import json, sys
with open(sys.argv[1]) as file:
    header = json.load(file)
slot = next(slot for slot in header["slots"] if slot["way"] == "machine")
print(slot["blob"])
slot["blob"] = open(sys.argv[2]).read().strip()
with open(sys.argv[1], "w") as file:
    json.dump(header, file)
' "$HOME/.local/share/keyturn/vault/vault.json" "$1"
}

begin "a credential that was changed, or is another vault's"
KEYTURN_VAULT=$work/other keyturn vault create --machine --no-recovery >"$work/out" 2>>"$work/stage.log"
sed 's/.*"blob":"\([^"]*\)".*/\1/' "$work/other/vault.json" >"$work/blob.other"
put_blob "$work/blob.other" >"$work/blob"
locked
expect_said 'NameMismatch'
tr ABCDEFGH BCDEFGHA <"$work/blob" >"$work/blob.changed"
put_blob "$work/blob.changed" >"$work/blob.other"
locked
expect_said 'BadFormat'
put_blob "$work/blob" >"$work/blob.other"
opens

begin 'a user who has another name now: the credential hangs on it, and another way opens the vault'
call keyturn vault add-key --key-file "$work/spare"
expect_status 0
keyturn lock
sed "s/^$(id -un):/renamed:/" /etc/passwd >"$work/passwd"
must mount --bind "$work/passwd" /etc/passwd
mv "$work/spare" "$work/spare.away"
locked
expect_said 'BadFormat'
mv "$work/spare.away" "$work/spare"
opens
umount /etc/passwd
call keyturn vault remove-key "$(keyturn vault keys | sed -n 's/ *key-file .*//p')" --force
expect_status 0
opens

# crowd COMMAND...: forty callers that begin together, each for the locked vault's token.
crowd()
{
	keyturn lock
	: >"$service.calls"
	: >"$work/crowd"
	for caller in $(seq 40); do
		{ "$@" token main >>"$work/crowd" 2>>"$work/crowd.err" || echo "status $?" >>"$work/crowd"; } &
		crowd="${crowd:-} $!"
	done
	# shellcheck disable=SC2086
	wait $crowd
	crowd=
	must [ "$(grep -cx pat_main "$work/crowd")" = 40 ]
}

begin 'of forty callers at once one asks the service, and all get the token'
serve slow
crowd keyturn
must [ "$(wc -l <"$service.calls")" = 1 ]

begin 'and where the kernel keeps no key, each that the service hangs up on comes again'
crowd "$builddir/tests/programs/forbid" EPERM keyturn
must [ "$(wc -l <"$service.calls")" = 40 ]
serve tpm

begin 'another user with a copy of the vault gets nothing'
if setpriv --reuid 65534 --clear-groups true 2>/dev/null; then
	cp -R "$HOME/.local/share/keyturn/vault" "$work/stolen"
	mkdir "$work/theirs"
	chmod 711 "$work"
	chown -R 65534 "$work/stolen" "$work/theirs"
	call setpriv --reuid 65534 --clear-groups env HOME="$work/theirs" KEYTURN_VAULT="$work/stolen" \
		KEYTURN_KEYRING=vault keyturn token main
	must [ "$status" -ne 0 ]
	expect_output ''
	chmod 700 "$work"
fi

begin 'a vault in two machines has one way for each, and a backup has neither'
call keyturn vault add-key --machine --name tower
expect_status 0
expect_said "this machine's TPM"
call keyturn vault keys --json
expect_json tpm keys 1 bound
call keyturn vault backup "$work/backup"
expect_status 6
expect_cause_and_remedy
call keyturn vault add-key --key-file "$HOME/key"
expect_status 0
call keyturn vault backup "$work/backup"
expect_status 0
must_not grep -qa '"machine"' "$work/backup"
mv "$HOME/key" "$work/key"
opens

begin 'a credential of the user'\''s manager is found where it lies'
stop_service
mkdir "/run/credentials/user@$(id -u).service"
head -c 40 /dev/urandom >"/run/credentials/user@$(id -u).service/keyturn"
chmod 440 "/run/credentials/user@$(id -u).service/keyturn"
call env KEYTURN_VAULT="$HOME/second" keyturn vault create --credential keyturn
expect_status 0
printf 'pat_second\n' | KEYTURN_VAULT=$HOME/second keyturn login second --site coze.cn --with-token \
	2>>"$work/stage.log"
KEYTURN_VAULT=$HOME/second keyturn lock
call env KEYTURN_VAULT="$HOME/second" keyturn token second
expect_output pat_second
KEYTURN_VAULT=$HOME/second keyturn lock
# On systemd 257 the file is root's, and the user reads it by the group.
if setpriv --reuid 65534 --clear-groups true 2>/dev/null; then
	theirs=/run/credentials/user@65534.service
	mkdir -m 755 "$theirs"
	cp "/run/credentials/user@$(id -u).service/keyturn" "$theirs/keyturn"
	chgrp 65534 "$theirs/keyturn"
	chmod 440 "$theirs/keyturn"
	cp -R "$HOME/second" "$work/second"
	chown -R 65534 "$work/second"
	chmod 711 "$work"
	for variable in KEYTURN_VAULT="$work/second" CREDENTIALS_DIRECTORY="$theirs" \
		KEYTURN_VAULT_KEY_FILE="$theirs/keyturn"; do
		call setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$work/theirs" \
			KEYTURN_KEYRING=vault KEYTURN_VAULT="$work/second" "$variable" \
			sh -c 'keyturn token second && keyturn lock'
		expect_status 0
		expect_output pat_second
	done
	# A login whose file may not be read is whole: no advice has it deleted.
	chmod 0 "$work"/second/*-*
	for words in 'token second' 'logout second'; do
		# shellcheck disable=SC2086
		call setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$work/theirs" \
			KEYTURN_KEYRING=vault KEYTURN_VAULT="$work/second" CREDENTIALS_DIRECTORY="$theirs" \
			keyturn $words
		expect_status 4
		expect_said 'cannot be read: Permission denied'
	done
	chmod 700 "$work"
fi
rm -r "/run/credentials/user@$(id -u).service"
call env KEYTURN_VAULT="$HOME/second" keyturn token second
expect_status 4
expect_said 'LoadCredential=keyturn'

begin 'doctor tells the way to it, whichever there is'
mkdir /run/systemd/system
keyturn lock
call keyturn doctor
must grep -q 'systemd-creds encrypt --name=keyturn - /etc/credstore.encrypted/keyturn-' "$work/out"
must grep -q 'LoadCredentialEncrypted=keyturn:/etc/credstore.encrypted/keyturn-' "$work/out"
call env KEYTURN_VAULT="$HOME/second" keyturn doctor
must grep -q 'systemd-creds encrypt' "$work/out"
serve silent
call env KEYTURN_VAULT="$HOME/second" keyturn doctor
must grep -q 'keyturn vault add-key --machine' "$work/out"

finish

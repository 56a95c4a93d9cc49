#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A copy of a vault's header and items, as a thief, a backup or a synchronized folder has them: by
# each way in it opens with what that way takes, and without it, whatever else is there, it does not.
# After a rekey not even that opens what is stored from then on.
set -eu

. "$(dirname "$0")/lib/home.sh"
need expect python3 ssh-agent ssh-add ssh-keygen
alone "$0" "$@"
need_mounts 'put a service below /run/systemd'
home_make
KEYTURN_CACHE=off
export KEYTURN_CACHE
mkdir -p /run/systemd
mount -t tmpfs -o mode=755 none /run/systemd
service=/run/systemd/io.systemd.Credentials
means=$work/means
mkdir -p "$means/credentials" "$means/keys/first" "$work/away"
for file in key-command credentials/keyturn host.key; do
	head -c 32 /dev/urandom >"$means/$file"
done
chmod 400 "$means/credentials/keyturn"
ssh-keygen -q -t ed25519 -N '' -C 'a key' -f "$means/ssh"
CREDENTIALS_DIRECTORY=$means/credentials
KEYTURN_TEST_AUTHENTICATORS=$means/keys
SSH_AUTH_SOCK=$work/agent
KEYTURN_VAULT=$work/vault
export CREDENTIALS_DIRECTORY KEYTURN_TEST_AUTHENTICATORS SSH_AUTH_SOCK KEYTURN_VAULT
python3 "$srcdir/tests/programs/credentials_service.py" "$service" "$means/host.key" &
started=$!
ssh-agent -D -a "$SSH_AUTH_SOCK" >/dev/null 2>&1 &
started="$started $!"

end_all()
{
	end_status=$?
	for pid in $started; do
		kill "$pid" 2>/dev/null || :
	done
	home_end "$end_status"
}
trap end_all EXIT
wait_end=$(($(now) + 20000))
until [ -S "$service" ] && [ -S "$SSH_AUTH_SOCK" ]; do
	[ "$(now)" -lt "$wait_end" ] || skip 'the service or the agent does not start'
	sleep 0.02
done
ssh-add -q "$means/ssh" 2>>"$work/stage.log"

# person WORD COMMAND...: at a terminal, with the security key plugged in; the word is typed for each
# thing that is asked.
person()
{
	person_word=$1
	shift
	at_terminal "set env(LD_PRELOAD) $peer
	spawn $*
	expect_before -re {(assphrase|The same|assword|code)[^\\r\\n]*: \$} { send \"$person_word\\r\"; exp_continue }"
}

# make_vault WAY: that it opens by this way alone; its word is in $right, where it has one.
make_vault()
{
	rm -rf "$KEYTURN_VAULT"
	right='open sesame'
	unset KEYTURN_VAULT_KEY_COMMAND
	case $1 in
	key-file) person '' keyturn vault create --key-file "$means/key-file" ;;
	key-command)
		KEYTURN_VAULT_KEY_COMMAND="cat $means/key-command"
		export KEYTURN_VAULT_KEY_COMMAND
		person '' keyturn vault create --key-command
		;;
	credential) person '' keyturn vault create --credential keyturn ;;
	passphrase) person "$right" keyturn vault create ;;
	login) person "$right" keyturn vault create --login ;;
	recovery)
		person '' keyturn vault create --key-file "$work/first.key"
		person '' keyturn vault add-key --recovery
		right=$(grep -oE '([0-9A-Z]{4}-){8}[0-9A-Z]{2}' "$work/out")
		person '' keyturn vault remove-key key-file
		rm "$work/first.key"
		;;
	*) person '' keyturn vault create "--$1" --no-recovery ;;
	esac
	expect_status 0
	keyturn vault keys --json >"$work/out"
	must [ "$(grep -o '"way":' "$work/out" | wc -l)" -eq 1 ]
}

# What a way takes that is no word, below $means.
file_of()
{
	case $1 in
	credential) echo credentials/keyturn ;;
	machine) echo host.key ;;
	fido2) echo keys/first ;;
	key-file | key-command) echo "$1" ;;
	esac
}

# take WAY: what it takes is not there any more. give WAY: it is again.
take()
{
	word=WRONG
	file=$(file_of "$1")
	[ -z "$file" ] || mv "$means/$file" "$work/away/means"
	[ "$1" != ssh-agent ] || ssh-add -q -D 2>>"$work/stage.log"
}

give()
{
	word=$right
	file=$(file_of "$1")
	[ -z "$file" ] || mv "$work/away/means" "$means/$file"
	[ "$1" != ssh-agent ] || ssh-add -q "$means/ssh" 2>>"$work/stage.log"
}

peer=$builddir/tests/programs/authenticator.so
ways='key-file key-command credential machine ssh-agent passphrase login recovery'
[ ! -e "$peer" ] || ways="$ways fido2"
for way in $ways; do
	begin "a copy of the vault, $way: it opens it, and without it nothing does"
	make_vault "$way"
	store_token main coze.cn pat_main
	keyturn lock
	rm -rf "$work/stolen"
	cp -R "$work/vault" "$work/stolen"
	KEYTURN_VAULT=$work/stolen
	take "$way"
	person "$word" keyturn token main
	expect_status 4
	must_not grep -q pat_main "$work/out"
	call setsid keyturn token main
	expect_status 4
	expect_output ''
	expect_cause_and_remedy
	give "$way"
	person "$word" keyturn token main
	expect_status 0
	must grep -q pat_main "$work/out"
	keyturn lock

	begin "after a rekey the copy, $way, opens nothing that is there from then on"
	KEYTURN_VAULT=$work/vault
	person "$right" keyturn vault rekey
	expect_status 0
	store_token late coze.cn pat_late
	keyturn lock
	(cd "$work/vault" && find . -type d -exec mkdir -p "$work/stolen/{}" \;)
	find "$work/vault" -type f -name '*-*-*' -exec cp {} "$work/stolen" \;
	(cd "$work/vault" && find . -type f -name '*-*-*' -exec cp {} "$work/stolen/{}" \;)
	KEYTURN_VAULT=$work/stolen
	person "$word" keyturn token late
	must [ "$status" -ne 0 ]
	must_not grep -q pat_late "$work/out"
	keyturn lock
	KEYTURN_VAULT=$work/vault
done

finish

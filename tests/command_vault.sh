#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn vault.
set -eu

. "$(dirname "$0")/lib/home.sh"
need expect python3
home_make
directory=$HOME/.local/share/keyturn/vault

begin 'without a vault status is exit 4, with the way to one'
call keyturn vault status
expect_status 4
expect_cause_and_remedy
expect_said 'keyturn vault create'
call keyturn vault status --json
expect_json unavailable error code

begin 'without a terminal a way in has to be named'
call setsid keyturn vault create
expect_status 2
expect_cause_and_remedy
must_not test -e "$directory"

begin 'a key file is made where none is, for its owner alone'
call keyturn vault create --key-file "$HOME/key"
expect_status 0
must [ "$(stat -c %a "$HOME/key")" = 600 ]
must [ "$(stat -c %s "$HOME/key")" -ge 32 ]
must [ "$(stat -c %a "$directory")" = 700 ]

begin 'status tells where it is and what opens it'
call keyturn vault status
expect_status 0
must grep -qF "$directory" "$work/out"
must grep -qF "$HOME/key" "$work/out"
call keyturn vault status --json
expect_json 1 version
expect_json key-file ways 0
expect_json "$directory" directory
expect_json true unattended

begin 'a second vault is not made over the first'
store_token main coze.cn pat_canary
snapshot >"$work/before"
call keyturn vault create --key-file "$HOME/other"
expect_status 2
expect_cause_and_remedy
expect_unchanged

begin 'its files show no account, no service and no token'
must_not grep -rqaF -e canary -e api.coze.cn "$directory"
must_not sh -c 'ls "$1" | grep -e main -e coze' - "$directory"

begin 'after a lock the key file opens it unasked'
keyturn lock
call keyturn token
expect_status 0
expect_output pat_canary

begin 'without its key file it is exit 4, and nothing is written'
mv "$HOME/key" "$work/key"
keyturn lock
snapshot >"$work/before"
call keyturn token
expect_status 4
expect_cause_and_remedy
input 'pat_other\n'
call keyturn login other --site coze.cn --with-token
expect_status 4
expect_unchanged

begin 'KEYTURN_VAULT_KEY_FILE names another place for the key'
call env KEYTURN_VAULT_KEY_FILE="$work/key" keyturn token
expect_output pat_canary

begin 'a key file that is another one is exit 4'
keyturn lock
head -c 64 /dev/urandom >"$HOME/key"
call keyturn token
expect_status 4
expect_cause_and_remedy

begin 'a key file that others can read is exit 6'
cp "$work/key" "$HOME/key"
chmod 644 "$HOME/key"
call keyturn token
expect_status 6
expect_cause_and_remedy
chmod 600 "$HOME/key"

begin 'KEYTURN_VAULT names another directory, and the two are two'
call env KEYTURN_VAULT="$HOME/second" keyturn vault create --key-file "$HOME/key2"
expect_status 0
call env KEYTURN_VAULT="$HOME/second" keyturn token
expect_status 1
call keyturn token
expect_output pat_canary
KEYTURN_VAULT=$HOME/second keyturn lock

begin 'a credential of the service manager opens it unasked'
mkdir "$work/credentials"
head -c 64 /dev/urandom >"$work/credentials/keyturn"
chmod 400 "$work/credentials/keyturn"
KEYTURN_VAULT=$HOME/third
CREDENTIALS_DIRECTORY=$work/credentials
export KEYTURN_VAULT CREDENTIALS_DIRECTORY
call keyturn vault create --credential keyturn
expect_status 0
input 'pat_third\n'
call keyturn login third --site coze.cn --with-token
expect_status 0
keyturn lock
call keyturn token third
expect_output pat_third
keyturn lock
unset CREDENTIALS_DIRECTORY
call keyturn token third
expect_status 4
expect_cause_and_remedy

begin 'a passphrase is typed twice, unseen'
KEYTURN_VAULT=$HOME/fourth
at_terminal 'spawn keyturn vault create
	expect "New passphrase"
	send "first try\r"
	expect "again"
	send "second try\r"
	expect "try again (2 left)"
	expect "New passphrase"
	send "\004"'
expect_status 2
expect_unsaid "first try"
expect_unsaid "second try"
must_not test -e "$KEYTURN_VAULT/vault.json"
at_terminal 'spawn keyturn vault create
	expect "New passphrase"
	send "open sesame\r"
	expect "again"
	send "open sesame\r"'
expect_status 0
expect_unsaid sesame
store_token fourth coze.cn pat_fourth

begin 'change-passphrase asks for the old one, and keeps the logins'
at_terminal 'spawn keyturn vault change-passphrase
	expect "Passphrase"
	send "open sesame\r"
	expect "New passphrase"
	send "new sesame\r"
	expect "again"
	send "new sesame\r"'
expect_status 0
keyturn lock
at_terminal 'spawn keyturn unlock
	expect "Passphrase"
	send "open sesame\r"
	expect "Passphrase"
	send "\003"'
expect_status 4
at_terminal 'spawn keyturn unlock
	expect "Passphrase"
	send "new sesame\r"'
expect_status 0
call keyturn token fourth
expect_output pat_fourth
keyturn lock

begin 'a passphrase file that others can read is exit 6, an absent one exit 2'
KEYTURN_VAULT=$HOME/fifth
printf 'word\n' >"$work/passphrase"
chmod 644 "$work/passphrase"
call keyturn vault create --passphrase-file "$work/passphrase"
expect_status 6
expect_cause_and_remedy
call keyturn vault create --passphrase-file "$work/absent"
expect_status 2
expect_cause_and_remedy
input '\n'
call keyturn vault create --passphrase-file -
expect_status 2
expect_cause_and_remedy
must_not test -e "$KEYTURN_VAULT/vault.json"

begin 'keys lists the ways in, and whether each opens it here and now'
KEYTURN_VAULT=$HOME/sixth
call keyturn vault create --key-file "$HOME/six"
expect_status 0
call keyturn vault keys
expect_status 0
must grep -q '^ID  *WAY  *NAME  *ADDED  *HERE$' "$work/out"
must grep -qx 'key-file  key-file  -     -      yes' "$work/out"
must grep -q '"version":1,' "$KEYTURN_VAULT/vault.json"
store_token six coze.cn pat_six

begin 'add-key adds a way to a vault that is there, and tells nothing secret'
head -c 40 /dev/urandom >"$HOME/seven"
call keyturn vault add-key --key-file "$HOME/seven" --name laptop
expect_status 0
expect_output ''
must grep -q '"version":2,' "$KEYTURN_VAULT/vault.json"
call keyturn vault keys --json
expect_json 1 version
expect_json key-file keys 0 id
expect_json null keys 0 added
expect_json laptop keys 1 name
expect_json yes keys 1 here
seventh=$(json keys 1 id)
mv "$HOME/six" "$work/six"
keyturn lock
call keyturn token six
expect_output pat_six
call keyturn vault keys --json
expect_json no keys 0 here
must [ "$(json keys 0 why)" = "the vault's key file $HOME/six cannot be read: No such file or directory" ]

begin 'a locked vault names each way in that did not open, and why'
mv "$HOME/seven" "$work/seven"
keyturn lock
call keyturn token six
expect_status 4
expect_cause_and_remedy
expect_said "$HOME/six cannot be read"
expect_said "$HOME/seven cannot be read"
mv "$work/seven" "$HOME/seven"

begin 'a recovery code is shown once, on a terminal alone, and opens the vault'
call keyturn vault add-key --recovery
expect_status 2
expect_cause_and_remedy
must_not grep -q recovery "$KEYTURN_VAULT/vault.json"
at_terminal 'spawn keyturn vault add-key --recovery'
expect_status 0
code=$(grep -oE '([0-9A-Z]{4}-){8}[0-9A-Z]{2}' "$work/out")
must [ ${#code} = 42 ]
must_not grep -rq "$code" "$HOME"
mv "$HOME/seven" "$work/seven"
keyturn lock
case $code in
0*) slip=1${code#?} ;;
*) slip=0${code#?} ;;
esac
at_terminal "spawn keyturn unlock
	expect \"$HOME/seven cannot be read\"
	expect \"ecovery code\"
	send \"$slip\r\"
	expect \"mistyped\"
	expect \"ecovery code\"
	send \"[string tolower $code]\r\""
expect_status 0
expect_unsaid "$code"
call keyturn token six
expect_output pat_six
keyturn vault keys --json >"$work/out"
expect_json asks keys 2 here

begin 'remove-key takes a way away, and never the last'
call keyturn vault remove-key "$seventh"
expect_status 0
cp "$work/seven" "$HOME/seven"
keyturn lock
call keyturn token six
expect_status 4
expect_cause_and_remedy
cp "$work/six" "$HOME/six"
call keyturn vault remove-key banana
expect_status 1
expect_cause_and_remedy
call keyturn vault remove-key "$(keyturn vault keys --json >"$work/out" && json keys 1 id)"
expect_status 0
call keyturn vault remove-key key-file
expect_status 6
expect_cause_and_remedy
call keyturn token six
expect_output pat_six
keyturn lock

begin 'backup writes the vault into one file, and restore makes it from that'
call keyturn vault backup "$HOME/vault.backup"
expect_status 0
must [ "$(stat -c %a "$HOME/vault.backup")" = 600 ]
must_not grep -qa -e pat_six -e coze "$HOME/vault.backup"
call keyturn vault backup "$HOME/vault.backup"
expect_status 2
expect_cause_and_remedy
call keyturn vault restore "$HOME/vault.backup"
expect_status 2
expect_cause_and_remedy
mv "$KEYTURN_VAULT" "$work/gone"
call env KEYTURN_KEYRING= keyturn token six
expect_status 4
expect_cause_and_remedy
expect_said 'keyturn vault restore FILE'
call keyturn vault restore "$HOME/vault.backup"
expect_status 0
call keyturn token six
expect_output pat_six
must diff -r "$KEYTURN_VAULT" "$work/gone"
call keyturn vault rekey
expect_status 0
call keyturn vault backup "$HOME/second.backup"
expect_status 0
keyturn lock
rm -r "$KEYTURN_VAULT"
call keyturn vault restore "$HOME/second.backup"
expect_status 0
call keyturn token six
expect_output pat_six
keyturn lock
rm -r "$KEYTURN_VAULT"

begin 'a backup that is not whole makes no vault'
size=$(stat -c %s "$HOME/vault.backup")
for length in 0 1 22 23 40 200 500 $((size - 1)) $((size - 40)); do
	head -c "$length" "$HOME/vault.backup" >"$work/half"
	call keyturn vault restore "$work/half"
	expect_status 4
	expect_cause_and_remedy
	must_not test -e "$KEYTURN_VAULT"
	must_not test -e "$KEYTURN_VAULT.restoring"
done
sed 's|^[0-9a-f]\{32\}-|../../../../../../tmp/x-|' "$HOME/vault.backup" >"$work/half"
call keyturn vault restore "$work/half"
expect_status 4
must_not test -e "$KEYTURN_VAULT"
(cat "$HOME/vault.backup" && echo more) >"$work/half"
call keyturn vault restore "$work/half"
expect_status 4
call keyturn vault restore "$work/absent"
expect_status 2
expect_cause_and_remedy

begin 'what is not there says how to go on'
call env KEYTURN_KEYRING=vault keyturn token six
expect_status 4
expect_cause_and_remedy

begin 'a program that prints the key opens the vault, without a shell between'
KEYTURN_VAULT=$HOME/eighth
mkdir "$work/a place"
head -c 32 /dev/urandom >"$work/a place/secret"
call keyturn vault create --key-command
expect_status 2
expect_cause_and_remedy
KEYTURN_VAULT_KEY_COMMAND="cat '$work/a place'/secret"
export KEYTURN_VAULT_KEY_COMMAND
call keyturn vault create --key-command
expect_status 0
must grep -q '"version":1,' "$KEYTURN_VAULT/vault.json"
must_not grep -q -e cat -e secret "$KEYTURN_VAULT/vault.json"
store_token eight coze.cn pat_eight
keyturn lock
call keyturn token eight
expect_output pat_eight
for command in "cat '$work/a place/secret'; touch $work/ran" "sh -c 'exit 3'" 'head -c 31 /dev/zero' \
	'head -c 70000 /dev/zero' 'head -c 32 /dev/zero' "cat 'open" no-such-program ' '; do
	keyturn lock
	call env KEYTURN_VAULT_KEY_COMMAND="$command" keyturn token eight
	must [ "$status" -eq 4 -o "$status" -eq 2 ]
	expect_output ''
	expect_cause_and_remedy
done
must_not test -e "$work/ran"

begin 'gpg opens it by a key and by a passphrase that gpg-agent holds, age by an identity'
need gpg gpg-agent age age-keygen
GNUPGHOME=$work/gnupg
export GNUPGHOME
mkdir "$GNUPGHOME"
gpg_agent_configure "$GNUPGHOME"
gpg --batch --quiet --passphrase word --pinentry-mode loopback \
	--quick-generate-key me@example.com future-default default never 2>>"$work/stage.log"
head -c 32 /dev/urandom >"$work/plain"
gpg --batch --quiet --trust-model always --recipient me@example.com --output "$work/key.gpg" \
	--encrypt "$work/plain" 2>>"$work/stage.log"
gpg --batch --quiet --passphrase word --pinentry-mode loopback --output "$work/typed.gpg" \
	--symmetric "$work/plain" 2>>"$work/stage.log"
age-keygen -o "$work/identity" 2>>"$work/stage.log"
age --encrypt --recipient "$(age-keygen -y "$work/identity")" --output "$work/key.age" "$work/plain"
rm "$work/plain"
KEYTURN_VAULT=$HOME/sealed
KEYTURN_VAULT_KEY_COMMAND="gpg --batch --quiet --decrypt $work/key.gpg"
call keyturn vault create --key-command
expect_status 0
store_token sealed coze.cn pat_sealed
for command in "$KEYTURN_VAULT_KEY_COMMAND" "gpg --batch --quiet --decrypt $work/typed.gpg" \
	"age --decrypt --identity $work/identity $work/key.age"; do
	keyturn lock
	gpgconf --kill gpg-agent
	call env KEYTURN_VAULT_KEY_COMMAND="$command" setsid keyturn token sealed
	expect_status 0
	expect_output pat_sealed
done
keyturn lock
gpgconf --kill gpg-agent
mv "$work/pinentry" "$work/pinentry.away"
mv "$work/identity" "$work/identity.away"
for command in "$KEYTURN_VAULT_KEY_COMMAND" "gpg --batch --quiet --decrypt $work/typed.gpg" \
	"age --decrypt --identity $work/identity $work/key.age"; do
	call env KEYTURN_VAULT_KEY_COMMAND="$command" setsid keyturn token sealed
	expect_status 4
	expect_output ''
	expect_cause_and_remedy
	expect_said 'KEYTURN_VAULT_KEY_COMMAND failed (status '
done
gpgconf --kill gpg-agent
KEYTURN_VAULT=$HOME/eighth
KEYTURN_VAULT_KEY_COMMAND="cat '$work/a place'/secret"

begin 'a vault whose key a program prints says so where none is named, in doctor too'
call env -u KEYTURN_VAULT_KEY_COMMAND keyturn token eight
expect_status 4
expect_cause_and_remedy
expect_said 'KEYTURN_VAULT_KEY_COMMAND does not name it'
call env -u KEYTURN_VAULT_KEY_COMMAND KEYTURN_KEYRING=vault keyturn doctor
must [ "$(grep -c 'set it as it was when the vault was made' "$work/out")" -eq 2 ]

begin 'it has five seconds where nobody is, and is ended then'
keyturn lock
call env KEYTURN_VAULT_KEY_COMMAND='sleep 1234.5' keyturn token eight
expect_status 4
expect_said 'does not end'
must_not pgrep -f 'sleep 1234[.]5'

begin 'a status does not run it, and the configuration may name it'
call env KEYTURN_VAULT_KEY_COMMAND="touch $work/ran" keyturn vault status
expect_status 0
call env KEYTURN_VAULT_KEY_COMMAND="touch $work/ran" keyturn vault keys
expect_status 0
must_not test -e "$work/ran"
echo "$KEYTURN_VAULT_KEY_COMMAND" >"$HOME/.config/keyturn/vault-key-command"
unset KEYTURN_VAULT_KEY_COMMAND
call keyturn token eight
expect_output pat_eight
call keyturn vault rekey
expect_status 0
keyturn lock
call keyturn token eight
expect_output pat_eight
keyturn lock
chmod 620 "$HOME/.config/keyturn/vault-key-command"
call keyturn token eight
expect_status 6
expect_cause_and_remedy
rm "$HOME/.config/keyturn/vault-key-command"
call keyturn token eight
expect_status 4
expect_cause_and_remedy

begin 'the password of a login is asked for by its name'
KEYTURN_VAULT=$HOME/ninth
input 'login word\n'
call keyturn vault create --login
expect_status 0
keyturn lock
mkdir -p "$HOME/run/keyturn"
chmod 700 "$HOME/run/keyturn"
for word in no-password ssh-key; do
	echo "$word" >"$HOME/run/keyturn/unlock-outcome"
	call env XDG_RUNTIME_DIR="$HOME/run" keyturn token six
	expect_status 4
	expect_cause_and_remedy
	expect_said 'run: keyturn unlock'
done
expect_said 'this login was by an SSH key'
expect_said 'keyturn vault add-key --ssh-agent (log in with ssh -A)'
at_terminal "spawn keyturn unlock
	expect \"Login password, which opens keyturn's vault: \"
	send \"login word\r\""
expect_status 0
keyturn lock

begin 'a passphrase is not put beside another'
KEYTURN_VAULT=$HOME/fifth
chmod 600 "$work/passphrase"
call keyturn vault create --passphrase-file "$work/passphrase"
expect_status 0
call keyturn vault add-key --passphrase-file "$work/passphrase"
expect_status 2
expect_cause_and_remedy
expect_said 'keyturn vault change-passphrase'
keyturn lock

begin 'a header of a version to come is a newer keyturn'\''s, and nothing of it is changed'
KEYTURN_VAULT=$HOME/sixth
call keyturn vault restore "$HOME/vault.backup"
expect_status 0
sed -i 's/"version":[12]/"version":3/' "$KEYTURN_VAULT/vault.json"
snapshot >"$work/before"
for words in 'token six' 'list' 'unlock' 'lock' 'vault status' 'vault keys' 'vault rekey' \
	"vault create --key-file $HOME/six" "vault add-key --key-file $HOME/six" \
	'vault remove-key key-file' 'vault change-passphrase' "vault backup $HOME/new" 'logout six'; do
	# shellcheck disable=SC2086
	call setsid keyturn $words
	expect_status 4
	expect_cause_and_remedy
	expect_said "newer keyturn's"
	expect_said 'update keyturn'
done
input 'pat_other\n'
call keyturn login other --site coze.cn --with-token
expect_status 4
expect_unchanged

begin 'vault needs one of its words'
call keyturn vault
expect_status 2
expect_cause_and_remedy
call keyturn vault destroy
expect_status 2
call keyturn vault remove-key
expect_status 2
expect_cause_and_remedy
call keyturn vault keys key-file
expect_status 2
expect_cause_and_remedy
call keyturn vault status --key-file x
expect_status 2
expect_cause_and_remedy

finish

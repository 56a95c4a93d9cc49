# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/clients.sh: restic and ansible-vault, whose password is what a command prints. keyturn token
# is that command; ansible takes a program without words.

get_passwords()
{
	for program in restic ansible-vault; do
		command -v "$program" || { echo "skip: there is no $program"; return 1; }
	done
}

try_passwords()
{
	printf 'long-password-1\n' | keyturn login backup --api-base https://backup.example.com \
		--with-token --force 2>>"$work/stage.log"
	RESTIC_REPOSITORY=$work/repository
	RESTIC_PASSWORD_COMMAND='keyturn token backup'
	export RESTIC_REPOSITORY RESTIC_PASSWORD_COMMAND

	begin 'restic opens its repository by keyturn token, and not without'
	call restic --no-cache init
	expect_status 0
	call restic --no-cache cat config
	expect_status 0
	call env RESTIC_PASSWORD_COMMAND='keyturn token nobody' restic --no-cache cat config
	must [ "$status" -ne 0 ]
	expect_said 'no account nobody is stored'
	unset RESTIC_REPOSITORY RESTIC_PASSWORD_COMMAND

	begin 'ansible-vault seals and opens by a program that has keyturn token in it'
	printf '#!/bin/sh\nexec keyturn token backup\n' >"$work/vault-password"
	chmod 700 "$work/vault-password"
	echo hello >"$work/plain"
	call env ANSIBLE_VAULT_PASSWORD_FILE="$work/vault-password" ansible-vault encrypt "$work/plain"
	expect_status 0
	must grep -q '^\$ANSIBLE_VAULT' "$work/plain"
	call env ANSIBLE_VAULT_PASSWORD_FILE="$work/vault-password" ansible-vault view "$work/plain"
	expect_line hello
	keyturn logout backup 2>>"$work/stage.log"
	call env ANSIBLE_VAULT_PASSWORD_FILE="$work/vault-password" ansible-vault view "$work/plain"
	must [ "$status" -ne 0 ]
}

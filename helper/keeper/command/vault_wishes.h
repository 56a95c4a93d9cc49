/* SPDX-License-Identifier: MIT */
#pragma once

/* The ways into a vault as options of the command line name them, and the secrets for them. */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"
#include "keyring/vault.h"

/* Borrowed from argv. */
struct kt_vault_wishes {
	const char *key_file;
	const char *credential;
	const char *passphrase_file;
	const char *name;
	bool key_command;
	bool login;
	const char *ssh_agent; /* "": the only key that fits */
	bool confirm;
	const char *fido2;     /* "": the only security key that is plugged in */
	bool machine;
	bool recovery;
	bool no_recovery;
};

/* The secrets that were read for them. Zeroed is empty. */
struct kt_vault_typed {
	struct kt_secret passphrase;
	struct kt_secret login;
	struct kt_secret recovery_code;
};

/* For KT_CLEANUP; safe to repeat. */
void kt_vault_typed_clear(struct kt_vault_typed *typed);

/* No way in is named. */
bool kt_vault_wishes_are_none(const struct kt_vault_wishes *wishes);

/*
 * Reads what the wishes need: passphrase and login password from a file, stdin or the terminal.
 * Without any wish a passphrase is asked for; where nobody can be asked, that is KT_ERROR_USAGE.
 * verb is the command's second word. options borrow from both.
 */
bool kt_vault_wishes_read(const struct kt_vault_wishes *wishes, const char *verb,
                          struct kt_vault_typed *typed, struct kt_vault_options *options,
                          struct kt_error *error);

/* A passphrase from the file of this name, "-" for stdin: one line, its end removed. */
bool kt_vault_read_passphrase_file(const char *path, struct kt_secret *passphrase,
                                   struct kt_error *error);

/* The login password, typed at the terminal that stdin is, or else what stdin holds. */
bool kt_vault_read_login_password(struct kt_secret *password, struct kt_error *error);

/* Shows the recovery code, if there is one, for the one time that it is seen. */
bool kt_vault_typed_show(const struct kt_vault_typed *typed, struct kt_error *error);

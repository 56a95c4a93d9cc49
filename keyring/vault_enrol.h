/* SPDX-License-Identifier: MIT */
#pragma once

/* New ways to a vault's key, whatever they are, put into a header that is not written yet. */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/keyring_options.h"
#include "keyring/secret.h"
#include "keyring/vault_header.h"

/* The ways that are wanted: at least one. Texts are borrowed; a NULL one is not wanted. */
struct kt_vault_options {
	const struct kt_secret *passphrase;
	const char *key_file;   /* made with random bytes, 0600, if it is not there */
	bool key_command;       /* the program that prints the bytes of a key file (key_command.h) */
	const char *credential; /* a file of this name in $CREDENTIALS_DIRECTORY */
	const struct kt_secret *login;
	struct kt_secret *recovery_code; /* becomes a new one, as it is to be printed */
	bool machine;           /* systemd's service for users' credentials */
	const char *ssh_agent;  /* a key's fingerprint or comment; "": the only one that fits */
	bool asks;              /* that key's agent asks a person each time */
	const char *fido2;      /* a security key's path; "": the only one that is plugged in */
	const struct kt_security_keys *security_keys;
	const char *name;       /* for people */
	void (*tell)(const char *line); /* one line for a person; NULL: nobody is told */
};

/*
 * Wraps key for each way that options want. One that the vault has once alone (passphrase, login,
 * recovery code) takes the place of the one before. Nothing is written but a key file.
 */
bool kt_vault_enrol(struct kt_vault *vault, const struct kt_vault_options *options,
                    const struct kt_secret *key, struct kt_error *error);

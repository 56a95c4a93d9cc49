/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The vault's header, vault.json: found in a directory that nobody else can enter, read, checked
 * with the key, and written. Asks nobody and opens nothing; whether the header is to be believed
 * is known only with the key.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"
#include "keyring/seal.h"
#include "keyring/secret.h"

enum kt_vault_way {
	KT_VAULT_PASSPHRASE,
	KT_VAULT_KEY_FILE,
	KT_VAULT_CREDENTIAL,
	KT_VAULT_LOGIN,
	KT_VAULT_WAYS,
};

/* One way to the key. Its parts stand in hexadecimal, as in the file. */
struct kt_vault_slot {
	bool exists;
	char *source;             /* the key file's path, the credential's name; else NULL */
	char *salt;
	char *wrapped;
	struct kt_seal_cost cost; /* of passphrase and login */
};

/* The content of vault.json. A zeroed one is no vault. */
struct kt_vault {
	char *directory;
	char *id;
	char *check;
	struct kt_vault_slot slots[KT_VAULT_WAYS];
};

#define KT_VAULT_ID_SIZE 16
#define KT_VAULT_WRAPPED_SIZE (KT_SEAL_KEY_SIZE + KT_SEAL_OVERHEAD)

/* "passphrase", "key-file", "credential", "login". */
const char *kt_vault_way_name(enum kt_vault_way way);

/* $KEYTURN_VAULT, which must be absolute, else "vault" in the data directory. */
bool kt_vault_directory(char **directory, struct kt_error *error);

/* The first length bytes of name look like an item's: three hashes, joined. */
bool kt_vault_is_item_name(const char *name, size_t length);

/*
 * True for the ways whose secret a person chose (passphrase, login password): it is stretched with
 * scrypt.
 */
bool kt_vault_is_stretched(enum kt_vault_way way);

/* For KT_CLEANUP; safe to repeat. */
void kt_vault_slot_clear(struct kt_vault_slot *slot);

/* Replaces digits by the bytes in hexadecimal, as they stand in the file. */
bool kt_vault_set_hex(char **digits, const struct kt_secret *bytes, struct kt_error *error);

/*
 * Reads the header; asks and opens nothing. No vault is KT_ERROR_UNAVAILABLE, a damaged header
 * KT_ERROR_CORRUPT, a directory that others can enter KT_ERROR_UNSAFE.
 */
bool kt_vault_read(struct kt_vault *vault, struct kt_error *error);

/* For KT_CLEANUP; safe to repeat. */
void kt_vault_clear(struct kt_vault *vault);

/*
 * As kt_vault_read(), but that there is no vault is told, not an error. Sets the directory too.
 * Items without a header are KT_ERROR_CORRUPT: a new vault beside them could not open them.
 */
bool kt_vault_find(struct kt_vault *vault, bool *found, struct kt_error *error);

/* *holds: the header is as it was written by someone who had this key. */
bool kt_vault_check_header(const struct kt_vault *vault, const struct kt_secret *key, bool *holds,
                           struct kt_error *error);

/* Says that vault.json is damaged; false. */
bool kt_vault_fail_damaged(const struct kt_vault *vault, struct kt_error *error);

/*
 * Writes the header with its check, whole or not at all, in place of the one that is there. The
 * caller keeps others from writing it meanwhile.
 */
bool kt_vault_save(const struct kt_vault *vault, const struct kt_secret *key,
                   struct kt_error *error);

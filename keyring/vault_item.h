/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Items of a vault: sealed files. A file's name is three joined keyed hashes (account; protocol
 * and host; path), so that a listing shows nobody's name and a pattern is a listing with some of
 * them compared. The name is authenticated with the content: a file under another's name is a
 * damaged one. Only bytes and names are here; backend_vault.c and vault_rekey.c read and write.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"
#include "keyring/identity.h"
#include "keyring/secret.h"

#define KT_VAULT_ITEM_MAXIMUM (1 << 20)
#define KT_VAULT_NAME_PARTS 3

/* The parts of a file's name, in hexadecimal; NULL for a part that a pattern leaves open. */
struct kt_vault_name {
	char *part[KT_VAULT_NAME_PARTS];
};

/* A part that was hashed last: one account is looked for, stored and looked at again. */
struct kt_vault_hashed {
	struct kt_secret plain;
	struct kt_secret digits; /* empty: none yet */
};

/* The vault's key, and the names that it made. Zeroed is none. */
struct kt_vault_item_key {
	struct kt_secret key;
	struct kt_vault_hashed hashed[KT_VAULT_NAME_PARTS];
};

/* For KT_CLEANUP; safe to repeat. */
void kt_vault_name_clear(struct kt_vault_name *name);
void kt_vault_item_key_clear(struct kt_vault_item_key *key);

/* The first length bytes of name look like an item's: three hashes, joined. */
bool kt_vault_is_item_name(const char *name, size_t length);

/* True for the temporary file of an item's, or the header's, writer. */
bool kt_vault_is_temporary(const char *name);

/* Hashes the parts that the pattern has. */
bool kt_vault_name_make(struct kt_vault_item_key *key, const struct kt_identity *pattern,
                        struct kt_vault_name *name, struct kt_error *error);

/* A file of this name may be an item that the pattern fits. */
bool kt_vault_name_is_match(const struct kt_vault_name *name, const char *file);

/* The file's name; NULL where a part is left open. */
bool kt_vault_name_join(const struct kt_vault_name *name, char **file, struct kt_error *error);

/* The name of the file in which an item of this identity, which is whole, lies. */
bool kt_vault_item_name(struct kt_vault_item_key *key, const struct kt_identity *identity,
                        char **file, struct kt_error *error);

/* The bytes begin as those of an item do. */
bool kt_vault_item_is_one(const struct kt_secret *content);

/* Replaces form by what is sealed in the content of a file of this name; else KT_ERROR_CORRUPT. */
bool kt_vault_item_open(const struct kt_vault_item_key *key, const char *file,
                        const struct kt_secret *content, struct kt_secret *form,
                        struct kt_error *error);

/* Replaces content by what a file of this name is to hold. */
bool kt_vault_item_seal(const struct kt_vault_item_key *key, const char *file,
                        const struct kt_secret *form, struct kt_secret *content,
                        struct kt_error *error);

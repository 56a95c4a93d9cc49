/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The vault's header, vault.json: found in a directory that nobody else can enter, read, checked
 * with the key, and written. Asks nobody and opens nothing; whether the header is to be believed
 * is known only with the key.
 *
 * Version 1 has one slot of each of four ways. Version 2 has a list of them, and is written only
 * once there is something that version 1 cannot hold; a keyturn that knows version 1 alone says
 * then that the vault is a newer keyturn's, and changes nothing. In a version 2 whatever means
 * nothing here stays as it is.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"
#include "keyring/seal.h"
#include "keyring/secret.h"
#include "keyring/vault_slot.h"

/* A header holds no more slots than these. */
#define KT_VAULT_SLOTS 64
#define KT_VAULT_ID_SIZE 16

/* The content of vault.json. A zeroed one is no vault. */
struct kt_vault {
	int64_t version;
	char *directory;
	char *id;
	char *items;   /* the directory in it where the items lie; NULL: itself */
	char *check;
	char *checked; /* of version 2: the text that the check was made of */
	char *others;  /* of version 2: the header without items, slots and check */
	struct kt_secret text; /* as it was read */
	struct kt_vault_slot *slots;
	size_t count;
};

/* $KEYTURN_VAULT, which must be absolute, else "vault" in the data directory. */
bool kt_vault_directory(char **directory, struct kt_error *error);

/* The first slot of this way, or NULL. */
const struct kt_vault_slot *kt_vault_find_way(const struct kt_vault *vault, enum kt_vault_way way);

/* The slot of this id, or NULL. */
struct kt_vault_slot *kt_vault_find_slot(const struct kt_vault *vault, const char *id);

/*
 * Takes the slot over, which is then empty: in place of the one that has its id, or behind the
 * others. More than KT_VAULT_SLOTS is KT_ERROR_USAGE. Nothing is written.
 */
bool kt_vault_put_slot(struct kt_vault *vault, struct kt_vault_slot *slot, struct kt_error *error);

/* Takes a slot of the vault out. Nothing is written. */
void kt_vault_drop_slot(struct kt_vault *vault, struct kt_vault_slot *slot);

/*
 * A fresh slot of this way, with its id, its salt and, where version 1 does not hold it, its name
 * (or NULL) and the time. A way that is single keeps the id of the slot that is there.
 */
bool kt_vault_begin_slot(const struct kt_vault *vault, enum kt_vault_way way, const char *name,
                         struct kt_vault_slot *slot, struct kt_error *error);

/* The items lie in a directory of this name, which a new vault key has. */
bool kt_vault_is_items_name(const char *name);

/* Another directory for items, which is not made yet. Nothing is written. */
bool kt_vault_renew_items(struct kt_vault *vault, struct kt_error *error);

/* Deletes the directory of this name, with all items in it. Failures are nobody's concern. */
void kt_vault_delete_items(int parent, const char *name);

/* The directory in which the items lie. */
bool kt_vault_items_directory(const struct kt_vault *vault, char **path, struct kt_error *error);

/*
 * Reads the header; asks and opens nothing. No vault is KT_ERROR_UNAVAILABLE, a damaged header
 * KT_ERROR_CORRUPT, a directory that others can enter KT_ERROR_UNSAFE.
 */
bool kt_vault_read(struct kt_vault *vault, struct kt_error *error);

/*
 * Reads the header anew. *changed: there is another now, which vault is; else vault stays empty.
 */
bool kt_vault_read_again(const struct kt_vault *before, struct kt_vault *vault, bool *changed,
                         struct kt_error *error);

/* Reads the text of a header. What breaks a rule is any error but KT_ERROR_INTERNAL. */
bool kt_vault_parse(struct kt_vault *vault, const struct kt_secret *text, struct kt_error *error);

/* Appends the text of the header, with its check. */
bool kt_vault_print(const struct kt_vault *vault, const struct kt_secret *key,
                    struct kt_secret *text, struct kt_error *error);

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

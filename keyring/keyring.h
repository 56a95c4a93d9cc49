/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The keyring: find, store, erase, lock, unlock. Picks the backend: the one named in the
 * options for this call, else the one recorded by the first use, else the Secret Service if it
 * answers, else a vault that exists. The choice is recorded by the first store and never
 * changed by itself.
 */

#include <stdbool.h>

#include "keyring/credential.h"
#include "keyring/error.h"
#include "keyring/foreign.h"
#include "keyring/keyring_options.h"

struct kt_backend;

/* A zeroed keyring is a closed one. */
struct kt_keyring {
	const struct kt_backend *backend;
	void *state;
	struct kt_keyring_options options;
	bool is_recorded;
	struct kt_credential known; /* identity, kind and place of the item that was found last */
};

/*
 * Chooses and reaches the keyring. options are copied; the texts that they point to are
 * borrowed.
 */
bool kt_keyring_open(struct kt_keyring *keyring, const struct kt_keyring_options *options,
                     struct kt_error *error);

/* For KT_CLEANUP; safe to repeat. */
void kt_keyring_close(struct kt_keyring *keyring);

/* "secret-service", "vault" or "memory". */
const char *kt_keyring_name(const struct kt_keyring *keyring);

/* The recorded choice for this user, or NULL when there is none (caller frees). */
bool kt_keyring_recorded(char **name, struct kt_error *error);

/* See backend.h. enter may be left out; search and the others then take their own turn. */
bool kt_keyring_enter(struct kt_keyring *keyring, bool *waited, struct kt_error *error);
void kt_keyring_leave(struct kt_keyring *keyring);

/*
 * Adds the credentials that match the pattern. Matching items that are locked are opened first,
 * by asking the person if options allow it; else KT_ERROR_LOCKED or KT_ERROR_DISMISSED. An empty
 * result means that no locked part of the keyring may hold a match. If something was found, such
 * a part stays closed, and found->hidden tells of it.
 */
bool kt_keyring_search(struct kt_keyring *keyring, const struct kt_identity *pattern,
                       struct kt_credentials *found, struct kt_error *error);

/*
 * The one credential of exactly this identity. Absent is no error: *found is false. Two items
 * of one identity, or one that cannot be read, is KT_ERROR_CORRUPT.
 */
bool kt_keyring_load(struct kt_keyring *keyring, const struct kt_identity *identity,
                     struct kt_credential *credential, bool *found, struct kt_error *error);

/* The same for a caller who replaces it: a damaged item, or two, count as none that is found. */
bool kt_keyring_load_to_replace(struct kt_keyring *keyring, const struct kt_identity *identity,
                                struct kt_credential *credential, bool *found,
                                struct kt_error *error);

/*
 * Stores in place of any item of this identity, and reads back in a new call: true means it is
 * there, and alone. A credential that cannot be kept whole (credential.h) is KT_ERROR_USAGE,
 * and nothing is touched. Records the choice of keyring.
 */
bool kt_keyring_store(struct kt_keyring *keyring, const struct kt_credential *credential,
                      struct kt_error *error);

/* Deletes every item of this identity, damaged ones too: true means that a look found none. */
bool kt_keyring_erase(struct kt_keyring *keyring, const struct kt_identity *identity,
                      struct kt_error *error);

/*
 * Deletes the damaged items that match the pattern, and tells how many. A newer keyturn's stay;
 * where they are all that there is, that is KT_ERROR_CORRUPT.
 */
bool kt_keyring_erase_damaged(struct kt_keyring *keyring, const struct kt_identity *pattern,
                              size_t *count, struct kt_error *error);

/* How a password that is typed at a terminal opens this keyring. */
bool kt_keyring_takes_password(struct kt_keyring *keyring, enum kt_password_way *way,
                               struct kt_error *error);

/* Opens it so where the way is KT_PASSWORD_SERVICE; *opened: false for a wrong password. */
bool kt_keyring_unlock_with(struct kt_keyring *keyring, const struct kt_secret *password,
                            bool *opened, struct kt_error *error);

/*
 * Adds the items of other programs that fit the pattern, where they are in this keyring too. What
 * is locked stays so, and found->is_locked tells of it.
 */
bool kt_keyring_search_foreign(struct kt_keyring *keyring,
                               const struct kt_foreign_pattern *pattern,
                               struct kt_foreign_items *found, struct kt_error *error);

/* Deletes the item of another program. That it is not there is no error. */
bool kt_keyring_erase_foreign(struct kt_keyring *keyring, const struct kt_foreign_item *item,
                              struct kt_error *error);

/*
 * Seconds for which what was stored may be lost with the service that took it; 0 none. NULL: those
 * of the slowest service.
 */
int kt_keyring_settling(struct kt_keyring *keyring);

/*
 * One line on the keyring's provider and state, for doctor; *line NULL: nothing to tell. *is_odd:
 * a person should look into it.
 */
bool kt_keyring_describe(struct kt_keyring *keyring, char **line, bool *is_odd,
                         struct kt_error *error);

bool kt_keyring_lock(struct kt_keyring *keyring, struct kt_error *error);
bool kt_keyring_unlock(struct kt_keyring *keyring, struct kt_error *error);
bool kt_keyring_is_open(struct kt_keyring *keyring, bool *open, struct kt_error *error);

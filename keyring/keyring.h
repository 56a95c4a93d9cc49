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
#include "keyring/keyring_options.h"

struct kt_backend;

/* A zeroed keyring is a closed one. */
struct kt_keyring {
	const struct kt_backend *backend;
	void *state;
	struct kt_keyring_options options;
	bool is_recorded;
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
bool kt_keyring_search(struct kt_keyring *keyring, const struct kt_identity *pattern,
                       struct kt_credentials *found, struct kt_error *error);

/*
 * The one credential of exactly this identity. Absent is no error: *found is false. Two items
 * of one identity, or one that cannot be read, is KT_ERROR_CORRUPT.
 */
bool kt_keyring_load(struct kt_keyring *keyring, const struct kt_identity *identity,
                     struct kt_credential *credential, bool *found, struct kt_error *error);

/* Stores, and reads back in a new call: true means it is there. Records the choice. */
bool kt_keyring_store(struct kt_keyring *keyring, const struct kt_credential *credential,
                      struct kt_error *error);
bool kt_keyring_erase(struct kt_keyring *keyring, const struct kt_identity *identity,
                      struct kt_error *error);
bool kt_keyring_lock(struct kt_keyring *keyring, struct kt_error *error);
bool kt_keyring_unlock(struct kt_keyring *keyring, struct kt_error *error);
bool kt_keyring_is_open(struct kt_keyring *keyring, bool *open, struct kt_error *error);

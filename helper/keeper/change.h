/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A change of one account: holds the account's lock and makes the cache forget, before and
 * after it acts. Every command that stores or erases a credential does it inside one.
 */

#include <stdbool.h>

#include "keyring/credential.h"
#include "keyring/error.h"
#include "keyring/keyring.h"
#include "keyring/lock.h"

/* A zeroed change is none. */
struct kt_change {
	struct kt_lock lock;
	struct kt_identity identity;
};

/* Waits for the account's lock, 60 s at most; then KT_ERROR_BUSY names the holder. */
bool kt_change_begin(struct kt_change *change, const struct kt_identity *identity,
                     struct kt_error *error);

/* For KT_CLEANUP; safe to repeat. */
void kt_change_end(struct kt_change *change);

/* The name of the account's lock file, also of its journal. */
bool kt_change_lock_name(const struct kt_identity *identity, char **name,
                         struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A change of one account: holds the account's lock and makes the cache forget, before and
 * after it acts. Every command that stores or erases a credential does it inside one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/credential.h"
#include "keyring/error.h"
#include "keyring/keyring.h"
#include "keyring/lock.h"

/* A zeroed change is none. */
struct kt_change {
	struct kt_lock lock;
	struct kt_identity identity;
	bool is_announced;
};

/*
 * Waits for the account's lock, 60 s at most; then KT_ERROR_BUSY names the holder. One that a
 * killed holder left may have been in the middle of a change, which is marked in its place.
 */
bool kt_change_begin(struct kt_change *change, const struct kt_identity *identity,
                     struct kt_error *error);

/*
 * The two halves of beginning: the lock alone, for one who may find nothing to change, and the
 * announcement, from which on the cache holds nothing of the account.
 */
bool kt_change_lock(struct kt_change *change, const struct kt_identity *identity,
                    struct kt_error *error);
void kt_change_announce(struct kt_change *change);

/*
 * No change of any account, by a keyturn of this user, has begun or ended since the mark
 * (mark.h): what was read of the account after it is what the lock now protects.
 */
bool kt_change_is_none_since(const struct kt_change *change, uint64_t mark);

/* For KT_CLEANUP; safe to repeat. */
void kt_change_end(struct kt_change *change);

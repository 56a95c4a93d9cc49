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
	uint64_t account; /* its number (account/lock.h) */
	int64_t deadline; /* of the wait for the lock, where its caller has one; else 0 */
	bool is_invalidated;
};

/*
 * Waits for the account's lock, to the deadline or 60 s at most; then KT_ERROR_BUSY names the
 * holder. If the previous holder was killed while it held the lock, it may have changed the
 * account: this is recorded as a change.
 */
bool kt_change_begin(struct kt_change *change, const struct kt_identity *identity,
                     struct kt_error *error);

/*
 * The two halves of beginning. The first is the lock alone, for a caller that may find nothing
 * to change. From the second on the cache holds nothing of the account.
 */
bool kt_change_lock(struct kt_change *change, const struct kt_identity *identity,
                    struct kt_error *error);
void kt_change_invalidate(struct kt_change *change);

/*
 * True if no keyturn of this user has begun or ended a change of any account since the stamp
 * (stamp.h). An item that was read after the stamp is then the one that the lock now protects.
 */
bool kt_change_is_none_since(const struct kt_change *change, uint64_t stamp);

/* For KT_CLEANUP; safe to repeat. */
void kt_change_end(struct kt_change *change);

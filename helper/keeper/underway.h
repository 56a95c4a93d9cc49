/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A login that is under way: one at a time for an account, and callers that find the account's
 * grant dead meanwhile wait for it instead of failing.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/identity.h"
#include "keyring/lock.h"

/* Marks the login as begun until the lock is released. Another's is KT_ERROR_BUSY. */
bool kt_underway_begin(struct kt_lock *lock, const struct kt_identity *identity,
                       struct kt_error *error);

/* Waits, 60 s at most, for a login of the account to end. False: none is under way. */
bool kt_underway_wait(const struct kt_identity *identity);

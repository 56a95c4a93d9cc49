/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The names under which an account is locked: for a change, and for a login in progress. One
 * login of an account runs at a time, and callers that find the account's grant dead meanwhile
 * wait for that login instead of failing.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/identity.h"
#include "keyring/lock.h"

/* The account as a number. Two accounts may share one, which does no harm where it is used. */
uint64_t kt_account_number(const struct kt_identity *identity);

/* The name of the lock file of the account of this number, also of its journal. */
bool kt_account_lock_name(uint64_t account, char **name, struct kt_error *error);

/* Marks a login as begun until the lock is released. Another's login is KT_ERROR_BUSY. */
bool kt_login_lock_take(struct kt_lock *lock, const struct kt_identity *identity,
                        struct kt_error *error);

/* Waits, 60 s at most, for a login of the account to end. False: none is in progress. */
bool kt_login_lock_wait(const struct kt_identity *identity);

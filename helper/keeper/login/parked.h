/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Logins that the keyring does not have: kept in kernel memory, 24 hours where it did not take
 * them, for as long as it may lose them where it did, and saved by the next call (docs/safety.md,
 * 2.1).
 */

#include <stdbool.h>

#include "helper/keeper/keeper.h"
#include "helper/keeper/token/escrow.h"
#include "keyring/credential.h"

/*
 * Makes room for a login before anything is spent on it. Where there is none that is said: the
 * login goes on.
 */
void kt_parked_reserve(struct kt_escrow *escrow, const struct kt_credential *credential);

/* The keyring did not take the login, for this cause: parks it, and says so. Always false. */
bool kt_parked_keep(struct kt_escrow *escrow, const struct kt_credential *credential,
                    const struct kt_error *cause, struct kt_error *error);

/*
 * Saves what is parked and not in the keyring. Without anything parked the keyring is not asked.
 * Call before the accounts are looked up, outside of a change.
 */
void kt_parked_save(struct kt_keeper *keeper);

/*
 * Saves the login of this account that is parked, if the keyring does not have it; *found: there
 * was one, and credential is it.
 */
bool kt_parked_take(struct kt_keeper *keeper, const struct kt_identity *identity,
                    struct kt_credential *credential, bool *found, struct kt_error *error);

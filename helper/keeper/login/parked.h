/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Logins that a person allowed and the keyring did not take: kept in kernel memory for 24
 * hours, and saved by the next call (docs/safety.md, 2.1).
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

/* Saves what is parked, if anything is. The keyring is not asked otherwise, and nobody is. */
void kt_parked_save(struct kt_keeper *keeper);

/* Saves the login of this account that is parked; *found: there was one, and credential is it. */
bool kt_parked_take(struct kt_keeper *keeper, const struct kt_identity *identity,
                    struct kt_credential *credential, bool *found, struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/* Dropping a token that its service refused: one change of the account, from lock to store. */

#include <stdbool.h>

#include "helper/keeper/keeper.h"
#include "helper/keeper/token/requirement.h"
#include "keyring/credential.h"

/*
 * Drops or marks the account's token if it is this one still (NULL: whatever it is), in a change of
 * the account of its own. requirement: which of a service app's tokens. keeper's keyring is open.
 * *dropped, of an account that is no app: it was.
 */
bool kt_drop_token(struct kt_keeper *keeper, const struct kt_credential *credential,
                   const struct kt_requirement *requirement, const struct kt_secret *token,
                   bool *dropped, struct kt_error *error);

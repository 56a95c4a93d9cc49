/* SPDX-License-Identifier: MIT */
#pragma once

/* A token that its service refused: dropped or marked, never the grant behind it. */

#include <stdbool.h>

#include "keyring/credential.h"
#include "keyring/keyring.h"

/*
 * Marks a PAT or SAT as refused, or drops a grant's access token, and stores that. Called
 * inside a change of the account.
 */
bool kt_refused_mark(struct kt_keyring *keyring, struct kt_credential *credential,
                     struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What became of the keyring at this login, left in $XDG_RUNTIME_DIR/keyturn/unlock-outcome
 * (0600) as one word and a newline, so that a command which finds the keyring locked can say
 * why. The words: opened, no-password, passwords-differ, no-daemon, no-login-keyring.
 */

#include <stdbool.h>

#include "pam/request.h"

/* The word for this status; NULL for one that says nothing about the keyring. */
const char *kt_outcome_word(enum kt_status status);

/*
 * Writes the word, replacing an earlier one whole. only_first: an earlier one stays, since a
 * login without a password does not close what another login opened.
 */
bool kt_outcome_write(const char *runtime_dir, enum kt_status status, bool only_first);

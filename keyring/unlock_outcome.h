/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The outcome of the keyring's unlocking at this login. pam_keyturn's helper leaves it as one
 * word and a newline in $XDG_RUNTIME_DIR/keyturn/unlock-outcome (0600), so that a command which
 * finds the keyring locked can say why. libc alone.
 */

#include <stdbool.h>

enum kt_unlock_outcome {
	KT_UNLOCK_OUTCOME_NONE, /* no word was left */
	KT_UNLOCK_OUTCOME_OPENED,
	KT_UNLOCK_OUTCOME_NO_PASSWORD,
	KT_UNLOCK_OUTCOME_SSH_KEY, /* and none, either */
	KT_UNLOCK_OUTCOME_PASSWORDS_DIFFER,
	KT_UNLOCK_OUTCOME_NO_DAEMON,
	KT_UNLOCK_OUTCOME_NO_LOGIN_KEYRING,
};

/*
 * Writes the word, replacing an earlier one whole. only_first: an earlier one stays, since a
 * login without a password does not close what another login opened. False where nothing was
 * written, as for KT_UNLOCK_OUTCOME_NONE.
 */
bool kt_unlock_outcome_write(const char *runtime_dir, enum kt_unlock_outcome outcome,
                             bool only_first);

/* NONE where there is no word that is the user's own and known. runtime_dir may be NULL. */
enum kt_unlock_outcome kt_unlock_outcome_read(const char *runtime_dir);

/* In English, for kt_translate(): why the keyring is locked; NULL: nothing is known. */
const char *kt_unlock_outcome_reason(enum kt_unlock_outcome outcome);

/* In English, for kt_translate(), the command that mends it: "run: keyturn unlock", at least. */
const char *kt_unlock_outcome_remedy(enum kt_unlock_outcome outcome);

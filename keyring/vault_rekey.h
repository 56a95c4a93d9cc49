/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Another key for a vault. Its items are sealed anew, in a directory of their own beside the old
 * ones, its slots wrap the new key, and one rename of vault.json makes all of it true. Whoever is
 * killed before that leaves the old vault, behind it the new one.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/keyring_options.h"
#include "keyring/secret.h"
#include "keyring/vault_header.h"

/* Whom the secrets of slots are asked for that are typed. */
struct kt_vault_typist {
	/* Replaces typed by the secret of a slot of this way. */
	bool (*ask)(void *context, enum kt_vault_way way, struct kt_secret *typed,
	            struct kt_error *error);
	void *context;
	struct kt_secret *recovery_code; /* becomes the new one; NULL: it could not be shown */
};

/*
 * Each slot has to open the vault now: one that does not, or whose way is not known here, is an
 * error that names it, and nothing is changed. A damaged item is KT_ERROR_CORRUPT. Afterwards no
 * earlier copy of vault.json opens any item that is there.
 */
bool kt_vault_rekey(const struct kt_vault_typist *typist, const struct kt_keyring_options *options,
                    struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A vault in one file, sealed as it is: its header and its items, one after the other, each behind
 * a line with its name and its size. The ways that open it on this machine alone stay behind.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/keyring_options.h"

/*
 * Writes the file, 0600, whole or not at all. One that is there is KT_ERROR_USAGE, a vault that
 * nothing would open elsewhere KT_ERROR_UNSAFE. The vault is opened as options allow.
 */
bool kt_vault_backup(const char *path, const struct kt_keyring_options *options,
                     struct kt_error *error);

/*
 * Makes the vault from such a file, whole or not at all. Opens nothing. A vault that is there is
 * KT_ERROR_USAGE; a file that is not whole, or none of ours, is KT_ERROR_CORRUPT.
 */
bool kt_vault_restore(const char *path, struct kt_error *error);

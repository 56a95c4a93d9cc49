/* SPDX-License-Identifier: MIT */
#pragma once

/* The bytes that open a slot without asking anybody: from a file, a service, an agent. */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"
#include "keyring/vault_header.h"

/*
 * The bytes of a key file or (way) a credential. One that others can use, that is not the
 * user's, or of a size that no key has is KT_ERROR_UNSAFE, one that is not there KT_ERROR_LOCKED.
 * Links are followed, and the file at their end is checked.
 */
bool kt_vault_read_key_file(const char *path, enum kt_vault_way way, struct kt_secret *material,
                            struct kt_error *error);

/*
 * The file of this name in $CREDENTIALS_DIRECTORY or, where that is not set, the one that an
 * administrator gave to the user's service manager. KT_ERROR_LOCKED where neither is there,
 * KT_ERROR_USAGE where name is no file name.
 */
bool kt_vault_credential_path(const char *name, char **path, struct kt_error *error);

/* The name under which the machine's service keeps a vault's credential. */
bool kt_vault_machine_name(const struct kt_vault *vault, char **name, struct kt_error *error);

/*
 * Replaces material by the bytes of this slot. Its way has to be one that asks nobody; bytes that
 * cannot be had now are KT_ERROR_LOCKED.
 */
bool kt_vault_fetch(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                    struct kt_secret *material, struct kt_error *error);

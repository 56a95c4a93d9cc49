/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The vault's key: wrapped in a slot for each way, unwrapped with the slot's material, and kept in
 * the kernel keyring while the vault is open. No key leaves here that does not fit the header.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"
#include "keyring/vault_header.h"

/* The kernel keyring forgets the key. A vault with a key file is opened by the next call. */
void kt_vault_lock(const struct kt_vault *vault);

/* The vault's key is in the kernel keyring. */
bool kt_vault_is_open(const struct kt_vault *vault);

/* The same, and it is there for another 8 hours. */
bool kt_vault_keep_open(const struct kt_vault *vault);

/* Replaces key by the one in the kernel keyring; empty: it is not there, or is another's. */
bool kt_vault_recall(const struct kt_vault *vault, struct kt_secret *key, struct kt_error *error);

/*
 * The kernel keyring has the key for the next 8 hours. Where it is refused or full, the next call
 * opens the vault again: no error.
 */
bool kt_vault_remember(const struct kt_vault *vault, const struct kt_secret *key,
                       struct kt_error *error);

/*
 * Wraps key with material (a password, the bytes of a file) under the slot's salt, and puts the
 * slot into the vault. It is empty then. Nothing is written.
 */
bool kt_vault_wrap(struct kt_vault *vault, struct kt_vault_slot *slot,
                   const struct kt_secret *material, const struct kt_secret *key,
                   struct kt_error *error);

/* Replaces key by what material opens of this slot, or of any of a way; empty: nothing. */
bool kt_vault_unwrap(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                     const struct kt_secret *material, struct kt_secret *key,
                     struct kt_error *error);
bool kt_vault_unwrap_way(const struct kt_vault *vault, enum kt_vault_way way,
                         const struct kt_secret *material, struct kt_secret *key,
                         struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The vault's header, vault.json: found in a directory that nobody else can enter, read, checked
 * with the key, and written. Asks nobody and opens nothing; whether the header is to be believed
 * is known only with the key. What everybody may call of it is in vault.h.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/seal.h"
#include "keyring/secret.h"
#include "keyring/vault.h"

#define KT_VAULT_ID_SIZE 16
#define KT_VAULT_WRAPPED_SIZE (KT_SEAL_KEY_SIZE + KT_SEAL_OVERHEAD)

/* What opens it is stretched by scrypt, because a person chose it. */
bool kt_vault_is_stretched(enum kt_vault_way way);

/* For KT_CLEANUP; safe to repeat. */
void kt_vault_slot_clear(struct kt_vault_slot *slot);

/* Replaces digits by the bytes in hexadecimal, as they stand in the file. */
bool kt_vault_set_hex(char **digits, const struct kt_secret *bytes, struct kt_error *error);

/* As kt_vault_read(), but that there is no vault is told, not an error. Sets the directory too. */
bool kt_vault_find(struct kt_vault *vault, bool *found, struct kt_error *error);

/* *holds: the header is as it was written by someone who had this key. */
bool kt_vault_check_header(const struct kt_vault *vault, const struct kt_secret *key, bool *holds,
                           struct kt_error *error);

/* Says that vault.json is damaged; false. */
bool kt_vault_fail_damaged(const struct kt_vault *vault, struct kt_error *error);

/*
 * Writes the header with its check, whole or not at all, in place of the one that is there. The
 * caller keeps others from writing it meanwhile.
 */
bool kt_vault_save(const struct kt_vault *vault, const struct kt_secret *key,
                   struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A vault opened by a security key (fido2.h). The slot's material is the key's hmac-secret for a
 * salt that is made of the vault's and the slot's id and the slot's salt, so it is another one
 * after each rekey; whoever has the header alone has to have the key touched.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/keyring_options.h"
#include "keyring/secret.h"
#include "keyring/vault_header.h"

/*
 * Makes a credential for the slot (begun already) and replaces material by what opens it: two
 * touches. device is the path of a security key, or "" for the only one that is plugged in. Several
 * are KT_ERROR_USAGE, one without hmac-secret KT_ERROR_UNSAFE. One that has a PIN is asked with it.
 */
bool kt_vault_fido2_enrol(const struct kt_vault *vault, const char *device,
                          const struct kt_security_keys *keys, struct kt_vault_slot *slot,
                          struct kt_secret *material, struct kt_error *error);

/*
 * Replaces material by the slot's, and, where fresh is not NULL, fresh_material by what is to open
 * the slot with fresh's salt: one touch. Anything in the way is KT_ERROR_LOCKED, and so is that
 * nobody is at a terminal; that the person did nothing is KT_ERROR_DISMISSED.
 */
bool kt_vault_fido2_fetch(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                          const struct kt_vault_slot *fresh, const struct kt_security_keys *keys,
                          struct kt_secret *material, struct kt_secret *fresh_material,
                          struct kt_error *error);

/* The slot's security key is plugged in. Touches nothing. */
bool kt_vault_fido2_look(const struct kt_vault_slot *slot, const struct kt_security_keys *keys,
                         struct kt_error *error);

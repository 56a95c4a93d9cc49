/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Opening the vault: by the kernel keyring, by the ways that ask nobody, by a person. The order
 * is that of docs/man/keyturn.1, "vault".
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/keyring_options.h"
#include "keyring/secret.h"
#include "keyring/vault_header.h"

/*
 * Replaces key by the vault's: from the kernel keyring, else by a way that asks nobody, else from
 * the person whom options allow to be asked, three times at most (NULL options: nobody). The
 * kernel keyring then has it for 8 hours. If nobody can be asked, the error tells for each way
 * that asks nobody why it did not open.
 */
bool kt_vault_open_key(const struct kt_vault *vault, const struct kt_keyring_options *options,
                       struct kt_secret *key, struct kt_error *error);

/*
 * Opens by the ways that ask nobody. Else error says what stood in the way of each:
 * KT_ERROR_LOCKED where a person could still open the vault. may_run: KEYTURN_VAULT_KEY_COMMAND is
 * run for it.
 */
bool kt_vault_open_unattended(const struct kt_vault *vault, bool may_run, struct kt_secret *key,
                              struct kt_error *error);

/*
 * The same by this slot alone; material is what opened it. A slot whose secret is typed, or whose
 * way is not known here, is KT_ERROR_DISMISSED.
 */
bool kt_vault_open_by_slot(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                           bool may_run, struct kt_secret *material, struct kt_secret *key,
                           struct kt_error *error);

/*
 * Opens with one password for one way; `what` names it for people. No such slot, or the wrong
 * password, is KT_ERROR_LOCKED. The kernel keyring is left alone.
 */
bool kt_vault_open_with_password(const struct kt_vault *vault, enum kt_vault_way way,
                                 const char *what, const struct kt_secret *password,
                                 struct kt_secret *key, struct kt_error *error);

/* The same with the login password; the key is then in the kernel keyring. */
bool kt_vault_open_with_login(const struct kt_secret *password, struct kt_error *error);

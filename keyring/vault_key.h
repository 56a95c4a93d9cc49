/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The vault's key: wrapped in a slot for each way, unwrapped with a file, a credential or a
 * passphrase, and kept in the kernel keyring while the vault is open. No key leaves here that
 * does not fit the header.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/keyring_options.h"
#include "keyring/secret.h"
#include "keyring/vault_header.h"

/*
 * Replaces key by the vault's: from the kernel keyring, else from KEYTURN_VAULT_KEY_FILE or the
 * recorded key file, else from the credential, else from the person whom options allow to be
 * asked, three times at most (NULL options: nobody). The kernel keyring then has it for 8
 * hours. If nobody can be asked, the error tells the obstacle of the first three.
 */
bool kt_vault_open_key(const struct kt_vault *vault, const struct kt_keyring_options *options,
                       struct kt_secret *key, struct kt_error *error);

/* The kernel keyring forgets the key. A vault with a key file is opened by the next call. */
void kt_vault_lock(const struct kt_vault *vault);

/* The vault's key is in the kernel keyring. */
bool kt_vault_is_open(const struct kt_vault *vault);

/* The same, and it is there for another 8 hours. */
bool kt_vault_keep_open(const struct kt_vault *vault);

/*
 * The kernel keyring has the key for the next 8 hours. Where it is refused or full, the next call
 * opens the vault again: no error.
 */
bool kt_vault_remember(const struct kt_vault *vault, const struct kt_secret *key,
                       struct kt_error *error);

/*
 * Wraps key with material (a password, the bytes of a file) and replaces the slot of this way; a
 * source is borrowed. On failure the slot is as it was. Nothing is written.
 */
bool kt_vault_wrap(struct kt_vault *vault, enum kt_vault_way way, const char *source,
                   const struct kt_secret *material, const struct kt_secret *key,
                   struct kt_error *error);

/*
 * The bytes of a key file or (way) a credential. One that others can use, that is not the
 * user's, or of a size that no key has is KT_ERROR_UNSAFE. Links are followed, and the file at
 * their end is checked.
 */
bool kt_vault_read_key_file(const char *path, enum kt_vault_way way, struct kt_secret *material,
                            struct kt_error *error);

/*
 * The file of this name in $CREDENTIALS_DIRECTORY; KT_ERROR_LOCKED where that is not set,
 * KT_ERROR_USAGE where name is no file name.
 */
bool kt_vault_credential_path(const char *name, char **path, struct kt_error *error);

/*
 * Opens with key file or credential. Else error says what stood in the way: KT_ERROR_LOCKED
 * where a person could still open the vault.
 */
bool kt_vault_open_unattended(const struct kt_vault *vault, struct kt_secret *key,
                              struct kt_error *error);

/*
 * Opens with one password for one slot; `what` names it for people. No such slot, or the wrong
 * password, is KT_ERROR_LOCKED. The kernel keyring is left alone.
 */
bool kt_vault_open_with_password(const struct kt_vault *vault, enum kt_vault_way way,
                                 const char *what, const struct kt_secret *password,
                                 struct kt_secret *key, struct kt_error *error);

/* The same with the login password; the key is then in the kernel keyring. */
bool kt_vault_open_with_login(const struct kt_secret *password, struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The vault: a directory of sealed files (backend_vault.c) and, in its vault.json, every way
 * to its key. The key is random; each way wraps a copy of it: a passphrase, a key file, a systemd
 * credential, the login password, a recovery code. While the vault is open its key lies
 * in the kernel keyring, for 8 hours at most; where that is refused, everything but a lasting
 * unlock works as well. The whole header is authenticated with the key. (vault_header.c reads it,
 * vault_enrol.c adds ways, vault_open.c opens, vault.c makes and changes.)
 *
 * Not noticed: an item that was deleted, or put back as it once was, with the files alone.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/keyring_options.h"
#include "keyring/lock.h"
#include "keyring/secret.h"
#include "keyring/vault_enrol.h"
#include "keyring/vault_header.h"

/* For people: `keyturn vault status`, doctor. */
struct kt_vault_status {
	struct kt_vault vault;        /* its directory, also where there is none */
	bool exists;
	bool is_open;                 /* its key is in the kernel keyring */
	bool is_kernel_keyring_usable;
	bool is_unattended;           /* the next call opens it without asking */
	struct kt_error obstacle;     /* else: why not */
};

/* Keeps others from writing the header, and from storing items; for who changes it. */
bool kt_vault_take_header(struct kt_lock *lock, struct kt_error *error);

/* Reads the vault, opens it as options allow and keeps its header for a change. */
bool kt_vault_open_for_change(const struct kt_keyring_options *options, struct kt_lock *lock,
                              struct kt_vault *vault, struct kt_secret *key,
                              struct kt_error *error);

/*
 * Makes the vault and leaves it open. One that exists is never touched (KT_ERROR_USAGE). A key
 * file that others can read, or that is another's, is KT_ERROR_UNSAFE.
 */
bool kt_vault_create(const struct kt_vault_options *options, struct kt_error *error);

/* That there is no vault is told, not an error. */
bool kt_vault_status(struct kt_vault_status *status, struct kt_error *error);
void kt_vault_status_clear(struct kt_vault_status *status);

/*
 * One more way in, or several. The vault is opened as options allow. A passphrase beside another is
 * KT_ERROR_USAGE.
 */
bool kt_vault_add_key(const struct kt_vault_options *wanted,
                      const struct kt_keyring_options *options, struct kt_error *error);

/*
 * The way in of this id is none any more. The last one is KT_ERROR_UNSAFE, and so is, unless
 * forced, the last that lasts: an agent, a machine or a security key alone would be left. One that
 * is not there is KT_ERROR_NOT_FOUND. Who has an older copy of the header opens the vault with it.
 */
bool kt_vault_remove_key(const char *id, bool forced, const struct kt_keyring_options *options,
                         struct kt_error *error);

/*
 * Gives the vault a fresh passphrase; items stay as they are. Without the current one (NULL:
 * there is none, or it is forgotten) the vault is opened as options allow. A wrong passphrase
 * is KT_ERROR_LOCKED.
 */
bool kt_vault_change_passphrase(const struct kt_secret *current, const struct kt_secret *fresh,
                                const struct kt_keyring_options *options,
                                struct kt_error *error);

/*
 * The login password as one more way in. Adding one replaces another that is there; changing
 * wants the old password. No such way, or a password that does not open it, is KT_ERROR_LOCKED.
 */
bool kt_vault_add_login(const struct kt_secret *password,
                        const struct kt_keyring_options *options, struct kt_error *error);
bool kt_vault_change_login(const struct kt_secret *current, const struct kt_secret *fresh,
                           struct kt_error *error);

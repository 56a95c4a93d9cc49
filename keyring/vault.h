/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The vault: a directory of sealed files (backend_vault.c) and, in its vault.json, every way
 * to its key. The key is random and never changes; each way wraps a copy of it: a passphrase,
 * a key file, a systemd credential, the login password. While the vault is open its key lies
 * in the kernel keyring, for 8 hours at most; where that is refused, everything but a lasting
 * unlock works as well. The whole header is authenticated with the key. (vault_header.c reads
 * it, vault_key.c opens, vault.c makes and changes.)
 *
 * Not noticed: an item that was deleted, or put back as it once was, with the files alone.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/keyring.h"
#include "keyring/seal.h"
#include "keyring/secret.h"

enum kt_vault_way {
	KT_VAULT_PASSPHRASE,
	KT_VAULT_KEY_FILE,
	KT_VAULT_CREDENTIAL,
	KT_VAULT_LOGIN,
	KT_VAULT_WAYS,
};

/* One way to the key; what it is made of stands in hexadecimal, as in the file. */
struct kt_vault_slot {
	bool exists;
	char *source;             /* the key file's path, the credential's name; else NULL */
	char *salt;
	char *wrapped;
	struct kt_seal_cost cost; /* of passphrase and login */
};

/* What vault.json says. A zeroed one is no vault. */
struct kt_vault {
	char *directory;
	char *id;
	char *check;
	struct kt_vault_slot slots[KT_VAULT_WAYS];
};

/* What a new vault is opened with: at least one. Texts are borrowed, a NULL one is not wanted. */
struct kt_vault_options {
	const struct kt_secret *passphrase;
	const char *key_file;   /* made with random bytes, 0600, if it is not there */
	const char *credential; /* a file of this name in $CREDENTIALS_DIRECTORY */
	const struct kt_secret *login;
};

/* For people: `keyturn vault status`, doctor. */
struct kt_vault_status {
	char *directory;
	bool exists;
	bool has_way[KT_VAULT_WAYS];
	char *key_file;               /* as recorded at creation */
	bool is_open;                 /* its key is in the kernel keyring */
	bool is_kernel_keyring_usable;
	bool is_unattended;           /* the next call opens it without asking */
	struct kt_error obstacle;     /* else: why not */
};

/* "passphrase", "key-file", "credential", "login". */
const char *kt_vault_way_name(enum kt_vault_way way);

/* $KEYTURN_VAULT, which must be absolute, else "vault" in the data directory. */
bool kt_vault_directory(char **directory, struct kt_error *error);

/*
 * Makes the vault and leaves it open. One that exists is never touched (KT_ERROR_USAGE). A key
 * file that others can read, or that is another's, is KT_ERROR_UNSAFE.
 */
bool kt_vault_create(const struct kt_vault_options *options, struct kt_error *error);

/*
 * Reads the header; asks and opens nothing. No vault is KT_ERROR_UNAVAILABLE, a damaged header
 * KT_ERROR_CORRUPT, a directory that others can enter KT_ERROR_UNSAFE.
 */
bool kt_vault_read(struct kt_vault *vault, struct kt_error *error);

/* For KT_CLEANUP; safe to repeat. */
void kt_vault_clear(struct kt_vault *vault);

/*
 * Replaces key by the vault's: from the kernel keyring, else from KEYTURN_VAULT_KEY_FILE or the
 * recorded key file, else from the credential, else from the person whom options allow to be
 * asked, three times at most (NULL options: nobody). The kernel keyring then has it for 8
 * hours. What stood in the way of the first three is the error when nobody can be asked.
 */
bool kt_vault_open_key(const struct kt_vault *vault, const struct kt_keyring_options *options,
                       struct kt_secret *key, struct kt_error *error);

/* The kernel keyring forgets the key. A vault with a key file is opened by the next call. */
void kt_vault_lock(const struct kt_vault *vault);

/* The vault's key is in the kernel keyring. */
bool kt_vault_is_open(const struct kt_vault *vault);

/* The same, and it is there for another 8 hours. */
bool kt_vault_keep_open(const struct kt_vault *vault);

/* That there is no vault is told, not an error. */
bool kt_vault_status(struct kt_vault_status *status, struct kt_error *error);
void kt_vault_status_clear(struct kt_vault_status *status);

/*
 * Gives the vault a fresh passphrase; items stay as they are. Who gives no current one (NULL:
 * there is none, or it is forgotten) opens the vault as options allow. A wrong passphrase is
 * KT_ERROR_LOCKED.
 */
bool kt_vault_change_passphrase(const struct kt_secret *current, const struct kt_secret *fresh,
                                const struct kt_keyring_options *options,
                                struct kt_error *error);

/*
 * The login password as one more way in. Adding one replaces another that is there; opening
 * leaves the key in the kernel keyring; changing wants the old password. No such way, or a
 * password that does not open it, is KT_ERROR_LOCKED.
 */
bool kt_vault_add_login(const struct kt_secret *password,
                        const struct kt_keyring_options *options, struct kt_error *error);
bool kt_vault_open_with_login(const struct kt_secret *password, struct kt_error *error);
bool kt_vault_change_login(const struct kt_secret *current, const struct kt_secret *fresh,
                           struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/kernel_key.h"
#include "keyring/lock.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"
#include "keyring/unlock_outcome.h"
#include "keyring/vault_header.h"
#include "keyring/vault_key.h"
#include "keyring/vault_underway.h"

#define KEY_FILE_MINIMUM 32
#define KEY_FILE_MAXIMUM 65536
#define OPEN_SECONDS (8 * 3600)
#define TRIES 3
#define PROMPT_WAIT 120000
#define LOGIN_WAIT 5000

/*
 * The key in the kernel keyring.
 */

static bool kernel_description(const struct kt_vault *vault, char **description,
                               struct kt_error *error)
{
	return kt_text_format(description, error, "keyturn:vault:v1:%s", vault->id);
}

/* A key that does not fit the header is not believed. Empty: it is not there. */
static bool recall(const struct kt_vault *vault, struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *description = NULL;
	int32_t serial;
	bool holds = false;

	kt_secret_clear(key);
	if (!kernel_description(vault, &description, error))
		return false;
	serial = kt_kernel_key_find(description);
	if (serial == 0 || !kt_kernel_key_read_secret(serial, key, KT_SEAL_KEY_SIZE) ||
	    kt_secret_length(key) != KT_SEAL_KEY_SIZE) {
		kt_secret_clear(key);
		return true;
	}
	if (!kt_vault_check_header(vault, key, &holds, error))
		return false;
	if (!holds)
		kt_secret_clear(key);
	return true;
}

bool kt_vault_remember(const struct kt_vault *vault, const struct kt_secret *key,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *description = NULL;

	if (!kernel_description(vault, &description, error))
		return false;
	kt_kernel_key_put(description, kt_secret_reveal(key), kt_secret_length(key), OPEN_SECONDS);
	return true;
}

bool kt_vault_is_open(const struct kt_vault *vault)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error ignored = { 0 };

	return recall(vault, &key, &ignored) && !kt_secret_is_empty(&key);
}

bool kt_vault_keep_open(const struct kt_vault *vault)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error ignored = { 0 };

	return recall(vault, &key, &ignored) && !kt_secret_is_empty(&key) &&
	       kt_vault_remember(vault, &key, &ignored);
}

void kt_vault_lock(const struct kt_vault *vault)
{
	KT_CLEANUP(kt_text_free) char *description = NULL;
	struct kt_error ignored = { 0 };
	int32_t serial;

	if (!kernel_description(vault, &description, &ignored))
		return;
	serial = kt_kernel_key_find(description);
	if (serial != 0)
		kt_kernel_key_drop(serial);
}

/*
 * Slots: wrapping the key and unwrapping it.
 */

static bool slot_context(const struct kt_vault *vault, enum kt_vault_way way, char **context,
                         struct kt_error *error)
{
	return kt_text_format(context, error, "keyturn vault slot 1 %s %s", vault->id,
	                      kt_vault_way_name(way));
}

/* The key that wraps the vault's, made from the passphrase or the file. */
static bool make_wrapping_key(const struct kt_vault_slot *slot, enum kt_vault_way way,
                              const struct kt_secret *material, struct kt_secret *key,
                              struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret salt = { 0 };

	if (!kt_seal_read_hex(&salt, slot->salt, KT_SEAL_SALT_SIZE, error))
		return false;
	if (kt_vault_is_stretched(way))
		return kt_seal_stretch(material, &salt, &slot->cost, key, error);
	return kt_seal_derive(material, "keyturn vault key file 1", kt_secret_reveal(&salt),
	                      kt_secret_length(&salt), key, error);
}

bool kt_vault_wrap(struct kt_vault *vault, enum kt_vault_way way, const char *source,
                   const struct kt_secret *material, const struct kt_secret *key,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_vault_slot_clear) struct kt_vault_slot slot = { .exists = true,
	                                                              .cost = KT_SEAL_COST };
	KT_CLEANUP(kt_text_free) char *context = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret salt = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret wrapping = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret wrapped = { 0 };

	if (!kt_seal_randomize(&salt, KT_SEAL_SALT_SIZE, error) ||
	    !kt_vault_set_hex(&slot.salt, &salt, error) ||
	    !kt_text_set(&slot.source, source, error) ||
	    !make_wrapping_key(&slot, way, material, &wrapping, error) ||
	    !slot_context(vault, way, &context, error) ||
	    !kt_seal_close(&wrapping, context, key, &wrapped, error) ||
	    !kt_vault_set_hex(&slot.wrapped, &wrapped, error))
		return false;
	kt_vault_slot_clear(&vault->slots[way]);
	vault->slots[way] = slot;
	slot = (struct kt_vault_slot){ 0 };
	return true;
}

/* Leaves key empty where material does not open this slot, or there is no such slot. */
static bool unwrap(const struct kt_vault *vault, enum kt_vault_way way,
                   const struct kt_secret *material, struct kt_secret *key,
                   struct kt_error *error)
{
	const struct kt_vault_slot *slot = &vault->slots[way];
	KT_CLEANUP(kt_text_free) char *context = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret wrapping = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret wrapped = { 0 };
	struct kt_error cause = { 0 };
	bool holds = false;

	kt_secret_clear(key);
	if (!slot->exists)
		return true;
	if (!make_wrapping_key(slot, way, material, &wrapping, error) ||
	    !kt_seal_read_hex(&wrapped, slot->wrapped, KT_VAULT_WRAPPED_SIZE, error) ||
	    !slot_context(vault, way, &context, error))
		return false;
	if (!kt_seal_open(&wrapping, context, kt_secret_reveal(&wrapped),
	                  kt_secret_length(&wrapped), key, &cause)) {
		if (cause.code == KT_ERROR_CORRUPT)
			return true;
		*error = cause;
		return false;
	}
	if (kt_vault_check_header(vault, key, &holds, error) && holds)
		return true;
	kt_secret_clear(key);
	return kt_vault_fail_damaged(vault, error);
}

/*
 * Key files and credentials.
 */

/*
 * A credential may be root's and, by its access list, look readable to a group: systemd gives
 * a service its own directory. A key file is the user's alone.
 */
static bool check_key_file(const char *path, const struct stat *status, enum kt_vault_way way,
                           struct kt_error *error)
{
	bool is_credential = way == KT_VAULT_CREDENTIAL;
	mode_t forbidden = is_credential ? 007 : 077;
	struct kt_shell_word word;

	if (!S_ISREG(status->st_mode) ||
	    (status->st_uid != geteuid() && !(is_credential && status->st_uid == 0))) {
		kt_fail(error, KT_ERROR_UNSAFE, "the key file %s is not a regular file of yours",
		        path);
		return kt_advise(error, "name a file that only you can read");
	}
	if (status->st_mode & forbidden) {
		kt_fail(error, KT_ERROR_UNSAFE, "the key file %s can be used by others", path);
		return kt_advise(error, "run: chmod 600 %s",
		                 kt_shell_word(&word, path, "FILE"));
	}
	if (status->st_size < KEY_FILE_MINIMUM || status->st_size > KEY_FILE_MAXIMUM) {
		kt_fail(error, KT_ERROR_UNSAFE, "the key file %s has not %d to %d bytes", path,
		        KEY_FILE_MINIMUM, KEY_FILE_MAXIMUM);
		return kt_advise(error, "make one with: head -c 32 /dev/urandom > FILE; what a "
		                 "person chose belongs in --passphrase-file");
	}
	return true;
}

bool kt_vault_read_key_file(const char *path, enum kt_vault_way way, struct kt_secret *material,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int descriptor =
		open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;

	if (descriptor < 0 || fstat(descriptor, &status) != 0)
		return kt_fail(error, KT_ERROR_LOCKED, "the vault's key file %s cannot be read: %s",
		               path, strerror(errno));
	return check_key_file(path, &status, way, error) &&
	       kt_secret_read(material, descriptor, KEY_FILE_MAXIMUM, error);
}

bool kt_vault_credential_path(const char *name, char **path, struct kt_error *error)
{
	const char *directory = kt_environment_get("CREDENTIALS_DIRECTORY");

	if (strchr(name, '/') || name[0] == '\0' || strcmp(name, "..") == 0) {
		kt_fail(error, KT_ERROR_USAGE, "a credential's name is no file name");
		return kt_advise(error, "name a file in CREDENTIALS_DIRECTORY, without slashes");
	}
	if (directory)
		return kt_text_format(path, error, "%s/%s", directory, name);
	kt_fail(error, KT_ERROR_LOCKED, "the vault's key is the systemd credential %s, and "
	        "CREDENTIALS_DIRECTORY is not set", name);
	return kt_advise(error, "give the unit LoadCredential=%s:FILE", name);
}

/* The same bytes open the vault whether they come as a file or as a credential. */
static bool open_with_file(const struct kt_vault *vault, const char *path, enum kt_vault_way way,
                           struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

	if (!kt_vault_read_key_file(path, way, &material, error) ||
	    !unwrap(vault, KT_VAULT_KEY_FILE, &material, key, error) ||
	    (kt_secret_is_empty(key) &&
	     !unwrap(vault, KT_VAULT_CREDENTIAL, &material, key, error)))
		return false;
	return !kt_secret_is_empty(key) ||
	       kt_fail(error, KT_ERROR_LOCKED, "the key file %s does not open the vault in %s",
	               path, vault->directory);
}

/* Without error: no credential is meant for this vault. */
static bool open_with_credential(const struct kt_vault *vault, struct kt_secret *key,
                                 struct kt_error *error)
{
	const struct kt_vault_slot *slot = &vault->slots[KT_VAULT_CREDENTIAL];
	KT_CLEANUP(kt_text_free) char *path = NULL;

	if (!slot->exists && !(vault->slots[KT_VAULT_KEY_FILE].exists &&
	                       kt_environment_get("CREDENTIALS_DIRECTORY")))
		return false;
	return kt_vault_credential_path(slot->source ? slot->source : "keyturn", &path, error) &&
	       open_with_file(vault, path, KT_VAULT_CREDENTIAL, key, error);
}

static bool open_with_key_file(const struct kt_vault *vault, struct kt_secret *key,
                               struct kt_error *error)
{
	const char *path = kt_environment_get("KEYTURN_VAULT_KEY_FILE");

	if (!path)
		path = vault->slots[KT_VAULT_KEY_FILE].source;
	return path && open_with_file(vault, path, KT_VAULT_KEY_FILE, key, error);
}

static bool is_askable(const struct kt_vault *vault)
{
	return vault->slots[KT_VAULT_PASSPHRASE].exists || vault->slots[KT_VAULT_LOGIN].exists;
}

/* Nothing worse than "this key file is not to be had": the next way may still open. */
static bool is_passable(const struct kt_error *error)
{
	return error->code == KT_ERROR_NONE || error->code == KT_ERROR_LOCKED;
}

/* A login that could have opened the vault, and why it did not; else nothing is known of it. */
static enum kt_unlock_outcome login_outcome(const struct kt_vault *vault)
{
	enum kt_unlock_outcome outcome;

	if (!vault->slots[KT_VAULT_LOGIN].exists)
		return KT_UNLOCK_OUTCOME_NONE;
	outcome = kt_unlock_outcome_read(kt_environment_get("XDG_RUNTIME_DIR"));
	/* The others are about the desktop's keyring. */
	return outcome == KT_UNLOCK_OUTCOME_NO_PASSWORD ||
	                       outcome == KT_UNLOCK_OUTCOME_PASSWORDS_DIFFER
	               ? outcome
	               : KT_UNLOCK_OUTCOME_NONE;
}

bool kt_vault_open_unattended(const struct kt_vault *vault, struct kt_secret *key,
                              struct kt_error *error)
{
	enum kt_unlock_outcome outcome = login_outcome(vault);
	struct kt_error cause = { 0 };
	struct kt_error second = { 0 };

	if (open_with_key_file(vault, key, &cause) ||
	    (is_passable(&cause) && open_with_credential(vault, key, &second)))
		return true;
	if (cause.code == KT_ERROR_NONE || !is_passable(&second))
		cause = second;
	if (cause.code == KT_ERROR_NONE && kt_unlock_outcome_reason(outcome))
		kt_fail(&cause, KT_ERROR_LOCKED, "the vault in %s is locked: %s", vault->directory,
		        kt_unlock_outcome_reason(outcome));
	if (cause.code == KT_ERROR_NONE)
		kt_fail(&cause, KT_ERROR_LOCKED, "the vault in %s is locked", vault->directory);
	if (cause.code == KT_ERROR_LOCKED)
		kt_advise(&cause, "%s", is_askable(vault) ? kt_unlock_outcome_remedy(outcome) :
		          "put the key file back, or name it in KEYTURN_VAULT_KEY_FILE");
	*error = cause;
	return false;
}

/*
 * Passphrases, and opening as a whole.
 */

static bool ask(const struct kt_vault *vault, const struct kt_keyring_options *options,
                struct kt_secret *key, struct kt_error *error)
{
	for (int i = 0; i < TRIES; i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret passphrase = { 0 };

		if (!options->ask_passphrase(i ? TRIES - i : 0, &passphrase, error))
			return false;
		if (kt_secret_is_empty(&passphrase)) {
			kt_fail(error, KT_ERROR_DISMISSED, "no passphrase was given");
			return kt_advise(error, "run: keyturn unlock");
		}
		if (!unwrap(vault, KT_VAULT_PASSPHRASE, &passphrase, key, error) ||
		    (kt_secret_is_empty(key) &&
		     !unwrap(vault, KT_VAULT_LOGIN, &passphrase, key, error)))
			return false;
		if (!kt_secret_is_empty(key))
			return true;
	}
	kt_fail(error, KT_ERROR_LOCKED, "wrong passphrase: the vault stays locked");
	return kt_advise(error, "run: keyturn unlock");
}

/* One prompt at a time. After a wait for another caller's prompt the vault may be open. */
static bool ask_in_turn(const struct kt_vault *vault, const struct kt_keyring_options *options,
                        struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };

	if (!kt_lock_take(&lock, "vault-prompt", KT_LOCK_EXCLUSIVE,
	                  kt_clock_monotonic() + PROMPT_WAIT,
	                  KT_TEXT("the vault's passphrase prompt"), NULL, error) ||
	    !recall(vault, key, error))
		return false;
	if (!kt_secret_is_empty(key))
		return true;
	return ask(vault, options, key, error) && kt_vault_remember(vault, key, error);
}

bool kt_vault_open_key(const struct kt_vault *vault, const struct kt_keyring_options *options,
                       struct kt_secret *key, struct kt_error *error)
{
	struct kt_error cause = { 0 };

	if (!recall(vault, key, error))
		return false;
	/* A login just now may be about to open it. */
	if (kt_secret_is_empty(key) && vault->slots[KT_VAULT_LOGIN].exists &&
	    kt_vault_underway_wait(vault->id, LOGIN_WAIT) && !recall(vault, key, error))
		return false;
	if (!kt_secret_is_empty(key))
		return true;
	if (kt_vault_open_unattended(vault, key, &cause))
		return kt_vault_remember(vault, key, error);
	if (cause.code == KT_ERROR_LOCKED && options && options->may_prompt &&
	    options->ask_passphrase && is_askable(vault))
		return ask_in_turn(vault, options, key, error);
	*error = cause;
	return false;
}

bool kt_vault_open_with_password(const struct kt_vault *vault, enum kt_vault_way way,
                                 const char *what, const struct kt_secret *password,
                                 struct kt_secret *key, struct kt_error *error)
{
	if (!vault->slots[way].exists) {
		kt_fail(error, KT_ERROR_LOCKED, "the vault in %s has no %s", vault->directory, what);
		return kt_advise(error, "run: keyturn vault status");
	}
	if (!unwrap(vault, way, password, key, error))
		return false;
	if (!kt_secret_is_empty(key))
		return true;
	kt_fail(error, KT_ERROR_LOCKED, "wrong %s", what);
	return kt_advise(error, "try again with the %s that opens the vault now", what);
}

bool kt_vault_open_with_login(const struct kt_secret *password, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };

	return kt_vault_read(&vault, error) &&
	       kt_vault_open_with_password(&vault, KT_VAULT_LOGIN, "login password", password,
	                                   &key, error) &&
	       kt_vault_remember(&vault, &key, error);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/kernel_key.h"
#include "keyring/lock.h"
#include "keyring/text.h"
#include "keyring/translate.h"
#include "keyring/vault.h"
#include "keyring/vault_header.h"
#include "keyring/vault_key.h"

#define HEADER_WAIT 10000

static bool take_header_lock(struct kt_lock *lock, struct kt_error *error)
{
	return kt_lock_take(lock, "vault", KT_LOCK_EXCLUSIVE, kt_clock_monotonic() + HEADER_WAIT,
	                    KT_TEXT("the vault's header"), NULL, error);
}

/* Made in one piece or not at all; one that is there stays as it is. */
static bool make_key_file(const char *path, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *parent = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	const char *slash = strrchr(path, '/');

	if (access(path, F_OK) == 0)
		return true;
	if (slash && slash != path &&
	    (!kt_text_set_bytes(&parent, path, (size_t)(slash - path), error) ||
	     !kt_environment_make_directory(parent, error)))
		return false;
	if (!kt_seal_randomize(&bytes, KT_SEAL_KEY_SIZE, error))
		return false;
	return kt_file_replace(path, kt_secret_reveal(&bytes), kt_secret_length(&bytes), error) ||
	       kt_advise(error, "name a place that you can write to");
}

/* A key beside the vault that it opens protects nothing. */
static bool is_inside(const char *path, const char *directory)
{
	KT_CLEANUP(kt_text_free) char *resolved = realpath(directory, NULL);
	size_t length = resolved ? strlen(resolved) : 0;

	return resolved && strncmp(path, resolved, length) == 0 && path[length] == '/';
}

/*
 * Checks the key file's path, which is recorded in JSON. A key inside the vault would be stolen
 * with it.
 */
static bool check_key_path(const char *path, const char *directory, struct kt_error *error)
{
	if (!kt_characters_are_utf8(path, strlen(path)) ||
	    !kt_characters_are_clean(path, strlen(path)))
		kt_fail(error, KT_ERROR_USAGE, "the key file's path is not clean UTF-8");
	else if (is_inside(path, directory))
		kt_fail(error, KT_ERROR_UNSAFE, "the key file lies in the vault it opens");
	else
		return true;
	return kt_advise(error, "put the key file at another place");
}

static bool add_key_file(struct kt_vault *vault, const char *path, const struct kt_secret *key,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *resolved = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

	if (!make_key_file(path, error))
		return false;
	resolved = realpath(path, NULL);
	if (!resolved) {
		kt_fail(error, KT_ERROR_USAGE, "the key file %s cannot be reached: %s", path,
		        strerror(errno));
		return kt_advise(error, "name a file that you can read");
	}
	return check_key_path(resolved, vault->directory, error) &&
	       kt_vault_read_key_file(resolved, KT_VAULT_KEY_FILE, &material, error) &&
	       kt_vault_wrap(vault, KT_VAULT_KEY_FILE, resolved, &material, key, error);
}

static bool add_credential(struct kt_vault *vault, const char *name, const struct kt_secret *key,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

	return kt_vault_credential_path(name, &path, error) &&
	       kt_vault_read_key_file(path, KT_VAULT_CREDENTIAL, &material, error) &&
	       kt_vault_wrap(vault, KT_VAULT_CREDENTIAL, name, &material, key, error);
}

static bool add_password(struct kt_vault *vault, enum kt_vault_way way,
                         const struct kt_secret *password, const struct kt_secret *key,
                         struct kt_error *error)
{
	if (kt_secret_is_empty(password)) {
		if (way == KT_VAULT_LOGIN)
			kt_fail(error, KT_ERROR_USAGE, "the login password is empty");
		else
			kt_fail(error, KT_ERROR_USAGE, "the passphrase is empty");
		return kt_advise(error, "give one that is not");
	}
	return kt_vault_wrap(vault, way, NULL, password, key, error);
}

static bool add_ways(struct kt_vault *vault, const struct kt_vault_options *options,
                     const struct kt_secret *key, struct kt_error *error)
{
	if (!options->passphrase && !options->key_file && !options->credential &&
	    !options->login) {
		kt_fail(error, KT_ERROR_USAGE, "a vault needs a way to be opened");
		return kt_advise(error, "run: keyturn help vault");
	}
	return (!options->key_file || add_key_file(vault, options->key_file, key, error)) &&
	       (!options->credential || add_credential(vault, options->credential, key, error)) &&
	       (!options->passphrase || add_password(vault, KT_VAULT_PASSPHRASE,
	                                             options->passphrase, key, error)) &&
	       (!options->login || add_password(vault, KT_VAULT_LOGIN, options->login, key, error));
}

bool kt_vault_create(const struct kt_vault_options *options, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret id = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	bool found;

	if (!take_header_lock(&lock, error) || !kt_vault_find(&vault, &found, error))
		return false;
	if (found) {
		kt_fail(error, KT_ERROR_USAGE, "there is a vault in %s already", vault.directory);
		return kt_advise(error, "run: keyturn vault status");
	}
	return kt_environment_make_directory(vault.directory, error) &&
	       kt_seal_randomize(&id, KT_VAULT_ID_SIZE, error) &&
	       kt_vault_set_hex(&vault.id, &id, error) &&
	       kt_seal_randomize(&key, KT_SEAL_KEY_SIZE, error) &&
	       add_ways(&vault, options, &key, error) && kt_vault_save(&vault, &key, error) &&
	       kt_vault_remember(&vault, &key, error);
}

/* Puts the fresh password in. The header may have changed since it was opened. */
static bool replace_password(enum kt_vault_way way, const struct kt_secret *fresh,
                             const struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	bool holds;

	if (!take_header_lock(&lock, error) || !kt_vault_read(&vault, error) ||
	    !kt_vault_check_header(&vault, key, &holds, error))
		return false;
	if (!holds)
		return kt_vault_fail_damaged(&vault, error);
	return add_password(&vault, way, fresh, key, error) && kt_vault_save(&vault, key, error);
}

/* Opens with the current password or, where none is given, as options allow. */
static bool change(enum kt_vault_way way, const char *what, const struct kt_secret *current,
                   const struct kt_secret *fresh, const struct kt_keyring_options *options,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	bool opened;

	if (!kt_vault_read(&vault, error))
		return false;
	opened = current ? kt_vault_open_with_password(&vault, way, what, current, &key, error)
	                 : kt_vault_open_key(&vault, options, &key, error);
	return opened && replace_password(way, fresh, &key, error);
}

bool kt_vault_change_passphrase(const struct kt_secret *current, const struct kt_secret *fresh,
                                const struct kt_keyring_options *options,
                                struct kt_error *error)
{
	return change(KT_VAULT_PASSPHRASE, "passphrase", current, fresh, options, error);
}

bool kt_vault_add_login(const struct kt_secret *password,
                        const struct kt_keyring_options *options, struct kt_error *error)
{
	return change(KT_VAULT_LOGIN, "login password", NULL, password, options, error);
}

bool kt_vault_change_login(const struct kt_secret *current, const struct kt_secret *fresh,
                           struct kt_error *error)
{
	return change(KT_VAULT_LOGIN, "login password", current, fresh, NULL, error);
}

void kt_vault_status_clear(struct kt_vault_status *status)
{
	kt_text_free(&status->directory);
	kt_text_free(&status->key_file);
	*status = (struct kt_vault_status){ 0 };
}

bool kt_vault_status(struct kt_vault_status *status, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };

	kt_vault_status_clear(status);
	if (!kt_vault_find(&vault, &status->exists, error) ||
	    !kt_text_set(&status->directory, vault.directory, error))
		return false;
	status->is_kernel_keyring_usable = kt_kernel_key_is_usable();
	if (!status->exists)
		return true;
	for (size_t i = 0; i < KT_VAULT_WAYS; i++)
		status->has_way[i] = vault.slots[i].exists;
	status->is_open = kt_vault_is_open(&vault);
	status->is_unattended = kt_vault_open_unattended(&vault, &key, &status->obstacle);
	return kt_text_set(&status->key_file, vault.slots[KT_VAULT_KEY_FILE].source, error);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/backend.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/keyring.h"
#include "keyring/text.h"

static const struct kt_backend *const backends[] = {
	&kt_backend_secret_service,
	&kt_backend_vault,
	&kt_backend_memory,
};

static const struct kt_backend *find_backend(const char *name)
{
	for (size_t i = 0; i < KT_COUNT(backends); i++)
		if (strcmp(backends[i]->name, name) == 0)
			return backends[i];
	return NULL;
}

static bool record_path(char **path, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;

	return kt_environment_config_directory(&directory, error) &&
	       kt_text_format(path, error, "%s/keyring", directory);
}

bool kt_keyring_recorded(char **name, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	bool found;

	kt_text_free(name);
	if (!record_path(&path, error) || !kt_file_read(path, 64, &content, &found, error))
		return false;
	if (!found)
		return true;
	kt_secret_trim(&content);
	if (!find_backend(kt_secret_reveal(&content))) {
		kt_fail(error, KT_ERROR_CORRUPT, "%s names no keyring", path);
		return kt_advise(error, "write secret-service or vault into it, or remove it");
	}
	return kt_text_set(name, kt_secret_reveal(&content), error);
}

static bool record(const struct kt_keyring *keyring, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_text_free) char *line = NULL;

	return kt_environment_config_directory(&directory, error) &&
	       kt_environment_make_directory(directory, error) && record_path(&path, error) &&
	       kt_text_format(&line, error, "%s\n", keyring->backend->name) &&
	       kt_file_replace(path, line, strlen(line), error);
}

static bool reach(struct kt_keyring *keyring, const struct kt_backend *backend,
                  struct kt_error *error)
{
	if (backend && backend->load)
		backend = backend->load(&keyring->options, error);
	if (!backend || !backend->open(&keyring->state, &keyring->options, error))
		return false;
	keyring->backend = backend;
	return true;
}

/* The home of the logins is known: another one is never asked instead. */
static bool reach_recorded(struct kt_keyring *keyring, const char *name, struct kt_error *error)
{
	struct kt_error cause = { 0 };
	const struct kt_backend *backend = find_backend(name);

	keyring->is_recorded = true;
	if (reach(keyring, backend, &cause))
		return true;
	kt_fail(error, cause.code, "your logins are in the %s, which this session cannot reach: %s",
	        backend == &kt_backend_secret_service ? "desktop keyring" : name, cause.message);
	/* A vault that is made now would be a second home for the same logins. */
	if (backend == &kt_backend_secret_service)
		return kt_advise(error, "run it in your desktop session, or for another keyring once: "
		                 "KEYTURN_KEYRING=vault keyturn ...");
	return kt_advise(error, "%s", cause.remedy[0] ? cause.remedy : "run: keyturn doctor");
}

/* Nothing lies in it yet, so it first has to be known that it answers. */
static bool reach_answering(struct kt_keyring *keyring, const struct kt_backend *backend,
                            struct kt_error *error)
{
	bool open;

	if (!reach(keyring, backend, error))
		return false;
	if (keyring->backend->is_open(keyring->state, &open, error))
		return true;
	keyring->backend->close(keyring->state);
	keyring->state = NULL;
	keyring->backend = NULL;
	return false;
}

static bool reach_first(struct kt_keyring *keyring, struct kt_error *error)
{
	struct kt_error no_desktop = { 0 };
	struct kt_error no_vault = { 0 };

	if (reach_answering(keyring, &kt_backend_secret_service, &no_desktop) ||
	    reach(keyring, &kt_backend_vault, &no_vault))
		return true;
	kt_fail(error, KT_ERROR_UNAVAILABLE, "no keyring: %s, and %s", no_desktop.message,
	        no_vault.message);
	return kt_advise(error, "on a desktop start its keyring (gnome-keyring, KWallet); "
	                 "elsewhere run: keyturn vault create");
}

bool kt_keyring_open(struct kt_keyring *keyring, const struct kt_keyring_options *options,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *recorded = NULL;
	const struct kt_backend *named;

	*keyring = (struct kt_keyring){ .options = *options };
	if (options->keyring) {
		named = find_backend(options->keyring);
		keyring->is_recorded = true;
		if (named)
			return reach(keyring, named, error);
		kt_fail(error, KT_ERROR_USAGE, "KEYTURN_KEYRING names no keyring");
		return kt_advise(error, "set it to secret-service, vault or memory, or unset it");
	}
	if (!kt_keyring_recorded(&recorded, error))
		return false;
	return recorded ? reach_recorded(keyring, recorded, error) : reach_first(keyring, error);
}

void kt_keyring_close(struct kt_keyring *keyring)
{
	if (keyring->backend)
		keyring->backend->close(keyring->state);
	*keyring = (struct kt_keyring){ 0 };
}

const char *kt_keyring_name(const struct kt_keyring *keyring)
{
	return keyring->backend->name;
}

bool kt_keyring_enter(struct kt_keyring *keyring, bool *waited, struct kt_error *error)
{
	*waited = false;
	return !keyring->backend->enter || keyring->backend->enter(keyring->state, waited, error);
}

void kt_keyring_leave(struct kt_keyring *keyring)
{
	if (keyring->backend->leave)
		keyring->backend->leave(keyring->state);
}

bool kt_keyring_search(struct kt_keyring *keyring, const struct kt_identity *pattern,
                       struct kt_credentials *found, struct kt_error *error)
{
	return keyring->backend->search(keyring->state, pattern, found, error);
}

bool kt_keyring_load(struct kt_keyring *keyring, const struct kt_identity *identity,
                     struct kt_credential *credential, bool *found, struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials all = { 0 };

	*found = false;
	if (!kt_keyring_search(keyring, identity, &all, error))
		return false;
	if (all.count > 1 || all.corrupt > 0) {
		kt_fail(error, KT_ERROR_CORRUPT, all.count > 1
		        ? "the keyring holds two items for one account"
		        : "the keyring's item for this account is damaged");
		return kt_advise(error, "run: keyturn doctor");
	}
	if (all.count == 0)
		return true;
	kt_credential_clear(credential);
	*credential = all.items[0];
	all.items[0] = (struct kt_credential){ 0 };
	*found = true;
	return true;
}

/* Every field counts: a mark or an end that was not written is not there. */
static bool is_there(struct kt_keyring *keyring, const struct kt_credential *credential)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential stored = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret wanted = { 0 };
	struct kt_error ignored = { 0 };
	bool found;

	return kt_keyring_load(keyring, &credential->identity, &stored, &found, &ignored) && found &&
	       kt_credential_write(&stored, &form, &ignored) &&
	       kt_credential_write(credential, &wanted, &ignored) &&
	       kt_secret_is_equal(&form, &wanted);
}

/* "Disconnected without replying" may mean either; the item that is there decides. */
static bool store_and_look(struct kt_keyring *keyring, const struct kt_credential *credential,
                           struct kt_error *error)
{
	struct kt_error reported = { 0 };
	bool done = keyring->backend->store(keyring->state, credential, &reported);

	if (is_there(keyring, credential))
		return true;
	if (done)
		return kt_fail(error, KT_ERROR_UNAVAILABLE,
		               "the keyring said it stored the login, and has it not");
	*error = reported;
	return false;
}

bool kt_keyring_store(struct kt_keyring *keyring, const struct kt_credential *credential,
                      struct kt_error *error)
{
	bool waited;
	bool stored;

	if (!kt_keyring_enter(keyring, &waited, error))
		return false;
	stored = store_and_look(keyring, credential, error);
	kt_keyring_leave(keyring);
	if (!stored)
		return false;
	if (keyring->is_recorded)
		return true;
	keyring->is_recorded = true;
	return record(keyring, error);
}

bool kt_keyring_erase(struct kt_keyring *keyring, const struct kt_identity *identity,
                      struct kt_error *error)
{
	return keyring->backend->erase(keyring->state, identity, error);
}

bool kt_keyring_lock(struct kt_keyring *keyring, struct kt_error *error)
{
	return keyring->backend->lock(keyring->state, error);
}

bool kt_keyring_unlock(struct kt_keyring *keyring, struct kt_error *error)
{
	return keyring->backend->unlock(keyring->state, error);
}

bool kt_keyring_is_open(struct kt_keyring *keyring, bool *open, struct kt_error *error)
{
	return keyring->backend->is_open(keyring->state, open, error);
}

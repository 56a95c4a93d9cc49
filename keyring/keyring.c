/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/backend.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/keyring.h"
#include "keyring/text.h"
#include "keyring/translate.h"
#include "keyring/vault_header.h"

/* How often what was found is deleted before it is said that it stays. */
#define ERASE_TRIES 3

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
		kt_fail(error, KT_ERROR_CORRUPT, "%s does not contain the name of a keyring", path);
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

/* The logins were in a vault that is no more. */
static bool is_vault_gone(void)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	struct kt_error ignored = { 0 };
	bool found;

	return kt_vault_find(&vault, &found, &ignored) && !found;
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
	        backend == &kt_backend_secret_service ? kt_translate("desktop keyring") : name,
	        cause.message);
	/* A vault that is made now would be a second home for the same logins. */
	if (backend == &kt_backend_secret_service)
		return kt_advise(error, "run it in your desktop session, or for another keyring once: "
		                 "KEYTURN_KEYRING=vault keyturn ...");
	if (backend == &kt_backend_vault && is_vault_gone())
		return kt_advise(error, "bring it back: keyturn vault restore FILE; without a backup "
		                 "begin anew: keyturn vault create");
	return kt_advise(error, "%s", cause.remedy[0] ? cause.remedy : kt_translate("run: keyturn "
	                                                                            "doctor"));
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
		kt_fail(error, KT_ERROR_USAGE, "KEYTURN_KEYRING is not the name of a keyring");
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
	kt_credential_clear(&keyring->known);
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

/* One item of exactly this identity was found. Other items change nothing. */
static bool is_answered(const struct kt_identity *pattern, const struct kt_credentials *found)
{
	return found->count == 1 && pattern->protocol && pattern->host && pattern->path &&
	       pattern->username;
}

/*
 * Nothing is absent while a locked part of the keyring may hold it, and a choice among several is
 * none while matching ones are hidden. Found beside what only may hold more, it is partly locked.
 */
static bool is_in_the_way(const struct kt_identity *pattern, const struct kt_credentials *found)
{
	if (found->hidden == KT_HIDDEN_MATCHES)
		return !is_answered(pattern, found);
	return found->hidden == KT_HIDDEN_PERHAPS && found->count == 0 && found->corrupt == 0;
}

static bool search_and_reveal(struct kt_keyring *keyring, const struct kt_identity *pattern,
                              struct kt_credentials *found, struct kt_error *error)
{
	if (!keyring->backend->search(keyring->state, pattern, found, error))
		return false;
	if (!is_in_the_way(pattern, found))
		return true;
	kt_credentials_clear(found);
	if (!keyring->backend->reveal(keyring->state, error) ||
	    !keyring->backend->search(keyring->state, pattern, found, error))
		return false;
	if (!is_in_the_way(pattern, found))
		return true;
	kt_credentials_clear(found);
	kt_fail(error, KT_ERROR_LOCKED, "a part of the keyring that may hold the login stays locked");
	return kt_advise(error, "run: keyturn unlock");
}

/* Notes where the only match lies: it is replaced there, if it is stored again. */
static bool note_place(struct kt_keyring *keyring, const struct kt_credentials *found,
                       struct kt_error *error)
{
	struct kt_credential *known = &keyring->known;

	kt_credential_clear(known);
	if (found->count != 1 || found->corrupt > 0)
		return true;
	known->kind = found->items[0].kind;
	return kt_identity_copy(&known->identity, &found->items[0].identity, error) &&
	       kt_text_set(&known->place, found->items[0].place, error);
}

bool kt_keyring_search(struct kt_keyring *keyring, const struct kt_identity *pattern,
                       struct kt_credentials *found, struct kt_error *error)
{
	return search_and_reveal(keyring, pattern, found, error) &&
	       note_place(keyring, found, error);
}

static bool fail_damaged(const struct kt_credentials *found, struct kt_error *error)
{
	if (found->damaged[0].is_newer) {
		kt_fail(error, KT_ERROR_CORRUPT,
		        "the keyring's item for this account is of a newer keyturn");
		return kt_advise(error, "update keyturn on this machine");
	}
	kt_fail(error, KT_ERROR_CORRUPT, "the keyring's item for this account is damaged");
	return kt_advise(error, "log in to it again, which replaces the item; or forget it with: "
	                 "keyturn logout ACCOUNT");
}

static bool take_one(struct kt_credentials *found, struct kt_credential *credential,
                     bool *is_found, struct kt_error *error)
{
	*is_found = found->count == 1;
	if (found->count > 1) {
		kt_fail(error, KT_ERROR_CORRUPT, "the keyring holds two items for one account");
		return kt_advise(error, "log in to it again, which leaves one; or forget both with: "
		                 "keyturn logout ACCOUNT");
	}
	if (found->count == 0)
		return true;
	kt_credential_clear(credential);
	*credential = found->items[0];
	found->items[0] = (struct kt_credential){ 0 };
	return true;
}

bool kt_keyring_load(struct kt_keyring *keyring, const struct kt_identity *identity,
                     struct kt_credential *credential, bool *found, struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials all = { 0 };

	*found = false;
	if (!kt_keyring_search(keyring, identity, &all, error))
		return false;
	if (all.count <= 1 && all.corrupt > 0)
		return fail_damaged(&all, error);
	return take_one(&all, credential, found, error);
}

bool kt_keyring_load_to_replace(struct kt_keyring *keyring, const struct kt_identity *identity,
                                struct kt_credential *credential, bool *found,
                                struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials all = { 0 };

	*found = false;
	if (!kt_keyring_search(keyring, identity, &all, error))
		return false;
	if (all.count == 0 && all.corrupt > 0 && all.damaged[0].is_newer)
		return fail_damaged(&all, error);
	return all.count != 1 || take_one(&all, credential, found, error);
}

enum look {
	LOOK_THERE,
	LOOK_NOT_THERE,
	LOOK_FAILED, /* nobody knows, and cause says why */
};

/* Every field counts: a mark or an end that was not written is not there. */
static enum look look_for(struct kt_keyring *keyring, const struct kt_credential *credential,
                          struct kt_credentials *found, struct kt_error *cause)
{
	kt_credentials_clear(found);
	if (!keyring->backend->search(keyring->state, &credential->identity, found, cause))
		return LOOK_FAILED;
	for (size_t i = 0; i < found->count; i++)
		if (kt_credential_is_equal(credential, &found->items[i]))
			return LOOK_THERE;
	if (found->count == 0 && found->hidden != KT_HIDDEN_NOTHING) {
		kt_fail(cause, KT_ERROR_LOCKED, "the keyring is locked");
		return LOOK_FAILED;
	}
	return LOOK_NOT_THERE;
}

/* "Disconnected without replying" may mean either; the item that is there decides. */
static bool judge(enum look look, bool done, const struct kt_error *reported,
                  const struct kt_error *cause, struct kt_error *error)
{
	if (look == LOOK_THERE)
		return true;
	if (!done) {
		*error = *reported;
		return false;
	}
	if (look == LOOK_NOT_THERE) {
		kt_fail(error, KT_ERROR_UNAVAILABLE,
		        "the keyring said it stored the login, and has it not");
		return kt_advise(error, "run: keyturn doctor");
	}
	kt_fail(error, cause->code,
	        "the keyring took the login, and then could not be asked whether it has it: %s",
	        cause->message);
	return kt_advise(error, "%s", cause->remedy[0] ? cause->remedy
	                 : KT_TEXT("run: keyturn status, which tells whether it is there"));
}

/* The item that the store replaces; NULL for a new one. */
static const struct kt_credential *choose_before(struct kt_credentials *found,
                                                 struct kt_credential *damaged)
{
	if (found->count > 0)
		return &found->items[0];
	for (size_t i = 0; i < found->corrupt; i++) {
		if (!found->damaged[i].is_newer) {
			damaged->place = found->damaged[i].place;
			return damaged;
		}
	}
	return NULL;
}

/* Replaces what was searched for, or makes a new item of what is surely not there. */
static bool store_found(struct kt_keyring *keyring, const struct kt_credential *credential,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };
	struct kt_credential damaged = { 0 };

	if (!search_and_reveal(keyring, &credential->identity, &found, error))
		return false;
	for (size_t i = 0; i < found.corrupt; i++)
		if (found.damaged[i].is_newer)
			return fail_damaged(&found, error);
	return keyring->backend->store(keyring->state, credential, choose_before(&found, &damaged),
	                               error);
}

/* The place is known if it was loaded a moment ago; the item may be gone since. */
static bool store_once(struct kt_keyring *keyring, const struct kt_credential *credential,
                       struct kt_error *error)
{
	struct kt_error gone = { 0 };

	if (!keyring->known.place ||
	    !kt_identity_is_equal(&keyring->known.identity, &credential->identity))
		return store_found(keyring, credential, error);
	if (keyring->backend->store(keyring->state, credential, &keyring->known, &gone))
		return true;
	if (gone.code == KT_ERROR_NOT_FOUND)
		return store_found(keyring, credential, error);
	*error = gone;
	return false;
}

/* The new item is there, so that older ones of the same identity are of no use any more. */
static bool erase_others(struct kt_keyring *keyring, const struct kt_credential *credential,
                         const struct kt_credentials *found, struct kt_error *error)
{
	bool is_kept = false;

	for (size_t i = 0; i < found->count; i++) {
		bool is_it = !is_kept && kt_credential_is_equal(credential, &found->items[i]);

		is_kept = is_kept || is_it;
		if (!is_it && !keyring->backend->erase(keyring->state, found->items[i].place, error))
			return false;
	}
	for (size_t i = 0; i < found->corrupt; i++)
		if (!found->damaged[i].is_newer &&
		    !keyring->backend->erase(keyring->state, found->damaged[i].place, error))
			return false;
	return true;
}

static bool store_and_look(struct kt_keyring *keyring, const struct kt_credential *credential,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };
	struct kt_error reported = { 0 };
	struct kt_error cause = { 0 };
	bool done = store_once(keyring, credential, &reported);
	enum look look = look_for(keyring, credential, &found, &cause);

	/* What came there is damaged: a service could not decrypt it. It is replaced. */
	if (look == LOOK_NOT_THERE && found.count == 0 && found.corrupt > 0) {
		kt_error_clear(&reported);
		done = store_found(keyring, credential, &reported);
		look = look_for(keyring, credential, &found, &cause);
	}
	return judge(look, done, &reported, &cause, error) &&
	       erase_others(keyring, credential, &found, error);
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

/*
 * Finds the items of this identity: by the search for it and, in a backend with attributes, by
 * their content too, because attributes can be changed by other programs.
 */
static bool search_everywhere(struct kt_keyring *keyring, const struct kt_identity *identity,
                              struct kt_credentials *found, struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials all = { 0 };
	const struct kt_identity anything = { 0 };

	if (!search_and_reveal(keyring, identity, found, error))
		return false;
	if (found->count > 0 || found->corrupt > 0 || !keyring->backend->has_attributes)
		return true;
	if (!keyring->backend->search(keyring->state, &anything, &all, error))
		return false;
	for (size_t i = 0; i < all.count; i++)
		if (kt_identity_is_equal(&all.items[i].identity, identity) &&
		    !kt_credentials_add(found, &all.items[i], error))
			return false;
	return true;
}

static bool erase_found(struct kt_keyring *keyring, const struct kt_credentials *found,
                        struct kt_error *error)
{
	for (size_t i = 0; i < found->corrupt; i++)
		if (found->damaged[i].is_newer)
			return fail_damaged(found, error);
	for (size_t i = 0; i < found->count; i++)
		if (!keyring->backend->erase(keyring->state, found->items[i].place, error))
			return false;
	for (size_t i = 0; i < found->corrupt; i++)
		if (!keyring->backend->erase(keyring->state, found->damaged[i].place, error))
			return false;
	return true;
}

/* Found and deleted until the look finds none: an item in the way may have hidden another. */
static bool erase_and_look(struct kt_keyring *keyring, const struct kt_identity *identity,
                           struct kt_error *error)
{
	for (int tries = 0; tries < ERASE_TRIES; tries++) {
		KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };

		if (!search_everywhere(keyring, identity, &found, error))
			return false;
		if (found.count == 0 && found.corrupt == 0)
			return true;
		if (!erase_found(keyring, &found, error))
			return false;
	}
	kt_fail(error, KT_ERROR_UNAVAILABLE, "the keyring said it deleted the login, and has it "
	                                     "still");
	return kt_advise(error, "delete it in the keyring's own window, then run: keyturn doctor");
}

bool kt_keyring_erase(struct kt_keyring *keyring, const struct kt_identity *identity,
                      struct kt_error *error)
{
	bool waited;
	bool erased;

	if (!kt_keyring_enter(keyring, &waited, error))
		return false;
	erased = erase_and_look(keyring, identity, error);
	kt_keyring_leave(keyring);
	return erased;
}

bool kt_keyring_erase_damaged(struct kt_keyring *keyring, const struct kt_identity *pattern,
                              size_t *count, struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };

	*count = 0;
	if (!search_and_reveal(keyring, pattern, &found, error))
		return false;
	for (size_t i = 0; i < found.corrupt; i++) {
		if (found.damaged[i].is_newer)
			continue;
		if (!keyring->backend->erase(keyring->state, found.damaged[i].place, error))
			return false;
		(*count)++;
	}
	return *count > 0 || found.corrupt == 0 || fail_damaged(&found, error);
}

bool kt_keyring_search_foreign(struct kt_keyring *keyring,
                               const struct kt_foreign_pattern *pattern,
                               struct kt_foreign_items *found, struct kt_error *error)
{
	return !keyring->backend->search_foreign ||
	       keyring->backend->search_foreign(keyring->state, pattern, found, error);
}

bool kt_keyring_erase_foreign(struct kt_keyring *keyring, const struct kt_foreign_item *item,
                              struct kt_error *error)
{
	return keyring->backend->erase(keyring->state, item->place, error);
}

bool kt_keyring_takes_password(struct kt_keyring *keyring, enum kt_password_way *way,
                               struct kt_error *error)
{
	*way = KT_PASSWORD_NONE;
	return !keyring->backend->takes_password ||
	       keyring->backend->takes_password(keyring->state, way, error);
}

bool kt_keyring_unlock_with(struct kt_keyring *keyring, const struct kt_secret *password,
                            bool *opened, struct kt_error *error)
{
	return keyring->backend->unlock_with(keyring->state, password, opened, error);
}

int kt_keyring_settling(struct kt_keyring *keyring)
{
	if (!keyring)
		return KT_SETTLING_MAXIMUM;
	return keyring->backend->settling ? keyring->backend->settling(keyring->state) : 0;
}

bool kt_keyring_describe(struct kt_keyring *keyring, char **line, bool *is_odd,
                         struct kt_error *error)
{
	kt_text_free(line);
	*is_odd = false;
	return !keyring->backend->describe ||
	       keyring->backend->describe(keyring->state, line, is_odd, error);
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

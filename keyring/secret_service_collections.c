/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/secret_service_cleanup.h"
#include "keyring/secret_service_collections.h"
#include "keyring/secret_service_home.h"
#include "keyring/secret_service_home.h"
#include "keyring/secret_service_prompt.h"
#include "keyring/secret_service_provider.h"
#include "keyring/secret_service_record.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/* Milliseconds between two looks whether a refused lock has come about after all. */
#define LOCK_PAUSE 20
#define LOCK_TRIES 50

#define COLLECTIONS_PATH KT_CALL_SERVICE_PATH "/collection/"

static void unref_array(GPtrArray **array)
{
	g_clear_pointer(array, g_ptr_array_unref);
}

static char **take_strings(GPtrArray **array)
{
	g_ptr_array_add(*array, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(array), FALSE);
}

GVariant *kt_collection_read(struct kt_turn *turn, const char *path, const char *interface,
                             const char *property, const char *type, struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *reply = NULL;
	KT_CLEANUP(kt_variant_unref) GVariant *value = NULL;

	reply = kt_call_send(&turn->call, path, "org.freedesktop.DBus.Properties.Get",
	                     g_variant_new("(ss)", interface, property), "(v)", error);
	if (!reply)
		return NULL;
	g_variant_get(reply, "(v)", &value);
	if (g_variant_is_of_type(value, G_VARIANT_TYPE(type)))
		return g_steal_pointer(&value);
	kt_fail(error, KT_ERROR_UNAVAILABLE, "the keyring service has no proper %s", property);
	kt_advise(error, "run: keyturn doctor");
	return NULL;
}

bool kt_collection_is_locked(struct kt_turn *turn, const char *collection, bool *locked,
                             struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *value =
		kt_collection_read(turn, collection, KT_COLLECTION, "Locked", "b", error);

	if (!value)
		return false;
	*locked = g_variant_get_boolean(value);
	return true;
}

/* The collection that an item lies in; NULL where its path does not tell. */
static char *collection_of(const char *item)
{
	const char *slash = strrchr(item, '/');

	if (!kt_text_has_prefix(item, COLLECTIONS_PATH) || slash < item + strlen(COLLECTIONS_PATH))
		return NULL;
	return g_strndup(item, (gsize)(slash - item));
}

void kt_collections_note(struct kt_turn *turn, const char *item)
{
	KT_CLEANUP(kt_record_clear) struct kt_record record = { 0 };
	char *collection = collection_of(item);
	struct kt_error ignored = { 0 };
	bool elsewhere = false;
	bool is_new;

	kt_record_read(&record);
	is_new = collection && !kt_record_has(&record, collection);
	if (is_new || !record.provider)
		kt_provider_of(turn, &ignored);
	/* An item that another provider has too does not make that one the home of all. */
	if (turn->provider && record.provider &&
	    (!kt_home_is_elsewhere(turn, &record, &elsewhere, &ignored) || elsewhere)) {
		g_free(collection);
		return;
	}
	if (is_new)
		kt_record_add(&record, collection);
	g_free(collection);
	if (turn->provider && !kt_text_is_equal(record.provider, turn->provider->name)) {
		g_free(record.provider);
		record.provider = g_strdup(turn->provider->name);
		is_new = true;
	}
	if (is_new)
		kt_record_write(&record);
}

/*
 * Locked collections.
 */

static GVariant *list_collections(struct kt_turn *turn, struct kt_error *error)
{
	return kt_collection_read(turn, KT_CALL_SERVICE_PATH, KT_CALL_SERVICE_INTERFACE,
	                          "Collections", "ao", error);
}

/* One that vanishes meanwhile hides nothing any more. */
static bool add_locked(struct kt_turn *turn, const char *collection, GPtrArray *hidden,
                       struct kt_error *error)
{
	struct kt_error cause = { 0 };
	bool locked = false;

	if (!kt_collection_is_locked(turn, collection, &locked, &cause)) {
		if (turn->call.is_no_object)
			return true;
		*error = cause;
		return false;
	}
	if (locked)
		g_ptr_array_add(hidden, g_strdup(collection));
	return true;
}

static bool is_listed(GVariant *listed, const char *collection)
{
	GVariantIter paths;
	const char *path;

	g_variant_iter_init(&paths, listed);
	while (g_variant_iter_next(&paths, "&o", &path))
		if (strcmp(path, collection) == 0)
			return true;
	return false;
}

/*
 * A recorded collection that is not listed was deleted, and is no longer recorded; or its
 * provider lists only what is open.
 */
static bool check_unlisted(struct kt_turn *turn, const struct kt_record *record,
                           GVariant *listed, GPtrArray *hidden, struct kt_error *error)
{
	KT_CLEANUP(kt_record_clear) struct kt_record kept = {
		.collections = g_new0(char *, 1), .provider = g_strdup(record->provider),
	};

	for (char **path = record->collections; *path; path++) {
		const struct kt_provider *provider = NULL;

		if (!is_listed(listed, *path) && !(provider = kt_provider_of(turn, error)))
			return false;
		if (provider && provider->lists_closed)
			continue;
		kt_record_add(&kept, *path);
		if (provider)
			g_ptr_array_add(hidden, g_strdup(*path));
	}
	if (g_strv_length(kept.collections) < g_strv_length(record->collections))
		kt_record_write(&kept);
	return true;
}

bool kt_collections_list_hidden(struct kt_turn *turn, char ***hidden, struct kt_error *error)
{
	KT_CLEANUP(kt_record_clear) struct kt_record record = { 0 };
	KT_CLEANUP(kt_variant_unref) GVariant *listed = list_collections(turn, error);
	KT_CLEANUP(unref_array) GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
	GVariantIter paths;
	const char *path;
	bool elsewhere;

	kt_record_read(&record);
	if (!listed || !kt_home_is_elsewhere(turn, &record, &elsewhere, error))
		return false;
	kt_strings_free(hidden);
	if (elsewhere) {
		*hidden = g_steal_pointer(&record.collections);
		return true;
	}
	g_variant_iter_init(&paths, listed);
	while (g_variant_iter_next(&paths, "&o", &path)) {
		bool may_hold = !*record.collections || kt_text_is_equal(path, turn->collection) ||
		                kt_record_has(&record, path);

		if (may_hold && !add_locked(turn, path, found, error))
			return false;
	}
	if (!check_unlisted(turn, &record, listed, found, error))
		return false;
	*hidden = take_strings(&found);
	return true;
}

static bool has_open_collection(struct kt_turn *turn, GVariant *listed, bool *has,
                                struct kt_error *error)
{
	GVariantIter paths;
	const char *path;
	bool locked;

	*has = false;
	g_variant_iter_init(&paths, listed);
	while (!*has && g_variant_iter_next(&paths, "&o", &path)) {
		if (!kt_collection_is_locked(turn, path, &locked, error))
			return false;
		*has = !locked;
	}
	return true;
}

/* The provider that was noted last or, where none was, the one that is there. */
static bool may_ask_at_search(struct kt_turn *turn, bool *may, struct kt_error *error)
{
	KT_CLEANUP(kt_record_clear) struct kt_record record = { 0 };
	const struct kt_provider *provider;

	kt_record_read(&record);
	*may = false;
	for (provider = kt_providers; record.provider && provider->name; provider++)
		if (strcmp(provider->name, record.provider) == 0 && !provider->asks_at_search)
			return true;
	provider = kt_provider_of(turn, error);
	*may = provider && provider->asks_at_search;
	return provider != NULL;
}

bool kt_collections_check_search(struct kt_turn *turn, bool *is_closed, struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *listed = NULL;
	bool may_ask;
	bool has_open;

	*is_closed = false;
	if (!may_ask_at_search(turn, &may_ask, error))
		return false;
	if (!may_ask)
		return true;
	listed = list_collections(turn, error);
	if (!listed || !has_open_collection(turn, listed, &has_open, error))
		return false;
	*is_closed = !has_open;
	if (has_open)
		return true;
	return kt_collections_list_hidden(turn, &turn->hidden, error) &&
	       (*turn->hidden || kt_prompt_fail_locked(turn, error));
}

/*
 * Opening and closing.
 */

/* A wallet that is open for its own programs: it opens for us too, unasked. */
static bool is_open_wallet(struct kt_turn *turn, const struct kt_provider *provider,
                           const char *path)
{
	char *parent = collection_of(path);
	KT_CLEANUP(kt_variant_unref) GVariant *label = NULL;
	struct kt_error ignored = { 0 };

	label = kt_collection_read(turn, parent ? parent : path, KT_COLLECTION, "Label", "s",
	                           &ignored);
	g_free(parent);
	return label && kt_provider_has_open_wallet(turn, provider,
	                                            g_variant_get_string(label, NULL));
}

static bool opens_unasked(struct kt_turn *turn, const char *const *paths)
{
	struct kt_error ignored = { 0 };
	const struct kt_provider *provider = kt_provider_of(turn, &ignored);

	if (!provider || !provider->wallet)
		return false;
	for (; *paths; paths++)
		if (!is_open_wallet(turn, provider, *paths))
			return false;
	return true;
}

/* A database that is closed has no object that could be asked to open it. */
static bool check_listed(struct kt_turn *turn, const char *const *paths, struct kt_error *error)
{
	const struct kt_provider *provider = kt_provider_of(turn, error);
	KT_CLEANUP(kt_variant_unref) GVariant *listed = NULL;

	if (!provider)
		return false;
	if (provider->lists_closed)
		return true;
	listed = list_collections(turn, error);
	if (!listed)
		return false;
	for (; *paths; paths++) {
		char *parent = collection_of(*paths);
		bool is_there = is_listed(listed, parent ? parent : *paths);

		g_free(parent);
		if (is_there)
			continue;
		kt_fail(error, KT_ERROR_LOCKED, "the desktop keyring (%s) does not have the database "
		                                "open that holds your logins (%.60s)", provider->name,
		        *paths + strlen(COLLECTIONS_PATH));
		return kt_advise(error, "open it %s, then run the command again",
		                 kt_translate(provider->unlocked));
	}
	return true;
}

bool kt_collections_unlock(struct kt_turn *turn, const char *const *paths, struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *reply = NULL;
	const char *prompt;

	if (!*paths)
		return true;
	if (!kt_home_check(turn, error) || !check_listed(turn, paths, error))
		return false;
	reply = kt_call_send(&turn->call, KT_CALL_SERVICE_PATH, KT_CALL_SERVICE_INTERFACE ".Unlock",
	                     g_variant_new("(^ao)", paths), "(aoo)", error);
	if (!reply)
		return false;
	g_variant_get_child(reply, 1, "&o", &prompt);
	if (strcmp(prompt, "/") != 0 && opens_unasked(turn, paths))
		return kt_prompt_complete(turn, prompt, error);
	return kt_prompt_unlock(turn, prompt, error);
}

/* Only a service that is used for the first time has no default collection. */
static bool create_default(struct kt_turn *turn, struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *reply = NULL;
	GVariantBuilder properties;
	const char *prompt;

	if (!kt_prompt_is_possible(turn)) {
		kt_fail(error, KT_ERROR_UNAVAILABLE,
		        "the desktop keyring is not set up yet, which takes a display");
		return kt_advise(error, "run it once in your desktop session; without a desktop "
		                 "run: keyturn vault create");
	}
	g_variant_builder_init(&properties, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&properties, "{sv}", KT_COLLECTION ".Label",
	                      g_variant_new_string("Default keyring"));
	reply = kt_call_send(&turn->call, KT_CALL_SERVICE_PATH,
	                     KT_CALL_SERVICE_INTERFACE ".CreateCollection",
	                     g_variant_new("(a{sv}s)", &properties, "default"), "(oo)", error);
	if (!reply)
		return false;
	g_variant_get_child(reply, 1, "&o", &prompt);
	if (!kt_prompt_unlock(turn, prompt, error) || !kt_turn_find_default(turn, error))
		return false;
	return turn->collection || kt_fail(error, KT_ERROR_UNAVAILABLE,
	                                   "the keyring service made no default collection");
}

static bool unlock_collection(struct kt_turn *turn, const char *collection,
                              struct kt_error *error)
{
	const char *const paths[] = { collection, NULL };
	bool locked;

	if (!kt_collection_is_locked(turn, collection, &locked, error))
		return false;
	return !locked || (kt_collections_unlock(turn, paths, error) &&
	                   kt_collection_is_locked(turn, collection, &locked, error) &&
	                   (!locked || kt_prompt_fail_locked(turn, error)));
}

bool kt_collections_open_default(struct kt_turn *turn, char **path, struct kt_error *error)
{
	return kt_turn_find_default(turn, error) &&
	       (turn->collection || create_default(turn, error)) &&
	       kt_text_set(path, turn->collection, error) && unlock_collection(turn, *path, error);
}

static bool are_locked(struct kt_turn *turn, const char *const *paths)
{
	struct kt_error ignored = { 0 };

	for (const char *const *path = paths; *path; path++) {
		bool locked = false;

		if (!kt_collection_is_locked(turn, *path, &locked, &ignored) || !locked)
			return false;
	}
	return true;
}

/*
 * KeePassXC may call its own prompt dismissed and lock the database a moment later: what counts
 * is whether they are locked.
 */
static bool lock_paths(struct kt_turn *turn, const char *const *paths, struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *reply = NULL;
	struct kt_error refusal = { 0 };
	const char *prompt;

	reply = kt_call_send(&turn->call, KT_CALL_SERVICE_PATH, KT_CALL_SERVICE_INTERFACE ".Lock",
	                     g_variant_new("(^ao)", paths), "(aoo)", error);
	if (!reply)
		return false;
	g_variant_get_child(reply, 1, "&o", &prompt);
	if (kt_prompt_complete(turn, prompt, &refusal))
		return true;
	for (int tries = 0; tries < LOCK_TRIES; tries++) {
		if (are_locked(turn, paths))
			return true;
		kt_clock_sleep(LOCK_PAUSE);
	}
	*error = refusal;
	return false;
}

bool kt_collections_lock(struct kt_turn *turn, struct kt_error *error)
{
	KT_CLEANUP(kt_record_clear) struct kt_record record = { 0 };
	KT_CLEANUP(kt_variant_unref) GVariant *listed = list_collections(turn, error);
	KT_CLEANUP(unref_array) GPtrArray *open = g_ptr_array_new_with_free_func(g_free);
	KT_CLEANUP(kt_strings_free) char **paths = NULL;
	GVariantIter all;
	const char *path;

	if (!listed || !kt_turn_find_default(turn, error))
		return false;
	kt_record_read(&record);
	g_variant_iter_init(&all, listed);
	while (g_variant_iter_next(&all, "&o", &path)) {
		bool locked = false;

		if (!kt_text_is_equal(path, turn->collection) && !kt_record_has(&record, path))
			continue;
		if (!kt_collection_is_locked(turn, path, &locked, error))
			return false;
		if (!locked)
			g_ptr_array_add(open, g_strdup(path));
	}
	paths = take_strings(&open);
	return !*paths || lock_paths(turn, (const char *const *)paths, error);
}

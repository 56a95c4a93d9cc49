/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/secret_service_collections.h"
#include "keyring/secret_service_prompt.h"
#include "keyring/secret_service_provider.h"
#include "keyring/text.h"

#define COLLECTIONS_PATH KT_CALL_SERVICE_PATH "/collection/"
#define RECORD_MAXIMUM 16384

static void unref_variant(GVariant **variant)
{
	g_clear_pointer(variant, g_variant_unref);
}

static void free_strings(char ***strings)
{
	g_clear_pointer(strings, g_strfreev);
}

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
	KT_CLEANUP(unref_variant) GVariant *reply = NULL;
	KT_CLEANUP(unref_variant) GVariant *value = NULL;

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
	KT_CLEANUP(unref_variant) GVariant *value =
		kt_collection_read(turn, collection, KT_COLLECTION, "Locked", "b", error);

	if (!value)
		return false;
	*locked = g_variant_get_boolean(value);
	return true;
}

/*
 * The record.
 */

static bool record_path(char **path, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;

	return kt_environment_config_directory(&directory, error) &&
	       kt_text_format(path, error, "%s/collections", directory);
}

/* Never NULL: a record that cannot be read counts as empty. */
static char **read_record(void)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	struct kt_error ignored = { 0 };
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	bool found = false;

	if (record_path(&path, &ignored) &&
	    kt_file_read(path, RECORD_MAXIMUM, &content, &found, &ignored) && found) {
		char **all = g_strsplit(kt_secret_reveal(&content), "\n", -1);

		for (char **line = all; *line; line++) {
			if (g_variant_is_object_path(*line) && kt_text_has_prefix(*line, COLLECTIONS_PATH))
				g_ptr_array_add(lines, g_strdup(*line));
		}
		g_strfreev(all);
	}
	return take_strings(&lines);
}

static void write_record(char *const *collections)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *path = NULL;
	struct kt_error ignored = { 0 };
	GString *text = g_string_new(NULL);

	for (; *collections; collections++)
		g_string_append_printf(text, "%s\n", *collections);
	if (text->len < RECORD_MAXIMUM && kt_environment_config_directory(&directory, &ignored) &&
	    kt_environment_make_directory(directory, &ignored) && record_path(&path, &ignored))
		kt_file_replace(path, text->str, text->len, &ignored);
	g_string_free(text, TRUE);
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
	KT_CLEANUP(free_strings) char **recorded = read_record();
	char *collection = collection_of(item);
	GPtrArray *all;

	(void)turn;
	if (!collection || g_strv_contains((const char *const *)recorded, collection)) {
		g_free(collection);
		return;
	}
	all = g_ptr_array_new_with_free_func(g_free);
	for (char **line = recorded; *line; line++)
		g_ptr_array_add(all, g_strdup(*line));
	g_ptr_array_add(all, collection);
	free_strings(&recorded);
	recorded = take_strings(&all);
	write_record(recorded);
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
static bool check_unlisted(struct kt_turn *turn, char *const *recorded, GVariant *listed,
                           GPtrArray *hidden, struct kt_error *error)
{
	GPtrArray *kept = g_ptr_array_new_with_free_func(g_free);
	KT_CLEANUP(free_strings) char **strings = NULL;
	bool is_complete = true;

	for (; *recorded; recorded++) {
		const struct kt_provider *provider;

		if (is_listed(listed, *recorded)) {
			g_ptr_array_add(kept, g_strdup(*recorded));
			continue;
		}
		provider = kt_provider_of(turn, error);
		if (provider && !provider->lists_closed) {
			g_ptr_array_add(kept, g_strdup(*recorded));
			g_ptr_array_add(hidden, g_strdup(*recorded));
		} else {
			is_complete = false;
		}
	}
	strings = take_strings(&kept);
	if (error->code != KT_ERROR_NONE)
		return false;
	if (!is_complete)
		write_record(strings);
	return true;
}

bool kt_collections_list_hidden(struct kt_turn *turn, char ***hidden, struct kt_error *error)
{
	KT_CLEANUP(free_strings) char **recorded = read_record();
	KT_CLEANUP(unref_variant) GVariant *listed = list_collections(turn, error);
	KT_CLEANUP(unref_array) GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
	GVariantIter paths;
	const char *path;

	if (!listed)
		return false;
	g_variant_iter_init(&paths, listed);
	while (g_variant_iter_next(&paths, "&o", &path)) {
		bool may_hold = !*recorded || kt_text_is_equal(path, turn->collection) ||
		                g_strv_contains((const char *const *)recorded, path);

		if (may_hold && !add_locked(turn, path, found, error))
			return false;
	}
	if (!check_unlisted(turn, recorded, listed, found, error))
		return false;
	free_strings(hidden);
	*hidden = take_strings(&found);
	return true;
}

/*
 * Opening and closing.
 */

/* A wallet that is open for its own programs: it opens for us too, unasked. */
static bool is_open_wallet(struct kt_turn *turn, const struct kt_provider *provider,
                           const char *path)
{
	char *parent = collection_of(path);
	KT_CLEANUP(unref_variant) GVariant *label = NULL;
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
	KT_CLEANUP(unref_variant) GVariant *listed = NULL;

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
		kt_fail(error, KT_ERROR_LOCKED, "the desktop keyring (%s) does not have the database open "
		        "that holds your logins (%.60s)", provider->name,
		        *paths + strlen(COLLECTIONS_PATH));
		return kt_advise(error, "open it %s, then run the command again", provider->unlocked);
	}
	return true;
}

bool kt_collections_unlock(struct kt_turn *turn, const char *const *paths, struct kt_error *error)
{
	KT_CLEANUP(unref_variant) GVariant *reply = NULL;
	const char *prompt;

	if (!*paths)
		return true;
	if (!check_listed(turn, paths, error))
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
	KT_CLEANUP(unref_variant) GVariant *reply = NULL;
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

static bool lock_paths(struct kt_turn *turn, const char *const *paths, struct kt_error *error)
{
	KT_CLEANUP(unref_variant) GVariant *reply = NULL;
	const char *prompt;

	reply = kt_call_send(&turn->call, KT_CALL_SERVICE_PATH, KT_CALL_SERVICE_INTERFACE ".Lock",
	                     g_variant_new("(^ao)", paths), "(aoo)", error);
	if (!reply)
		return false;
	g_variant_get_child(reply, 1, "&o", &prompt);
	return kt_prompt_complete(turn, prompt, error);
}

bool kt_collections_lock(struct kt_turn *turn, struct kt_error *error)
{
	KT_CLEANUP(free_strings) char **recorded = read_record();
	KT_CLEANUP(unref_variant) GVariant *listed = list_collections(turn, error);
	KT_CLEANUP(unref_array) GPtrArray *open = g_ptr_array_new_with_free_func(g_free);
	KT_CLEANUP(free_strings) char **paths = NULL;
	GVariantIter all;
	const char *path;

	if (!listed || !kt_turn_find_default(turn, error))
		return false;
	g_variant_iter_init(&all, listed);
	while (g_variant_iter_next(&all, "&o", &path)) {
		bool locked = false;

		if (!kt_text_is_equal(path, turn->collection) &&
		    !g_strv_contains((const char *const *)recorded, path))
			continue;
		if (!kt_collection_is_locked(turn, path, &locked, error))
			return false;
		if (!locked)
			g_ptr_array_add(open, g_strdup(path));
	}
	paths = take_strings(&open);
	return !*paths || lock_paths(turn, (const char *const *)paths, error);
}

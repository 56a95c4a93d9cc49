/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/cleanup.h"
#include "keyring/secret_service_cleanup.h"
#include "keyring/secret_service_collections.h"
#include "keyring/secret_service_foreign.h"
#include "keyring/secret_service_secrets.h"
#include "keyring/text.h"

/* The service compares whole values alone: for a beginning all items are asked for. */
static bool search(struct kt_turn *turn, const struct kt_foreign_pattern *pattern,
                   char ***unlocked, char ***locked, struct kt_error *error)
{
	KT_CLEANUP(kt_table_unref) GHashTable *attributes = g_hash_table_new(g_str_hash, g_str_equal);
	GError *problem = NULL;

	if (!pattern->is_beginning)
		g_hash_table_insert(attributes, (char *)pattern->attribute, (char *)pattern->value);
	kt_call_start(&turn->call, "SearchItems");
	secret_service_search_for_dbus_paths(turn->service, NULL, attributes,
	                                     turn->call.cancellable, kt_call_done, &turn->call);
	kt_call_wait(&turn->call);
	return secret_service_search_for_dbus_paths_finish(turn->service, turn->call.result,
	                                                   unlocked, locked, &problem) ||
	       kt_call_fail(&turn->call, problem, error);
}

/* An attribute of several lines is none that a form of lines can hold: the item is passed over. */
static bool read_attributes(struct kt_turn *turn, const char *path, char **lines,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *attributes = NULL;
	GVariantIter iterator;
	const char *name;
	const char *value;

	attributes = kt_collection_read(turn, path, KT_ITEM, "Attributes", "a{ss}", error);
	if (!attributes)
		return false;
	g_variant_iter_init(&iterator, attributes);
	while (g_variant_iter_next(&iterator, "{&s&s}", &name, &value)) {
		KT_CLEANUP(kt_text_free) char *before = *lines;

		*lines = NULL;
		if (strchr(name, '\n') || strchr(value, '\n') || strchr(name, '='))
			return true;
		if (!kt_text_format(lines, error, "%s%s=%s\n", kt_text_or_empty(before), name, value))
			return false;
	}
	return true;
}

/* An item that vanished meanwhile does not fit. */
static bool look_whether_it_fits(struct kt_turn *turn, const struct kt_foreign_pattern *pattern,
                                 const char *path, bool *fits, struct kt_error *error)
{
	KT_CLEANUP(kt_foreign_item_clear) struct kt_foreign_item item = { 0 };
	KT_CLEANUP(kt_text_free) char *value = NULL;
	struct kt_error cause = { 0 };

	*fits = false;
	if (!read_attributes(turn, path, &item.attributes, &cause)) {
		if (turn->call.is_no_object)
			return true;
		*error = cause;
		return false;
	}
	if (!kt_foreign_attribute(&item, pattern->attribute, &value, error))
		return false;
	*fits = kt_text_has_prefix(kt_text_or_empty(value), pattern->value);
	return true;
}

/* Forgets the paths of the other items. */
static bool keep_fitting(struct kt_turn *turn, const struct kt_foreign_pattern *pattern,
                         char **paths, struct kt_error *error)
{
	char **end = paths;

	for (char **path = paths; *path; path++) {
		char *own = *path;
		bool fits;

		if (!look_whether_it_fits(turn, pattern, own, &fits, error))
			return false;
		if (!fits)
			continue;
		*path = *end;
		*end++ = own;
	}
	for (; *end; end++)
		g_clear_pointer(end, g_free);
	return true;
}

static bool read_label(struct kt_turn *turn, const char *path, char **label,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *text = kt_collection_read(turn, path, KT_ITEM, "Label",
	                                                                 "s", error);

	return text && kt_text_set(label, g_variant_get_string(text, NULL), error);
}

static bool add(struct kt_turn *turn, const char *path, SecretValue *value,
                struct kt_foreign_items *found, struct kt_error *error)
{
	KT_CLEANUP(kt_foreign_item_clear) struct kt_foreign_item item = { 0 };
	gsize length = 0;
	const char *bytes = secret_value_get(value, &length);

	if (!read_attributes(turn, path, &item.attributes, error))
		return false;
	if (!item.attributes || length == 0 || memchr(bytes, '\0', length))
		return true;
	return read_label(turn, path, &item.label, error) &&
	       kt_text_set(&item.place, path, error) &&
	       kt_secret_set(&item.secret, bytes, length, error) &&
	       kt_foreign_items_add(found, &item, error);
}

bool kt_foreign_find(struct kt_turn *turn, const struct kt_foreign_pattern *pattern,
                     struct kt_foreign_items *found, struct kt_error *error)
{
	KT_CLEANUP(kt_strings_free) char **unlocked = NULL;
	KT_CLEANUP(kt_strings_free) char **locked = NULL;
	KT_CLEANUP(kt_table_unref) GHashTable *values = NULL;

	if (!search(turn, pattern, &unlocked, &locked, error) ||
	    (pattern->is_beginning && (!keep_fitting(turn, pattern, unlocked, error) ||
	                               !keep_fitting(turn, pattern, locked, error))))
		return false;
	found->is_locked = found->is_locked || *locked;
	if (!*unlocked)
		return true;
	if (!kt_secrets_fetch_agreed(turn, unlocked, &values, error))
		return false;
	for (char **path = unlocked; *path; path++) {
		SecretValue *secret = g_hash_table_lookup(values, *path);

		if (secret && !add(turn, *path, secret, found, error))
			return false;
	}
	return true;
}

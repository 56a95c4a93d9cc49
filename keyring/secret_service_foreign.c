/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/cleanup.h"
#include "keyring/secret_service_cleanup.h"
#include "keyring/secret_service_collections.h"
#include "keyring/secret_service_foreign.h"
#include "keyring/secret_service_matches.h"
#include "keyring/text.h"

static bool search(struct kt_turn *turn, const char *attribute, const char *value,
                   char ***unlocked, char ***locked, struct kt_error *error)
{
	KT_CLEANUP(kt_table_unref) GHashTable *attributes = g_hash_table_new(g_str_hash, g_str_equal);
	GError *problem = NULL;

	g_hash_table_insert(attributes, (char *)attribute, (char *)value);
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

bool kt_foreign_find(struct kt_turn *turn, const char *attribute, const char *value,
                     struct kt_foreign_items *found, struct kt_error *error)
{
	KT_CLEANUP(kt_strings_free) char **unlocked = NULL;
	KT_CLEANUP(kt_strings_free) char **locked = NULL;
	KT_CLEANUP(kt_table_unref) GHashTable *values = NULL;
	GError *problem = NULL;

	if (!search(turn, attribute, value, &unlocked, &locked, error))
		return false;
	found->is_locked = found->is_locked || *locked;
	if (!*unlocked)
		return true;
	if (!kt_turn_open_session(turn, error))
		return false;
	kt_call_start(&turn->call, "GetSecrets");
	secret_service_get_secrets_for_dbus_paths(turn->service, (const char **)unlocked,
	                                          turn->call.cancellable, kt_call_done,
	                                          &turn->call);
	kt_call_wait(&turn->call);
	values = secret_service_get_secrets_for_dbus_paths_finish(turn->service, turn->call.result,
	                                                          &problem);
	if (!values)
		return kt_call_fail(&turn->call, problem, error);
	for (char **path = unlocked; *path; path++) {
		SecretValue *secret = g_hash_table_lookup(values, *path);

		if (secret && !add(turn, *path, secret, found, error))
			return false;
	}
	return true;
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/secret_service_cleanup.h"
#include "keyring/secret_service_collections.h"
#include "keyring/secret_service_home.h"
#include "keyring/secret_service_matches.h"
#include "keyring/secret_service_secrets.h"
#include "keyring/text.h"

/*
 * In a keyring that was locked when it started gnome-keyring has attributes hashed alone; these
 * are the schema's name and its MD5.
 */
#define HASHED_ATTRIBUTE "gkr:compat:hashed:xdg:schema"
#define HASHED_NAME "96834b425ea480f1492a4086fcb98f0c"

static const SecretSchema schema = {
	.name = KT_ITEM_SCHEMA,
	.flags = SECRET_SCHEMA_DONT_MATCH_NAME,
	.attributes = {
		{ "protocol", SECRET_SCHEMA_ATTRIBUTE_STRING },
		{ "host", SECRET_SCHEMA_ATTRIBUTE_STRING },
		{ "path", SECRET_SCHEMA_ATTRIBUTE_STRING },
		{ "username", SECRET_SCHEMA_ATTRIBUTE_STRING },
	},
};

static void unref_service(SecretService **service)
{
	g_clear_object(service);
}

void kt_matches_clear(struct kt_matches *matches)
{
	for (size_t i = 0; i < matches->count; i++) {
		kt_text_free(&matches->items[i].path);
		kt_secret_clear(&matches->items[i].form);
		kt_credential_clear(&matches->items[i].credential);
	}
	free(matches->items);
	*matches = (struct kt_matches){ 0 };
}

static bool is_storable(const char *text)
{
	return !text || kt_characters_are_utf8(text, strlen(text));
}

bool kt_matches_check_identity(const struct kt_identity *identity, struct kt_error *error)
{
	if (is_storable(identity->protocol) && is_storable(identity->host) &&
	    is_storable(identity->path) && is_storable(identity->username))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "the service or the account's name is not UTF-8");
	return kt_advise(error, "name it in UTF-8");
}

static bool is_empty(const struct kt_identity *pattern)
{
	return !pattern->protocol && !pattern->host && !pattern->path && !pattern->username;
}

/* The attributes that the pattern has; by_name: and that the items are ours. */
static GHashTable *search_attributes(const struct kt_identity *pattern, bool by_name)
{
	const struct {
		const char *name;
		char *value;
	} attributes[] = {
		{ "protocol", pattern->protocol },
		{ "host", pattern->host },
		{ "path", pattern->path },
		{ "username", pattern->username },
	};
	GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);

	for (size_t i = 0; i < KT_COUNT(attributes); i++)
		if (attributes[i].value)
			g_hash_table_insert(table, (char *)attributes[i].name, attributes[i].value);
	if (by_name)
		g_hash_table_insert(table, KT_ITEM_SCHEMA_ATTRIBUTE, KT_ITEM_SCHEMA);
	return table;
}

static void start_search(SecretService *service, struct kt_call *call,
                         const struct kt_identity *pattern, bool by_name)
{
	KT_CLEANUP(kt_table_unref) GHashTable *attributes = search_attributes(pattern, by_name);

	kt_call_start(call, "SearchItems");
	secret_service_search_for_dbus_paths(service, by_name ? NULL : &schema, attributes,
	                                     call->cancellable, kt_call_done, call);
}

static bool finish_search(SecretService *service, struct kt_call *call, char ***unlocked,
                          char ***locked, struct kt_error *error)
{
	GError *problem = NULL;

	kt_strings_free(unlocked);
	kt_strings_free(locked);
	return secret_service_search_for_dbus_paths_finish(service, call->result, unlocked, locked,
	                                                   &problem) ||
	       kt_call_fail(call, problem, error);
}

static bool search_paths(struct kt_turn *turn, const struct kt_identity *pattern, bool by_name,
                         char ***unlocked, char ***locked, struct kt_error *error)
{
	start_search(turn->service, &turn->call, pattern, by_name);
	kt_call_wait(&turn->call);
	return finish_search(turn->service, &turn->call, unlocked, locked, error);
}

/*
 * Of what is open, what the schema finds. The session that its secrets travel in is opened
 * meanwhile, which takes us as long as the search takes the service.
 */
static bool search_by_name(struct kt_turn *turn, const struct kt_identity *pattern,
                           char ***unlocked, struct kt_error *error)
{
	KT_CLEANUP(unref_service) SecretService *service = g_object_ref(turn->service);
	KT_CLEANUP(kt_call_release) struct kt_call beside = kt_call_beside(&turn->call);
	KT_CLEANUP(kt_strings_free) char **ignored = NULL;
	bool is_open;

	start_search(service, &beside, pattern, true);
	is_open = kt_turn_open_session(turn, error);
	kt_call_join(&turn->call, &beside, is_open);
	return is_open && finish_search(service, &beside, unlocked, &ignored, error);
}

static bool has_attribute(GVariant *attributes, const char *name, const char *wanted)
{
	const char *value;

	return g_variant_lookup(attributes, name, "&s", &value) && strcmp(value, wanted) == 0;
}

/* unless: the answer if the item does not tell. */
static bool has_our_schema(struct kt_turn *turn, const char *path, bool unless)
{
	KT_CLEANUP(kt_variant_unref) GVariant *attributes = NULL;
	struct kt_error ignored = { 0 };

	attributes = kt_collection_read(turn, path, KT_ITEM, "Attributes", "a{ss}", &ignored);
	if (!attributes)
		return unless;
	return has_attribute(attributes, KT_ITEM_SCHEMA_ATTRIBUTE, KT_ITEM_SCHEMA) ||
	       has_attribute(attributes, HASHED_ATTRIBUTE, HASHED_NAME);
}

/* Other programs' items are in nobody's way, and opening them would be no help. */
static void keep_ours(struct kt_turn *turn, char **locked)
{
	char **kept = locked;

	for (char **path = locked; *path; path++) {
		if (has_our_schema(turn, *path, true))
			*kept++ = *path;
		else
			g_free(*path);
	}
	*kept = NULL;
}

/*
 * Searches by what the pattern has: a keyring that was locked when it started finds nothing by
 * the schema. A name alone is what other programs have as well: of what is open the schema then
 * decides, before a secret is fetched.
 */
static bool search_ours(struct kt_turn *turn, const struct kt_identity *pattern, char ***unlocked,
                        char ***locked, struct kt_error *error)
{
	bool is_listing = is_empty(pattern);

	if (!search_paths(turn, pattern, is_listing, unlocked, locked, error))
		return false;
	keep_ours(turn, *locked);
	if (is_listing || (pattern->protocol && pattern->host) || !**unlocked)
		return true;
	return search_by_name(turn, pattern, unlocked, error);
}

/* Fills *match from an item's secret; *is_ours is false where it is none of the pattern's. */
static bool read_match(struct kt_turn *turn, const char *path, SecretValue *value,
                       const struct kt_identity *pattern, struct kt_match *match, bool *is_ours,
                       struct kt_error *error)
{
	struct kt_error problem = { 0 };
	gsize length = 0;
	const char *form = secret_value_get(value, &length);

	if (kt_credential_read(&match->credential, form, length, &problem)) {
		*is_ours = kt_identity_is_match(pattern, &match->credential.identity);
	} else if (problem.code == KT_ERROR_CORRUPT) {
		match->is_corrupt = true;
		*is_ours = has_our_schema(turn, path, false);
		if (!kt_secret_set(&match->form, form, length, error))
			return false;
	} else {
		*error = problem;
		return false;
	}
	return !*is_ours || kt_text_set(&match->path, path, error);
}

static bool read_matches(struct kt_turn *turn, char *const *paths, GHashTable *values,
                         const struct kt_identity *pattern, struct kt_matches *matches,
                         struct kt_error *error)
{
	kt_matches_clear(matches);
	matches->items = calloc(g_strv_length((char **)paths), sizeof(*matches->items));
	if (!matches->items)
		return kt_fail_memory(error);
	for (; *paths; paths++) {
		struct kt_match *match = &matches->items[matches->count];
		SecretValue *value = g_hash_table_lookup(values, *paths);
		bool is_ours = false;

		if (!value)
			continue;
		matches->count++;
		if (!read_match(turn, *paths, value, pattern, match, &is_ours, error))
			return false;
		if (is_ours)
			continue;
		kt_secret_clear(&match->form);
		kt_credential_clear(&match->credential);
		*match = (struct kt_match){ 0 };
		matches->count--;
	}
	return true;
}

static bool is_any_corrupt(const struct kt_matches *matches)
{
	for (size_t i = 0; i < matches->count; i++)
		if (matches->items[i].is_corrupt)
			return true;
	return false;
}

/* A secret of a wrong key seems to be damaged: another session shows whether it is. */
static bool fetch(struct kt_turn *turn, char **paths, const struct kt_identity *pattern,
                  struct kt_matches *matches, struct kt_error *error)
{
	KT_CLEANUP(kt_table_unref) GHashTable *values = NULL;

	if (!*paths)
		return true;
	if (!kt_secrets_fetch(turn, paths, &values, error) ||
	    !read_matches(turn, paths, values, pattern, matches, error))
		return false;
	if (!is_any_corrupt(matches))
		return true;
	return kt_turn_renew_session(turn, error) &&
	       kt_secrets_fetch(turn, paths, &values, error) &&
	       read_matches(turn, paths, values, pattern, matches, error);
}

/* Fills matches, and the turn's hidden paths with matching items that are locked. */
static bool look(struct kt_turn *turn, const struct kt_identity *pattern,
                 struct kt_matches *matches, struct kt_error *error)
{
	KT_CLEANUP(kt_strings_free) char **unlocked = NULL;

	kt_matches_clear(matches);
	if (search_ours(turn, pattern, &unlocked, &turn->hidden, error))
		return fetch(turn, unlocked, pattern, matches, error);
	if (turn->call.is_late)
		kt_home_explain(turn, error);
	return false;
}

/* Found or not is no answer yet: nothing matched, or everything was asked for. */
static bool is_open_question(const struct kt_turn *turn, const struct kt_identity *pattern,
                             const struct kt_matches *matches)
{
	return !*turn->hidden && (matches->count == 0 || is_empty(pattern));
}

bool kt_matches_find(struct kt_turn *turn, const struct kt_identity *pattern,
                     struct kt_matches *matches, enum kt_hidden *hidden, struct kt_error *error)
{
	bool is_later = false;
	bool is_closed;

	if (!kt_matches_check_identity(pattern, error) ||
	    !kt_collections_check_search(turn, &is_closed, error))
		return false;
	if (is_closed) {
		*hidden = KT_HIDDEN_MATCHES;
		return true;
	}
	if (!look(turn, pattern, matches, error))
		return false;
	if (is_open_question(turn, pattern, matches) &&
	    (!kt_home_await(turn, &is_later, error) ||
	     (is_later && !look(turn, pattern, matches, error))))
		return false;
	*hidden = *turn->hidden ? KT_HIDDEN_MATCHES : KT_HIDDEN_NOTHING;
	if (!is_open_question(turn, pattern, matches))
		return true;
	if (!kt_collections_list_hidden(turn, &turn->hidden, error))
		return false;
	if (*turn->hidden)
		*hidden = KT_HIDDEN_PERHAPS;
	return true;
}

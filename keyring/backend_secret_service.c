/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * The desktop's keyring: one item per credential, in whichever collection it lies. libsecret does
 * what is its own, the encrypted session and the search; calls that may answer with a prompt are
 * sent here, because libsecret would show any prompt at once, to everybody.
 */

#include <stdlib.h>
#include <string.h>

#include "keyring/backend.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/secret_service.h"
#include "keyring/secret_service_collections.h"
#include "keyring/secret_service_prompt.h"
#include "keyring/secret_service_provider.h"
#include "keyring/secret_service_turn.h"
#include "keyring/text.h"

#define SCHEMA_NAME "org.keyturn.Credential"
#define SCHEMA_ATTRIBUTE "xdg:schema"
#define ITEM "org.freedesktop.Secret.Item"

/*
 * In a keyring that was locked when it started gnome-keyring has attributes hashed alone; these
 * are the schema's name and its MD5.
 */
#define HASHED_ATTRIBUTE "gkr:compat:hashed:xdg:schema"
#define HASHED_NAME "96834b425ea480f1492a4086fcb98f0c"

/*
 * As text, KeePassXC would expand "{...}" in it and answer another secret than was stored, and
 * releases of oo7 refuse "application/json".
 */
#define CONTENT_TYPE "application/octet-stream"

#define SETTLING_UNKNOWN 30

/* An item that is ours: its credential, or that it cannot be read. */
struct match {
	char *path;
	bool is_corrupt;
	struct kt_secret form; /* a damaged one's */
	struct kt_credential credential;
};

struct matches {
	struct match *items;
	size_t count;
};

static const SecretSchema schema = {
	.name = SCHEMA_NAME,
	.flags = SECRET_SCHEMA_DONT_MATCH_NAME,
	.attributes = {
		{ "protocol", SECRET_SCHEMA_ATTRIBUTE_STRING },
		{ "host", SECRET_SCHEMA_ATTRIBUTE_STRING },
		{ "path", SECRET_SCHEMA_ATTRIBUTE_STRING },
		{ "username", SECRET_SCHEMA_ATTRIBUTE_STRING },
	},
};

static void unref_variant(GVariant **variant)
{
	g_clear_pointer(variant, g_variant_unref);
}

static void free_strings(char ***strings)
{
	g_clear_pointer(strings, g_strfreev);
}

static void unref_table(GHashTable **table)
{
	g_clear_pointer(table, g_hash_table_unref);
}

static void unref_value(gpointer *value)
{
	g_clear_pointer(value, secret_value_unref);
}

static void clear_matches(struct matches *matches)
{
	for (size_t i = 0; i < matches->count; i++) {
		kt_text_free(&matches->items[i].path);
		kt_secret_clear(&matches->items[i].form);
		kt_credential_clear(&matches->items[i].credential);
	}
	free(matches->items);
	*matches = (struct matches){ 0 };
}

static bool is_storable(const char *text)
{
	return !text || kt_characters_are_utf8(text, strlen(text));
}

static bool check_identity(const struct kt_identity *identity, struct kt_error *error)
{
	if (is_storable(identity->protocol) && is_storable(identity->host) &&
	    is_storable(identity->path) && is_storable(identity->username))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "the service or the account's name is not UTF-8");
	return kt_advise(error, "name it in UTF-8");
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
		g_hash_table_insert(table, SCHEMA_ATTRIBUTE, SCHEMA_NAME);
	return table;
}

static bool search_paths(struct kt_turn *turn, const struct kt_identity *pattern, bool by_name,
                         char ***unlocked, char ***locked, struct kt_error *error)
{
	struct kt_call *call = &turn->call;
	KT_CLEANUP(unref_table) GHashTable *attributes = search_attributes(pattern, by_name);
	GError *problem = NULL;

	free_strings(unlocked);
	free_strings(locked);
	kt_call_start(call, "SearchItems");
	secret_service_search_for_dbus_paths(turn->service, by_name ? NULL : &schema, attributes,
	                                     call->cancellable, kt_call_done, call);
	kt_call_wait(call);
	return secret_service_search_for_dbus_paths_finish(turn->service, call->result, unlocked,
	                                                   locked, &problem) ||
	       kt_call_fail(call, problem, error);
}

static bool has_attribute(GVariant *attributes, const char *name, const char *wanted)
{
	const char *value;

	return g_variant_lookup(attributes, name, "&s", &value) && strcmp(value, wanted) == 0;
}

/* unless: the answer if the item does not tell. */
static bool has_our_schema(struct kt_turn *turn, const char *path, bool unless)
{
	KT_CLEANUP(unref_variant) GVariant *attributes = NULL;
	struct kt_error ignored = { 0 };

	attributes = kt_collection_read(turn, path, ITEM, "Attributes", "a{ss}", &ignored);
	if (!attributes)
		return unless;
	return has_attribute(attributes, SCHEMA_ATTRIBUTE, SCHEMA_NAME) ||
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
	KT_CLEANUP(free_strings) char **ignored = NULL;
	bool is_empty = !pattern->protocol && !pattern->host && !pattern->path &&
	                !pattern->username;

	if (!search_paths(turn, pattern, is_empty, unlocked, locked, error))
		return false;
	keep_ours(turn, *locked);
	if (is_empty || (pattern->protocol && pattern->host) || !**unlocked)
		return true;
	return search_paths(turn, pattern, true, unlocked, &ignored, error);
}

/* Fills *match from an item's secret; *is_ours is false where it is none of the pattern's. */
static bool read_match(struct kt_turn *turn, const char *path, SecretValue *value,
                       const struct kt_identity *pattern, struct match *match, bool *is_ours,
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
                         const struct kt_identity *pattern, struct matches *matches,
                         struct kt_error *error)
{
	matches->items = calloc(g_strv_length((char **)paths), sizeof(*matches->items));
	if (!matches->items)
		return kt_fail_memory(error);
	for (; *paths; paths++) {
		struct match *match = &matches->items[matches->count];
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
		*match = (struct match){ 0 };
		matches->count--;
	}
	return true;
}

static bool fetch(struct kt_turn *turn, char **paths, const struct kt_identity *pattern,
                  struct matches *matches, struct kt_error *error)
{
	struct kt_call *call = &turn->call;
	KT_CLEANUP(unref_table) GHashTable *values = NULL;
	GError *problem = NULL;

	if (!*paths)
		return true;
	if (!kt_turn_open_session(turn, error))
		return false;
	kt_call_start(call, "GetSecrets");
	secret_service_get_secrets_for_dbus_paths(turn->service, (const char **)paths,
	                                          call->cancellable, kt_call_done, call);
	kt_call_wait(call);
	values = secret_service_get_secrets_for_dbus_paths_finish(turn->service, call->result,
	                                                          &problem);
	if (!values)
		return kt_call_fail(call, problem, error);
	return read_matches(turn, paths, values, pattern, matches, error);
}

/*
 * Finds what there is of the pattern, and notes in the turn what is locked: items that match or,
 * where nothing was found or everything was asked for, collections that may hold some.
 */
static bool find(struct kt_turn *turn, const struct kt_identity *pattern,
                 struct matches *matches, enum kt_hidden *hidden, struct kt_error *error)
{
	KT_CLEANUP(free_strings) char **unlocked = NULL;
	bool is_open_question;
	bool is_closed;

	if (!check_identity(pattern, error) ||
	    !kt_collections_check_search(turn, &is_closed, error))
		return false;
	if (is_closed) {
		*hidden = KT_HIDDEN_MATCHES;
		return true;
	}
	if (!search_ours(turn, pattern, &unlocked, &turn->hidden, error) ||
	    !fetch(turn, unlocked, pattern, matches, error))
		return false;
	*hidden = *turn->hidden ? KT_HIDDEN_MATCHES : KT_HIDDEN_NOTHING;
	is_open_question = matches->count == 0 || !pattern->host;
	if (*turn->hidden || !is_open_question)
		return true;
	if (!kt_collections_list_hidden(turn, &turn->hidden, error))
		return false;
	if (*turn->hidden)
		*hidden = KT_HIDDEN_PERHAPS;
	return true;
}

static bool delete_item(struct kt_turn *turn, const char *path, struct kt_error *error)
{
	KT_CLEANUP(unref_variant) GVariant *reply = NULL;
	struct kt_error cause = { 0 };
	const char *prompt;

	reply = kt_call_send(&turn->call, path, ITEM ".Delete", NULL, "(o)", &cause);
	if (!reply) {
		if (turn->call.is_no_object)
			return true;
		*error = cause;
		return false;
	}
	g_variant_get(reply, "(&o)", &prompt);
	return kt_prompt_complete(turn, prompt, error);
}

/* The item's label, which a person sees in a keyring's window, also while it is locked. */
static GVariant *item_label(const struct kt_credential *credential)
{
	const struct kt_identity *identity = &credential->identity;
	const char *path = kt_text_or_empty(identity->path);
	const char *username = kt_text_or_empty(identity->username);

	return g_variant_new_take_string(g_strdup_printf(
		"%s%s%s://%s%s%s (%s)", username, *username ? " at " : "",
		kt_text_or_empty(identity->protocol), kt_text_or_empty(identity->host),
		*path ? "/" : "", path, kt_kind_name(credential->kind)));
}

static GVariant *item_attributes(const struct kt_identity *identity)
{
	GVariantBuilder attributes;

	g_variant_builder_init(&attributes, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&attributes, "{ss}", SCHEMA_ATTRIBUTE, SCHEMA_NAME);
	g_variant_builder_add(&attributes, "{ss}", "protocol", kt_text_or_empty(identity->protocol));
	g_variant_builder_add(&attributes, "{ss}", "host", kt_text_or_empty(identity->host));
	g_variant_builder_add(&attributes, "{ss}", "path", kt_text_or_empty(identity->path));
	g_variant_builder_add(&attributes, "{ss}", "username", kt_text_or_empty(identity->username));
	return g_variant_builder_end(&attributes);
}

/* The credential's stored form, encrypted for the session. */
static GVariant *encrypt(struct kt_turn *turn, const struct kt_credential *credential,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	KT_CLEANUP(unref_value) gpointer value = NULL;
	GVariant *secret;

	if (!kt_turn_open_session(turn, error) || !kt_credential_write(credential, &form, error))
		return NULL;
	value = secret_value_new(kt_secret_reveal(&form), (gssize)kt_secret_length(&form),
	                         CONTENT_TYPE);
	secret = secret_service_encode_dbus_secret(turn->service, value);
	if (!secret)
		kt_fail(error, KT_ERROR_INTERNAL, "the secret could not be encrypted");
	return secret ? g_variant_take_ref(secret) : NULL;
}

static bool create_item(struct kt_turn *turn, const char *collection,
                        const struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(unref_variant) GVariant *reply = NULL;
	KT_CLEANUP(unref_variant) GVariant *secret = encrypt(turn, credential, error);
	GVariantBuilder properties;
	const char *prompt;

	if (!secret)
		return false;
	g_variant_builder_init(&properties, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&properties, "{sv}", ITEM ".Label", item_label(credential));
	g_variant_builder_add(&properties, "{sv}", ITEM ".Attributes",
	                      item_attributes(&credential->identity));
	reply = kt_call_send(&turn->call, collection, KT_COLLECTION ".CreateItem",
	                     g_variant_new("(a{sv}@(oayays)b)", &properties, secret, TRUE), "(oo)",
	                     error);
	if (!reply)
		return false;
	g_variant_get_child(reply, 1, "&o", &prompt);
	return kt_prompt_complete(turn, prompt, error);
}

static bool fail_no_item(struct kt_error *error)
{
	return kt_fail(error, KT_ERROR_NOT_FOUND, "the keyring's item was removed just now");
}

static bool set_secret(struct kt_turn *turn, const char *path,
                       const struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(unref_variant) GVariant *reply = NULL;
	KT_CLEANUP(unref_variant) GVariant *secret = encrypt(turn, credential, error);
	struct kt_error cause = { 0 };

	if (!secret)
		return false;
	reply = kt_call_send(&turn->call, path, ITEM ".SetSecret",
	                     g_variant_new("(@(oayays))", secret), "()", &cause);
	if (reply)
		return true;
	if (turn->call.is_no_object)
		return fail_no_item(error);
	*error = cause;
	return false;
}

/* For people alone: that it cannot be set is no reason to have stored nothing. */
static void set_label(struct kt_turn *turn, const char *path,
                      const struct kt_credential *credential)
{
	struct kt_error ignored = { 0 };
	GVariant *reply = kt_call_send(&turn->call, path, "org.freedesktop.DBus.Properties.Set",
	                               g_variant_new("(ssv)", ITEM, "Label", item_label(credential)),
	                               "()", &ignored);

	unref_variant(&reply);
}

/*
 * In its place: a new item beside it would be a second one, and KeePassXC asks for each new one.
 * oo7 forgets what SetSecret brought; it replaces an item whose attributes are exactly the same.
 */
static bool replace_item(struct kt_turn *turn, const struct kt_provider *provider,
                         const struct kt_credential *credential,
                         const struct kt_credential *before, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *collection = NULL;
	const char *slash = strrchr(before->place, '/');

	if (!provider->keeps_replaced)
		return kt_text_set_bytes(&collection, before->place,
		                         (size_t)(slash - before->place), error) &&
		       create_item(turn, collection, credential, error);
	if (!set_secret(turn, before->place, credential, error))
		return false;
	if (before->kind != credential->kind)
		set_label(turn, before->place, credential);
	return true;
}

/* It was open when the item was found: it is opened only if the change is refused. */
static bool replace_and_unlock(struct kt_turn *turn, const struct kt_provider *provider,
                               const struct kt_credential *credential,
                               const struct kt_credential *before, struct kt_error *error)
{
	const char *const paths[] = { before->place, NULL };
	struct kt_error refusal = { 0 };

	if (replace_item(turn, provider, credential, before, &refusal))
		return true;
	if (refusal.code == KT_ERROR_LOCKED)
		return kt_collections_unlock(turn, paths, error) &&
		       replace_item(turn, provider, credential, before, error);
	*error = refusal;
	return false;
}

static bool reach(void **state, const struct kt_keyring_options *options, struct kt_error *error)
{
	struct kt_turn *turn = calloc(1, sizeof(*turn));

	if (!turn)
		return kt_fail_memory(error);
	if (!kt_turn_open(turn, options, error)) {
		free(turn);
		return false;
	}
	*state = turn;
	return true;
}

static void release(void *state)
{
	kt_turn_clear(state);
	free(state);
}

static bool enter(void *state, bool *waited, struct kt_error *error)
{
	return kt_turn_enter(state, waited, error);
}

static void leave(void *state)
{
	kt_turn_leave(state);
}

static bool add_match(struct match *match, struct kt_credentials *found, struct kt_error *error)
{
	if (match->is_corrupt)
		return kt_credentials_add_damaged(found, match->path, &match->form, error);
	return kt_text_set(&match->credential.place, match->path, error) &&
	       kt_credentials_add(found, &match->credential, error);
}

/* Both lie in one collection. */
static bool is_beside(const char *path, const char *other)
{
	const char *slash = strrchr(path, '/');

	return strncmp(path, other, (size_t)(slash + 1 - path)) == 0 &&
	       !strchr(other + (slash + 1 - path), '/');
}

static bool search(void *state, const struct kt_identity *pattern, struct kt_credentials *found,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);
	KT_CLEANUP(clear_matches) struct matches matches = { 0 };

	if (!turn || !find(turn, pattern, &matches, &found->hidden, error))
		return false;
	for (size_t i = 0; i < matches.count; i++) {
		if (i == 0 || !is_beside(matches.items[i].path, matches.items[i - 1].path))
			kt_collections_note(turn, matches.items[i].path);
	}
	for (size_t i = 0; i < matches.count; i++) {
		if (!add_match(&matches.items[i], found, error))
			return false;
	}
	return true;
}

static bool reveal(void *state, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);

	return turn && kt_collections_unlock(turn, (const char *const *)turn->hidden, error);
}

static bool store(void *state, const struct kt_credential *credential,
                  const struct kt_credential *before, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);
	KT_CLEANUP(kt_text_free) char *collection = NULL;
	const struct kt_provider *provider;

	if (!turn || !check_identity(&credential->identity, error))
		return false;
	if (!before)
		return kt_collections_open_default(turn, &collection, error) &&
		       create_item(turn, collection, credential, error);
	provider = kt_provider_of(turn, error);
	return provider && replace_and_unlock(turn, provider, credential, before, error);
}

static bool erase(void *state, const char *place, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);

	return turn && delete_item(turn, place, error);
}

static bool takes_password(void *state, bool *takes, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);
	const struct kt_provider *provider = turn ? kt_provider_of(turn, error) : NULL;

	*takes = provider && provider->has_control_socket;
	return provider != NULL;
}

static int settling(void *state)
{
	struct kt_error ignored = { 0 };
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, &ignored);
	const struct kt_provider *provider = turn ? kt_provider_of(turn, &ignored) : NULL;

	/* Nothing is known of a service that is gone: the item it took may be gone as well. */
	return provider ? provider->settling : SETTLING_UNKNOWN;
}

static bool describe(void *state, char **line, bool *is_odd, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);
	const struct kt_provider *provider = turn ? kt_provider_of(turn, error) : NULL;

	*is_odd = false;
	if (!provider || !kt_turn_find_default(turn, error))
		return false;
	return kt_text_format(line, error, "provided by %s, default keyring %s, opened %s",
	                      provider->name, turn->collection ? turn->collection : "none",
	                      provider->unlocked);
}

static bool lock(void *state, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);

	return turn && kt_collections_lock(turn, error);
}

/* Opens the collections that may hold logins, then the one that new logins go to. */
static bool unlock(void *state, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);
	KT_CLEANUP(kt_text_free) char *collection = NULL;

	return turn && kt_collections_list_hidden(turn, &turn->hidden, error) &&
	       kt_collections_unlock(turn, (const char *const *)turn->hidden, error) &&
	       kt_collections_open_default(turn, &collection, error);
}

static bool is_open(void *state, bool *open, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);

	if (!turn || !kt_turn_find_default(turn, error) ||
	    !kt_collections_list_hidden(turn, &turn->hidden, error))
		return false;
	*open = turn->collection && !*turn->hidden;
	return true;
}

const struct kt_secret_service_module kt_secret_service_module = {
	.version = PACKAGE_VERSION,
	.backend = {
		.name = "secret-service",
		.has_attributes = true,
		.open = reach,
		.close = release,
		.enter = enter,
		.leave = leave,
		.search = search,
		.reveal = reveal,
		.store = store,
		.erase = erase,
		.takes_password = takes_password,
		.settling = settling,
		.describe = describe,
		.lock = lock,
		.unlock = unlock,
		.is_open = is_open,
	},
};

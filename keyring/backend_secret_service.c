/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * The desktop's keyring: one item per credential in the default collection. libsecret does what
 * is its own, the encrypted session and the search; calls that may answer with a prompt are sent
 * here, because libsecret would show any prompt at once, to everybody.
 */

#include <stdlib.h>
#include <string.h>

#include "keyring/backend.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/secret_service.h"
#include "keyring/secret_service_turn.h"
#include "keyring/text.h"

#define SCHEMA_NAME "org.keyturn.Credential"
#define SCHEMA_ATTRIBUTE "xdg:schema"
#define COLLECTION "org.freedesktop.Secret.Collection"
#define ITEM "org.freedesktop.Secret.Item"

/* An item that is ours: its credential, or that it cannot be read. */
struct match {
	char *path;
	bool is_corrupt;
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
		kt_credential_clear(&matches->items[i].credential);
	}
	free(matches->items);
	*matches = (struct matches){ 0 };
}

static GVariant *read_property(struct kt_turn *turn, const char *path, const char *interface,
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

static bool is_locked(struct kt_turn *turn, const char *collection, bool *locked,
                      struct kt_error *error)
{
	KT_CLEANUP(unref_variant) GVariant *value =
		read_property(turn, collection, COLLECTION, "Locked", "b", error);

	if (!value)
		return false;
	*locked = g_variant_get_boolean(value);
	return true;
}

static bool unlock_paths(struct kt_turn *turn, const char *const *paths, struct kt_error *error)
{
	KT_CLEANUP(unref_variant) GVariant *reply = NULL;
	const char *prompt;

	reply = kt_call_send(&turn->call, KT_CALL_SERVICE_PATH, KT_CALL_SERVICE_INTERFACE ".Unlock",
	                     g_variant_new("(^ao)", paths), "(aoo)", error);
	if (!reply)
		return false;
	g_variant_get_child(reply, 1, "&o", &prompt);
	return kt_turn_settle(turn, prompt, error);
}

static bool unlock_collection(struct kt_turn *turn, const char *collection,
                              struct kt_error *error)
{
	const char *const paths[] = { collection, NULL };
	bool locked;

	if (!is_locked(turn, collection, &locked, error))
		return false;
	return !locked || (unlock_paths(turn, paths, error) &&
	                   is_locked(turn, collection, &locked, error) &&
	                   (!locked || kt_turn_fail_locked(turn, error)));
}

/* Only a service that is used for the first time has no default collection. */
static bool create_collection(struct kt_turn *turn, struct kt_error *error)
{
	KT_CLEANUP(unref_variant) GVariant *reply = NULL;
	GVariantBuilder properties;
	const char *prompt;

	if (!kt_turn_can_prompt(turn)) {
		kt_fail(error, KT_ERROR_UNAVAILABLE,
		        "the desktop keyring is not set up yet, which takes a display");
		return kt_advise(error, "run it once in your desktop session; without a desktop "
		                 "run: keyturn vault create");
	}
	g_variant_builder_init(&properties, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&properties, "{sv}", COLLECTION ".Label",
	                      g_variant_new_string("Default keyring"));
	reply = kt_call_send(&turn->call, KT_CALL_SERVICE_PATH,
	                     KT_CALL_SERVICE_INTERFACE ".CreateCollection",
	                     g_variant_new("(a{sv}s)", &properties, "default"), "(oo)", error);
	if (!reply)
		return false;
	g_variant_get_child(reply, 1, "&o", &prompt);
	if (!kt_turn_settle(turn, prompt, error) || !kt_turn_find_collection(turn, error))
		return false;
	return turn->collection || kt_fail(error, KT_ERROR_UNAVAILABLE,
	                                   "the keyring service made no default collection");
}

/* The default collection, made and unlocked if need be. */
static bool open_collection(struct kt_turn *turn, char **path, struct kt_error *error)
{
	return kt_turn_find_collection(turn, error) &&
	       (turn->collection || create_collection(turn, error)) &&
	       kt_text_set(path, turn->collection, error) && unlock_collection(turn, *path, error);
}

static bool lock_collection(struct kt_turn *turn, const char *collection, struct kt_error *error)
{
	KT_CLEANUP(unref_variant) GVariant *reply = NULL;
	const char *const paths[] = { collection, NULL };
	const char *prompt;

	reply = kt_call_send(&turn->call, KT_CALL_SERVICE_PATH, KT_CALL_SERVICE_INTERFACE ".Lock",
	                     g_variant_new("(^ao)", paths), "(aoo)", error);
	if (!reply)
		return false;
	g_variant_get_child(reply, 1, "&o", &prompt);
	return kt_turn_settle(turn, prompt, error);
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

/*
 * The attributes to search for: those that the pattern has. The schema's name is not among
 * them, because a locked gnome-keyring does not find by it; it is there only if the search
 * would otherwise be empty and find everything.
 */
static GHashTable *search_attributes(const struct kt_identity *pattern)
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
	if (g_hash_table_size(table) == 0)
		g_hash_table_insert(table, SCHEMA_ATTRIBUTE, SCHEMA_NAME);
	return table;
}

static bool search_paths(struct kt_turn *turn, const struct kt_identity *pattern,
                         char ***unlocked, char ***locked, struct kt_error *error)
{
	struct kt_call *call = &turn->call;
	KT_CLEANUP(unref_table) GHashTable *attributes = search_attributes(pattern);
	bool is_by_name = g_hash_table_contains(attributes, SCHEMA_ATTRIBUTE);
	GError *problem = NULL;

	kt_call_start(call, "SearchItems");
	secret_service_search_for_dbus_paths(turn->service, is_by_name ? NULL : &schema,
	                                     attributes, call->cancellable, kt_call_done, call);
	kt_call_wait(call);
	return secret_service_search_for_dbus_paths_finish(turn->service, call->result, unlocked,
	                                                   locked, &problem) ||
	       kt_call_fail(call, problem, error);
}

/* An item that holds no credential: one of ours is damaged, another program's is no matter. */
static bool has_our_schema(struct kt_turn *turn, const char *path)
{
	KT_CLEANUP(unref_variant) GVariant *attributes = NULL;
	struct kt_error ignored = { 0 };
	const char *name;

	attributes = read_property(turn, path, ITEM, "Attributes", "a{ss}", &ignored);
	return attributes && g_variant_lookup(attributes, SCHEMA_ATTRIBUTE, "&s", &name) &&
	       strcmp(name, SCHEMA_NAME) == 0;
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
		*is_ours = has_our_schema(turn, path);
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
 * Lists the collection that has to be unlocked before "nothing found" is true; the list may be
 * empty.
 */
static bool list_hidden(struct kt_turn *turn, char ***hidden, struct kt_error *error)
{
	const char *paths[] = { NULL, NULL };
	bool locked = false;

	if (!kt_turn_find_collection(turn, error) ||
	    (turn->collection && !is_locked(turn, turn->collection, &locked, error)))
		return false;
	if (locked)
		paths[0] = turn->collection;
	*hidden = g_strdupv((char **)paths);
	return true;
}

/* Finds what there is of the pattern; *hidden lists what is in the way and locked. */
static bool find_once(struct kt_turn *turn, const struct kt_identity *pattern,
                      struct matches *matches, char ***hidden, struct kt_error *error)
{
	KT_CLEANUP(free_strings) char **unlocked = NULL;

	if (!search_paths(turn, pattern, &unlocked, hidden, error))
		return false;
	if (**hidden)
		return true;
	if (!fetch(turn, unlocked, pattern, matches, error))
		return false;
	if (matches->count > 0)
		return true;
	/* A service that was started locked finds nothing by some searches, and reports no error. */
	free_strings(hidden);
	return list_hidden(turn, hidden, error);
}

static bool find(struct kt_turn *turn, const struct kt_identity *pattern,
                 struct matches *matches, struct kt_error *error)
{
	KT_CLEANUP(free_strings) char **hidden = NULL;
	KT_CLEANUP(free_strings) char **still_hidden = NULL;

	if (!check_identity(pattern, error) ||
	    !find_once(turn, pattern, matches, &hidden, error))
		return false;
	if (!*hidden)
		return true;
	clear_matches(matches);
	return unlock_paths(turn, (const char *const *)hidden, error) &&
	       find_once(turn, pattern, matches, &still_hidden, error) &&
	       (!*still_hidden || kt_turn_fail_locked(turn, error));
}

static bool delete_item(struct kt_turn *turn, const char *path, struct kt_error *error)
{
	KT_CLEANUP(unref_variant) GVariant *reply = NULL;
	const char *prompt;

	reply = kt_call_send(&turn->call, path, ITEM ".Delete", NULL, "(o)", error);
	if (!reply)
		return false;
	g_variant_get(reply, "(&o)", &prompt);
	return kt_turn_settle(turn, prompt, error);
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
	                         "application/json");
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
	reply = kt_call_send(&turn->call, collection, COLLECTION ".CreateItem",
	                     g_variant_new("(a{sv}@(oayays)b)", &properties, secret, TRUE), "(oo)",
	                     error);
	if (!reply)
		return false;
	g_variant_get_child(reply, 1, "&o", &prompt);
	return kt_turn_settle(turn, prompt, error);
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

static bool search(void *state, const struct kt_identity *pattern, struct kt_credentials *found,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);
	KT_CLEANUP(clear_matches) struct matches matches = { 0 };

	if (!turn || !find(turn, pattern, &matches, error))
		return false;
	if (matches.count == 1 && !matches.items[0].is_corrupt &&
	    !kt_turn_note_home(turn, &matches.items[0].credential.identity, matches.items[0].path,
	                       error))
		return false;
	for (size_t i = 0; i < matches.count; i++) {
		if (matches.items[i].is_corrupt)
			found->corrupt++;
		else if (!kt_credentials_add(found, &matches.items[i].credential, error))
			return false;
	}
	return true;
}

static bool store(void *state, const struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);
	KT_CLEANUP(kt_text_free) char *collection = NULL;
	struct kt_error refusal = { 0 };
	const char *home;

	if (!turn || !check_identity(&credential->identity, error))
		return false;
	home = kt_turn_home_of(turn, &credential->identity);
	if (!home)
		return open_collection(turn, &collection, error) &&
		       create_item(turn, collection, credential, error);
	if (!kt_text_set(&collection, home, error))
		return false;
	/* It was open when the item was found: it is looked at only if the store is refused. */
	if (create_item(turn, collection, credential, &refusal))
		return true;
	if (turn->call.is_late || refusal.code == KT_ERROR_DISMISSED) {
		*error = refusal;
		return false;
	}
	return unlock_collection(turn, collection, error) &&
	       create_item(turn, collection, credential, error);
}

static bool erase(void *state, const struct kt_identity *identity, struct kt_error *error)
{
	char none[] = "";
	const struct kt_identity whole = {
		.protocol = identity->protocol ? identity->protocol : none,
		.host = identity->host ? identity->host : none,
		.path = identity->path ? identity->path : none,
		.username = identity->username ? identity->username : none,
	};
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);
	KT_CLEANUP(clear_matches) struct matches matches = { 0 };

	if (!turn || !find(turn, &whole, &matches, error))
		return false;
	for (size_t i = 0; i < matches.count; i++)
		if (!delete_item(turn, matches.items[i].path, error))
			return false;
	return true;
}

static bool lock(void *state, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);

	return turn && kt_turn_find_collection(turn, error) &&
	       (!turn->collection || lock_collection(turn, turn->collection, error));
}

static bool unlock(void *state, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);
	KT_CLEANUP(kt_text_free) char *collection = NULL;

	return turn && open_collection(turn, &collection, error);
}

static bool is_open(void *state, bool *open, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = kt_turn_take(state, error);
	bool locked = true;

	if (!turn || !kt_turn_find_collection(turn, error) ||
	    (turn->collection && !is_locked(turn, turn->collection, &locked, error)))
		return false;
	*open = !locked;
	return true;
}

const struct kt_secret_service_module kt_secret_service_module = {
	.version = PACKAGE_VERSION,
	.backend = {
		.name = "secret-service",
		.open = reach,
		.close = release,
		.enter = enter,
		.leave = leave,
		.search = search,
		.store = store,
		.erase = erase,
		.lock = lock,
		.unlock = unlock,
		.is_open = is_open,
	},
};

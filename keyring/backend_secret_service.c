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
#include "keyring/cleanup.h"
#include "keyring/secret_service.h"
#include "keyring/secret_service_cleanup.h"
#include "keyring/secret_service_collections.h"
#include "keyring/secret_service_foreign.h"
#include "keyring/secret_service_home.h"
#include "keyring/secret_service_matches.h"
#include "keyring/secret_service_prompt.h"
#include "keyring/secret_service_provider.h"
#include "keyring/secret_service_turn.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/*
 * As text, KeePassXC would expand "{...}" in it and answer another secret than was stored, and
 * releases of oo7 refuse "application/json".
 */
#define CONTENT_TYPE "application/octet-stream"

static void unref_value(gpointer *value)
{
	g_clear_pointer(value, secret_value_unref);
}

static bool delete_item(struct kt_turn *turn, const char *path, struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *reply = NULL;
	struct kt_error cause = { 0 };
	const char *prompt;

	reply = kt_call_send(&turn->call, path, KT_ITEM ".Delete", NULL, "(o)", &cause);
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
	g_variant_builder_add(&attributes, "{ss}", KT_ITEM_SCHEMA_ATTRIBUTE, KT_ITEM_SCHEMA);
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
	KT_CLEANUP(kt_variant_unref) GVariant *reply = NULL;
	KT_CLEANUP(kt_variant_unref) GVariant *secret = encrypt(turn, credential, error);
	GVariantBuilder properties;
	const char *prompt;

	if (!secret)
		return false;
	g_variant_builder_init(&properties, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&properties, "{sv}", KT_ITEM ".Label", item_label(credential));
	g_variant_builder_add(&properties, "{sv}", KT_ITEM ".Attributes",
	                      item_attributes(&credential->identity));
	reply = kt_call_send(&turn->call, collection, KT_COLLECTION ".CreateItem",
	                     g_variant_new("(a{sv}@(oayays)b)", &properties, secret, TRUE), "(oo)",
	                     error);
	if (!reply)
		return false;
	g_variant_get_child(reply, 1, "&o", &prompt);
	return kt_prompt_complete(turn, prompt, error);
}

/* A service that could not decrypt it may say that it failed, and in what way it likes. */
static bool create_new_item(struct kt_turn *turn, const char *collection,
                            const struct kt_credential *credential, struct kt_error *error)
{
	struct kt_error cause = { 0 };

	if (create_item(turn, collection, credential, &cause))
		return true;
	if (cause.code == KT_ERROR_UNAVAILABLE && !turn->call.is_late && kt_turn_is_connected(turn))
		return kt_turn_renew_session(turn, error) &&
		       create_item(turn, collection, credential, error);
	*error = cause;
	return false;
}

static bool fail_no_item(struct kt_error *error)
{
	return kt_fail(error, KT_ERROR_NOT_FOUND, "the keyring's item was removed just now");
}

static bool set_secret(struct kt_turn *turn, const char *path,
                       const struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *reply = NULL;
	KT_CLEANUP(kt_variant_unref) GVariant *secret = encrypt(turn, credential, error);
	struct kt_error cause = { 0 };

	if (!secret)
		return false;
	reply = kt_call_send(&turn->call, path, KT_ITEM ".SetSecret",
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
	                               g_variant_new("(ssv)", KT_ITEM, "Label", item_label(credential)),
	                               "()", &ignored);

	kt_variant_unref(&reply);
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

	kt_translate_by(options->translate);
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

/* A turn with a service that has its collections: it names a default one, or has loaded them. */
static struct kt_turn *take_turn(struct kt_turn *turn, struct kt_error *error)
{
	struct kt_turn *taken = kt_turn_take(turn, error);
	bool ignored;

	if (!taken && turn->is_unserved)
		kt_home_name_missing(error);
	if (!taken || taken->collection || kt_home_await(taken, &ignored, error))
		return taken;
	kt_turn_end(&taken);
	return NULL;
}

static bool add_match(struct kt_match *match, struct kt_credentials *found, struct kt_error *error)
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
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = take_turn(state, error);
	KT_CLEANUP(kt_matches_clear) struct kt_matches matches = { 0 };

	if (!turn || !kt_matches_find(turn, pattern, &matches, &found->hidden, error))
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
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = take_turn(state, error);

	return turn && kt_collections_unlock(turn, (const char *const *)turn->hidden, error);
}

static bool store(void *state, const struct kt_credential *credential,
                  const struct kt_credential *before, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = take_turn(state, error);
	KT_CLEANUP(kt_text_free) char *collection = NULL;
	const struct kt_provider *provider;

	if (!turn || !kt_matches_check_identity(&credential->identity, error))
		return false;
	if (!before)
		return kt_collections_open_default(turn, &collection, error) &&
		       create_new_item(turn, collection, credential, error);
	provider = kt_provider_of(turn, error);
	return provider && replace_and_unlock(turn, provider, credential, before, error);
}

static bool erase(void *state, const char *place, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = take_turn(state, error);

	return turn && delete_item(turn, place, error);
}

static bool search_foreign(void *state, const struct kt_foreign_pattern *pattern,
                           struct kt_foreign_items *found, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = take_turn(state, error);

	return turn && kt_foreign_find(turn, pattern, found, error);
}

static bool takes_password(void *state, enum kt_password_way *way, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = take_turn(state, error);
	const struct kt_provider *provider = turn ? kt_provider_of(turn, error) : NULL;

	*way = provider ? provider->takes_password : KT_PASSWORD_NONE;
	return provider != NULL;
}

/* Whether the password was right the service says in words of its own: "Locked" tells. */
static bool send_password(struct kt_turn *turn, const char *path, const struct kt_secret *password,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *reply = NULL;
	KT_CLEANUP(unref_value) gpointer value = NULL;
	struct kt_error refusal = { 0 };
	GVariant *secret;

	if (!kt_turn_open_session(turn, error))
		return false;
	value = secret_value_new(kt_secret_reveal(password), (gssize)kt_secret_length(password),
	                         "text/plain");
	secret = secret_service_encode_dbus_secret(turn->service, value);
	if (!secret)
		return kt_fail(error, KT_ERROR_INTERNAL, "the password could not be encrypted");
	reply = kt_call_send(&turn->call, KT_CALL_SERVICE_PATH,
	                     KT_PROVIDER_INTERNAL ".UnlockWithMasterPassword",
	                     g_variant_new("(o@(oayays))", path, secret), "()", &refusal);
	if (reply || (!turn->call.is_late && kt_turn_is_connected(turn)))
		return true;
	*error = refusal;
	return false;
}

static bool unlock_with(void *state, const struct kt_secret *password, bool *opened,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = take_turn(state, error);

	*opened = false;
	if (!turn || !kt_turn_find_default(turn, error) || !kt_home_check(turn, error) ||
	    !kt_collections_list_hidden(turn, &turn->hidden, error))
		return false;
	for (char **path = turn->hidden; *path; path++)
		if (!send_password(turn, *path, password, error))
			return false;
	if (!kt_collections_list_hidden(turn, &turn->hidden, error))
		return false;
	*opened = !*turn->hidden;
	return true;
}

static int settling(void *state)
{
	struct kt_error ignored = { 0 };
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = take_turn(state, &ignored);
	const struct kt_provider *provider = turn ? kt_provider_of(turn, &ignored) : NULL;

	/* Nothing is known of a service that is gone: the item it took may be gone as well. */
	return provider ? provider->settling : KT_SETTLING_MAXIMUM;
}

static bool describe(void *state, char **line, bool *is_odd, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = take_turn(state, error);
	const struct kt_provider *provider = turn ? kt_provider_of(turn, error) : NULL;

	*is_odd = false;
	if (!provider || !kt_turn_find_default(turn, error))
		return false;
	return kt_text_format(line, error, kt_translate("provided by %s, default keyring %s, "
	                                                "opened %s"),
	                      provider->name, turn->collection ? turn->collection : "none",
	                      kt_translate(provider->unlocked));
}

static bool lock(void *state, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = take_turn(state, error);

	return turn && kt_collections_lock(turn, error);
}

/* Opens the collections that may hold logins, then the one that new logins go to. */
static bool unlock(void *state, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = take_turn(state, error);
	KT_CLEANUP(kt_text_free) char *collection = NULL;

	return turn && kt_home_check(turn, error) &&
	       kt_collections_list_hidden(turn, &turn->hidden, error) &&
	       kt_collections_unlock(turn, (const char *const *)turn->hidden, error) &&
	       kt_collections_open_default(turn, &collection, error);
}

static bool is_open(void *state, bool *open, struct kt_error *error)
{
	KT_CLEANUP(kt_turn_end) struct kt_turn *turn = take_turn(state, error);

	if (!turn || !kt_turn_find_default(turn, error) || !kt_home_check(turn, error) ||
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
		.search_foreign = search_foreign,
		.takes_password = takes_password,
		.unlock_with = unlock_with,
		.settling = settling,
		.describe = describe,
		.lock = lock,
		.unlock = unlock,
		.is_open = is_open,
	},
};

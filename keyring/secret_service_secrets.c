/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/cleanup.h"
#include "keyring/secret_service_cleanup.h"
#include "keyring/secret_service_collections.h"
#include "keyring/secret_service_secrets.h"

static bool fetch_once(struct kt_turn *turn, char **paths, GHashTable **values,
                       struct kt_error *error)
{
	struct kt_call *call = &turn->call;
	GError *problem = NULL;

	kt_table_unref(values);
	kt_call_start(call, "GetSecrets");
	secret_service_get_secrets_for_dbus_paths(turn->service, (const char **)paths,
	                                          call->cancellable, kt_call_done, call);
	kt_call_wait(call);
	*values = secret_service_get_secrets_for_dbus_paths_finish(turn->service, call->result,
	                                                           &problem);
	return *values || kt_call_fail(call, problem, error);
}

/* The item was removed, or locked, since it was found. */
static bool is_gone(struct kt_turn *turn, const char *path)
{
	KT_CLEANUP(kt_variant_unref) GVariant *locked = NULL;
	struct kt_error ignored = { 0 };

	locked = kt_collection_read(turn, path, KT_ITEM, "Locked", "b", &ignored);
	return locked ? g_variant_get_boolean(locked) : turn->call.is_no_object;
}

static bool are_read(struct kt_turn *turn, char **paths, GHashTable *values)
{
	for (; *paths; paths++)
		if (!g_hash_table_lookup(values, *paths) && !is_gone(turn, *paths))
			return false;
	return true;
}

static bool fail_undecrypted(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_UNAVAILABLE, "the keyring service's answer cannot be decrypted");
	return kt_advise(error, "run the command again");
}

bool kt_secrets_fetch(struct kt_turn *turn, char **paths, GHashTable **values,
                      struct kt_error *error)
{
	if (!kt_turn_open_session(turn, error))
		return false;
	for (int tries = 1;; tries++) {
		if (!fetch_once(turn, paths, values, error))
			return false;
		if (are_read(turn, paths, *values))
			return true;
		if (tries == KT_TURN_SESSIONS)
			return fail_undecrypted(error);
		if (!kt_turn_renew_session(turn, error))
			return false;
	}
}

static bool is_equal(SecretValue *value, SecretValue *other)
{
	gsize length;
	gsize other_length;
	const char *bytes;
	const char *other_bytes;

	if (!value || !other)
		return value == other;
	bytes = secret_value_get(value, &length);
	other_bytes = secret_value_get(other, &other_length);
	return length == other_length && (length == 0 || memcmp(bytes, other_bytes, length) == 0);
}

static bool are_equal(char **paths, GHashTable *values, GHashTable *others)
{
	for (; *paths; paths++)
		if (!is_equal(g_hash_table_lookup(values, *paths),
		              g_hash_table_lookup(others, *paths)))
			return false;
	return true;
}

bool kt_secrets_fetch_agreed(struct kt_turn *turn, char **paths, GHashTable **values,
                             struct kt_error *error)
{
	KT_CLEANUP(kt_table_unref) GHashTable *before = NULL;

	if (!kt_turn_open_session(turn, error))
		return false;
	for (int tries = 1;; tries++) {
		bool is_last = tries == KT_TURN_SESSIONS;

		if (!fetch_once(turn, paths, values, error))
			return false;
		if (before && are_equal(paths, before, *values) &&
		    (is_last || are_read(turn, paths, *values)))
			return true;
		if (is_last)
			return fail_undecrypted(error);
		kt_table_unref(&before);
		before = g_steal_pointer(values);
		if (!kt_turn_renew_session(turn, error))
			return false;
	}
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/cache_key.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/command/service_lookup.h"
#include "helper/keeper/login/parked.h"
#include "helper/keeper/token/token.h"
#include "helper/url.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"

/*
 * A token is handed out only for a service to which it may travel, a password only for the one
 * it was stored for.
 */
static bool check_safe(const struct kt_request *request, const struct kt_credential *credential,
                       struct kt_error *error)
{
	if (credential->kind == KT_KIND_PASSWORD ||
	    kt_url_is_safe_for_tokens(&request->pattern))
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "a token is never given to a service without TLS");
	return kt_advise(error, "use the https:// address of the service");
}

/* One lookup. of_host: a tool's, whose path may not matter. */
struct lookup {
	const struct kt_request *request;
	struct kt_bindings bindings;
	struct kt_lookup memory;
	bool of_host;
};

static void clear_lookup(struct lookup *lookup)
{
	kt_bindings_clear(&lookup->bindings);
}

/* The key under which the answer to each path of the host lies. */
static void widen(struct kt_cache_key *key)
{
	key->form = KT_CACHE_HOST;
	key->path = NULL;
}

/* *answered: answer is what the cache has. *none: it knows that there is none. */
static void ask_cache(const struct lookup *lookup, struct kt_answer *answer, bool *answered,
                      bool *none)
{
	struct kt_lookup wide = lookup->memory;

	*answered = false;
	*none = false;
	if (lookup->of_host) {
		widen(&wide.key);
		kt_answers_find(&wide, answer, answered, none);
	}
	if (!*answered && !*none)
		kt_answers_find(&lookup->memory, answer, answered, none);
}

static bool is_bound_by_url(const struct lookup *lookup)
{
	const struct kt_identity *wanted = &lookup->request->pattern;

	for (size_t i = 0; i < lookup->bindings.count; i++) {
		const struct kt_binding *binding = &lookup->bindings.items[i];

		if (binding->kind == KT_BINDING_PREFIX &&
		    kt_text_is_equal(binding->identity.protocol, wanted->protocol) &&
		    kt_text_is_equal(binding->identity.host, wanted->host))
			return true;
	}
	return false;
}

/* Nothing of this host is kept for one path, or bound to one: each path has the same answer. */
static bool ignores_path(struct kt_keeper *keeper, const struct lookup *lookup)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	const struct kt_identity host = {
		.protocol = lookup->request->pattern.protocol,
		.host = lookup->request->pattern.host,
	};
	struct kt_error ignored = { 0 };

	if (!lookup->of_host || is_bound_by_url(lookup) ||
	    !kt_keyring_search(&keeper->keyring, &host, &list, &ignored) || list.corrupt > 0)
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (!kt_text_is_equal(list.items[i].identity.path, ""))
			return false;
	return true;
}

/*
 * Finds the account that answers, in one turn with the keyring. After a wait for the turn the
 * cache is asked again: *answered tells whether another caller has put the answer there.
 */
static bool find_account(struct kt_keeper *keeper, struct lookup *lookup,
                         struct kt_credential *credential, struct kt_answer *answer,
                         bool *answered, bool *found, struct kt_error *error)
{
	KT_CLEANUP(kt_keeper_leave) struct kt_keyring *keyring = NULL;
	enum kt_account_by by;
	bool waited;
	bool none = false;

	*answered = false;
	*found = false;
	keyring = kt_keeper_enter(keeper, &waited, error);
	if (!keyring)
		return false;
	if (waited)
		ask_cache(lookup, answer, answered, &none);
	if (*answered || none)
		return true;
	if (!kt_account_find_for_request(keeper, lookup->request, &lookup->bindings, credential,
	                                 found, &by, error))
		return false;
	if (ignores_path(keeper, lookup))
		widen(&lookup->memory.key);
	return true;
}

static bool has_token(const struct kt_credentials *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].kind != KT_KIND_PASSWORD)
			return true;
	return false;
}

/*
 * Nothing is stored for plain http to localhost, and a login there is one of 127.0.0.1: silence
 * would not tell why. A caller may look the name up, so that no token is handed out for it.
 */
static bool check_localhost(struct kt_keeper *keeper, const struct kt_request *request,
                            struct kt_error *error)
{
	static const char name[] = "localhost";
	KT_CLEANUP(kt_text_free) char *host = NULL;
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	struct kt_identity service = { .protocol = request->pattern.protocol };
	struct kt_error ignored = { 0 };
	const char *port;

	if (!kt_text_is_equal(service.protocol, "http") ||
	    !kt_text_has_prefix(kt_text_or_empty(request->pattern.host), name))
		return true;
	port = request->pattern.host + strlen(name);
	if (*port != '\0' && *port != ':')
		return true;
	if (!kt_text_format(&host, error, "127.0.0.1%s", port))
		return false;
	service.host = host;
	if (!kt_keyring_search(&keeper->keyring, &service, &list, &ignored) || !has_token(&list))
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "a login of http://%s is handed out for that address alone, "
	        "not for the name localhost", host);
	return kt_advise(error, "use http://%s in its place", host);
}

bool kt_service_lookup(struct kt_keeper *keeper, const struct kt_request *request,
                       bool of_tool, struct kt_credential *credential, struct kt_answer *answer,
                       enum kt_service_found *result, struct kt_error *error)
{
	const char *variable = kt_environment_get("KEYTURN_ACCOUNT");
	struct kt_cache_key key;
	KT_CLEANUP(clear_lookup) struct lookup lookup = {
		.request = request,
		.of_host = of_tool && kt_cache_key_of_host(request, variable, &key),
	};
	struct kt_lookup *memory = &lookup.memory;
	const struct kt_requirement requirement = {
		.session_name = request->session_name,
		.lookup = memory,
	};
	bool answered = false;
	bool none = false;
	bool found = false;

	*result = KT_SERVICE_NONE;
	key = kt_cache_key_of_get(request, variable);
	kt_answers_begin(memory, kt_keeper_cache(keeper), &key);
	kt_keeper_expect(keeper, memory->stamp, memory->is_due);
	if (!kt_bindings_read(&lookup.bindings, error))
		return false;
	if (!request->pattern.username && !kt_bindings_prefix(&lookup.bindings, &request->pattern))
		kt_answers_bind(memory, &lookup.bindings.routes, lookup.bindings.place.text);
	if (of_tool)
		ask_cache(&lookup, answer, &answered, &none);
	if (none)
		return true;
	if (!answered)
		kt_parked_save(keeper);
	if (!answered &&
	    !find_account(keeper, &lookup, credential, answer, &answered, &found, error))
		return false;
	if (!answered && !found) {
		if (!check_localhost(keeper, request, error))
			return false;
		kt_answers_put_none(memory);
		return true;
	}
	*result = KT_SERVICE_ANSWER;
	if (answered)
		return true;
	if (!check_safe(request, credential, error) ||
	    !kt_token_get(keeper, credential, &requirement, answer, &found, error))
		return false;
	if (found)
		kt_answers_put(memory, credential, answer);
	else
		*result = KT_SERVICE_EXPIRED;
	return true;
}

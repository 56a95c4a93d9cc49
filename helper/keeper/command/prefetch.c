/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/cache_key.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/command/prefetch.h"
#include "helper/keeper/token/token.h"
#include "helper/url.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"

/* The kernel keeps 200 keys of a user, of which the cache takes a half. */
#define ACCOUNTS_MAXIMUM 64

/* A failure to remember one answer is no failure of the others. */
static void put(const struct kt_lookup *beginning, const struct kt_cache_key *key,
                struct kt_keeper *keeper, struct kt_credential *credential)
{
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	const struct kt_requirement requirement = { .before_last_fifth = true };
	struct kt_lookup lookup = *beginning;
	struct kt_error ignored = { 0 };
	bool found = false;

	lookup.key = *key;
	if (kt_kind_is_grant(credential->kind) && !kt_requirement_is_met(&requirement, credential))
		return;
	if (kt_token_get(keeper, credential, &requirement, &answer, &found, &ignored) && found)
		kt_answers_put(&lookup, credential, &answer);
}

static bool may_travel(const struct kt_credential *credential)
{
	return credential->kind == KT_KIND_PASSWORD ||
	       kt_url_is_safe_for_tokens(&credential->identity);
}

static bool is_same_host(const struct kt_identity *one, const struct kt_identity *other)
{
	return kt_text_is_equal(one->protocol, other->protocol) &&
	       kt_text_is_equal(one->host, other->host);
}

/* The only one of its user name, at its host or, for a token, anywhere. */
static bool is_unique(const struct kt_credentials *list, size_t index, bool at_its_host)
{
	const struct kt_credential *one = &list->items[index];

	for (size_t i = 0; i < list->count; i++) {
		const struct kt_credential *other = &list->items[i];

		if (i != index &&
		    kt_text_is_equal(one->identity.username, other->identity.username) &&
		    (at_its_host ? is_same_host(&one->identity, &other->identity)
		                 : other->kind != KT_KIND_PASSWORD))
			return false;
	}
	return true;
}

static bool is_first_at_host(const struct kt_credentials *list, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (is_same_host(&list->items[i].identity, &list->items[index].identity))
			return false;
	return true;
}

/* git's question with a user name. */
static void put_user(const struct kt_lookup *beginning, struct kt_keeper *keeper,
                     struct kt_credentials *list, size_t index)
{
	struct kt_credential *credential = &list->items[index];
	const struct kt_request request = {
		.pattern = {
			.protocol = credential->identity.protocol,
			.host = credential->identity.host,
			.username = credential->identity.username,
		},
	};
	const struct kt_cache_key key = kt_cache_key_of_get(&request, NULL);

	if (may_travel(credential) && is_unique(list, index, true))
		put(beginning, &key, keeper, credential);
}

/* A whole name goes before the parts of another. */
static bool is_name(const struct kt_credentials *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (kt_text_is_equal(list->items[i].identity.username, name))
			return true;
	return false;
}

/* token and header with ACCOUNT: the name alone where it is enough. */
static void put_account(const struct kt_lookup *beginning, struct kt_keeper *keeper,
                        struct kt_credentials *list, size_t index)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_credential *credential = &list->items[index];
	bool is_enough = is_unique(list, index, false);
	struct kt_error ignored = { 0 };
	struct kt_cache_key key;

	if (credential->kind == KT_KIND_PASSWORD ||
	    (!is_enough && (!kt_service_full_name(&credential->identity, &name, &ignored) ||
	                    is_name(list, name))))
		return;
	key = kt_cache_key_of_token(is_enough ? credential->identity.username : name, NULL);
	put(beginning, &key, keeper, credential);
}

/* git's question with a host alone: the account that the commands would choose. */
static void put_host(const struct kt_lookup *beginning, struct kt_keeper *keeper,
                     const struct kt_bindings *bindings, const struct kt_identity *identity)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	const struct kt_request request = {
		.pattern = { .protocol = identity->protocol, .host = identity->host },
	};
	const struct kt_cache_key key = kt_cache_key_of_get(&request, NULL);
	struct kt_error ignored = { 0 };
	enum kt_account_by by;
	bool found = false;

	if (kt_account_find_for_request(keeper, &request, bindings, &credential, &found, &by,
	                                &ignored) && found && may_travel(&credential))
		put(beginning, &key, keeper, &credential);
}

/* token without ACCOUNT. */
static void put_default(const struct kt_lookup *beginning, struct kt_keeper *keeper)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	const struct kt_cache_key key = kt_cache_key_of_token(NULL, NULL);
	struct kt_error ignored = { 0 };

	if (kt_account_find(keeper, NULL, KT_ACCOUNT_TOKEN, &credential, &ignored))
		put(beginning, &key, keeper, &credential);
}

/* The most useful ones last: where there is no room for all, the earliest make room. */
bool kt_prefetch(struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	KT_CLEANUP(kt_bindings_clear) struct kt_bindings bindings = { 0 };
	const struct kt_cache_key key = kt_cache_key_of_token(NULL, NULL);
	const struct kt_identity anything = { 0 };
	struct kt_lookup beginning = { 0 };
	struct kt_keyring *keyring;
	size_t count;

	kt_answers_begin(&beginning, kt_keeper_cache(keeper), &key);
	keyring = kt_keeper_keyring(keeper, error);
	if (!keyring || !kt_keyring_search(keyring, &anything, &list, error))
		return false;
	count = list.count < ACCOUNTS_MAXIMUM ? list.count : ACCOUNTS_MAXIMUM;
	for (size_t i = 0; i < count; i++)
		put_user(&beginning, keeper, &list, i);
	for (size_t i = 0; i < count; i++)
		put_account(&beginning, keeper, &list, i);
	/* KEYTURN_ACCOUNT would choose, and is a part of those keys. */
	if (kt_environment_get("KEYTURN_ACCOUNT"))
		return true;
	/* Where directories are bound, these answers depend on the caller's. */
	if (!kt_bindings_read(&bindings, error))
		return false;
	if (!kt_secret_is_empty(&bindings.routes))
		return true;
	for (size_t i = 0; i < count; i++)
		if (is_first_at_host(&list, i))
			put_host(&beginning, keeper, &bindings, &list.items[i].identity);
	put_default(&beginning, keeper);
	return true;
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/background_renewal.h"
#include "helper/keeper/account/answer.h"
#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/lock.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/cache/stamp.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/lock.h"
#include "keyring/text.h"
#include "keyring/translate.h"

static uint64_t key_number(const struct kt_cache_key *key)
{
	const char *name = key->username ? key->username : key->account;
	const struct kt_identity words = {
		.protocol = (char *)key->protocol,
		.host = (char *)key->host,
		.path = (char *)key->path,
		.username = (char *)name,
	};

	return kt_account_number(&words);
}

void kt_answers_begin(struct kt_lookup *lookup, const struct kt_cache *cache,
                      const struct kt_cache_key *key)
{
	lookup->cache = cache;
	lookup->key = *key;
	if (lookup->cache->seconds == 0)
		return;
	lookup->question = key_number(key);
	lookup->stamp = kt_stamp_claim_end(lookup->question, &lookup->is_due);
	if (lookup->stamp == 0) {
		kt_stamp_advance(0, 0);
		lookup->stamp = kt_stamp_read();
	}
}

void kt_answers_bind(struct kt_lookup *lookup, const struct kt_secret *routes, const char *place)
{
	if (kt_secret_is_empty(routes))
		return;
	lookup->routes = routes;
	lookup->key.binding = place;
}

void kt_answers_find(const struct kt_lookup *lookup, struct kt_answer *answer,
                     bool *found, bool *none)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = { 0 };
	struct kt_error ignored = { 0 };

	*found = false;
	*none = false;
	if (!kt_cache_find(lookup->cache, &lookup->key, &entry))
		return;
	*none = kt_secret_is_empty(&entry.answer);
	*found = !*none && kt_answer_unpack(answer, kt_secret_reveal(&entry.answer),
	                                    kt_secret_length(&entry.answer), &ignored);
	if (*found && entry.renew && kt_clock_wall_milliseconds() >= entry.renew)
		kt_background_renewal_start_once(lookup->cache, answer->service, answer->account);
}

/* Where the answer lies. They are good as long as an answer that has no end. */
static void put_routes(const struct kt_lookup *lookup)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = {
		.until = kt_clock_wall_milliseconds() + lookup->cache->seconds * 1000,
	};
	struct kt_cache_key key = lookup->key;
	struct kt_error ignored = { 0 };

	key.binding = NULL;
	if (kt_secret_set(&entry.answer, kt_secret_reveal(lookup->routes),
	                  kt_secret_length(lookup->routes), &ignored))
		kt_cache_put(lookup->cache, &key, &entry);
}

static bool put(const struct kt_lookup *lookup, const struct kt_cache_entry *entry)
{
	if (!kt_cache_put(lookup->cache, &lookup->key, entry))
		return false;
	if (lookup->routes)
		put_routes(lookup);
	return true;
}

/*
 * Inserts under the account's lock, which is taken shared and without a wait. A caller that
 * changes the account holds it, and makes the cache forget afterwards.
 */
static void insert(const struct kt_lookup *lookup, const struct kt_credential *credential,
                   const struct kt_cache_entry *entry)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;
	const struct kt_stamp_end end = { lookup->question, entry->until / 1000 };
	uint64_t account = kt_account_number(&credential->identity);
	struct kt_error ignored = { 0 };

	if (kt_account_lock_name(account, &name, &ignored) &&
	    kt_lock_take(&lock, name, KT_LOCK_SHARED, 0, KT_TEXT("the account"), NULL, &ignored) &&
	    !lock.was_left &&
	    kt_stamp_is_still(lookup->stamp, account, entry->generation,
	                      kt_kind_is_grant(credential->kind) ? &end : NULL))
		put(lookup, entry);
}

/*
 * True if a renewal may run behind its caller's back: one that spends a refresh token must not be
 * ended by the end of its caller's container half-way.
 */
static bool may_outlive_caller(const struct kt_credential *credential)
{
	return kt_kind_is_app(credential->kind) || kt_environment_has_service_manager() ||
	       !kt_environment_is_container();
}

/* A token is handed out to the moment of its renewal; where there is none to come, to its end. */
static void set_times(struct kt_cache_entry *entry, const struct kt_credential *credential)
{
	int64_t left = kt_lifetime_until_renewal_milliseconds(credential);
	int64_t end = kt_clock_wall_milliseconds() + left;
	int64_t margin;

	if (!kt_facts_is_renewable(credential)) {
		if (!credential->end_unknown)
			entry->until = end - 1000;
		return;
	}
	margin = kt_lifetime_margin(credential) * 1000;
	entry->until = end - margin;
	if (!kt_facts_old_token_lives(credential))
		/* From then on a hand-out is put on record (docs/safety.md, R9). */
		entry->until -= margin;
	else if (may_outlive_caller(credential))
		entry->renew = end - credential->lifetime * 200;
}

static bool make_entry(const struct kt_cache *cache, const struct kt_credential *credential,
                       const struct kt_answer *answer, struct kt_cache_entry *entry)
{
	struct kt_error ignored = { 0 };

	if (!kt_answer_pack(answer, &entry->answer, &ignored))
		return false;
	entry->generation = credential->generation;
	entry->until = kt_clock_wall_milliseconds() + cache->seconds * 1000;
	if (kt_kind_is_grant(credential->kind)) {
		set_times(entry, credential);
	} else if (answer->expires && answer->expires < entry->until / 1000) {
		entry->until = answer->expires > 0 ? answer->expires * 1000 : 0;
	}
	return true;
}

void kt_answers_put(const struct kt_lookup *lookup,
                    const struct kt_credential *credential, const struct kt_answer *answer)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = { 0 };

	if (lookup->cache->seconds == 0 || lookup->is_answered ||
	    !make_entry(lookup->cache, credential, answer, &entry))
		return;
	/* Renewals are of the account's own token; a session's is signed anew when it ends. */
	if (lookup->key.variant)
		entry.renew = 0;
	insert(lookup, credential, &entry);
	if (entry.renew && kt_clock_wall_milliseconds() >= entry.renew)
		kt_background_renewal_start_once(lookup->cache, answer->service, answer->account);
}

void kt_answers_put_none(const struct kt_lookup *lookup)
{
	const struct kt_cache_entry entry = {
		.until = kt_clock_wall_milliseconds() + KT_CACHE_NONE_SECONDS * 1000,
	};

	if (lookup->cache->seconds != 0 && kt_stamp_is_still(lookup->stamp, 0, 0, NULL))
		put(lookup, &entry);
}

/* A packed answer of the same account. */
static bool is_of_account(void *context, const char *packed, size_t length)
{
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	const struct kt_answer *renewed = context;
	struct kt_error ignored = { 0 };

	return kt_answer_unpack(&answer, packed, length, &ignored) &&
	       kt_text_is_equal(answer.account, renewed->account) &&
	       kt_text_is_equal(answer.service, renewed->service);
}

/* Answers the lookup by what its own renewal got, if nothing else has changed since it began. */
static void answer_lookup(struct kt_lookup *lookup, uint64_t account, struct kt_answer *answer,
                          const struct kt_cache_entry *entry)
{
	const struct kt_stamp_end end = { lookup->question, entry->until / 1000 };
	const struct kt_answer before = *lookup->answer;

	if (!kt_stamp_is_still(lookup->stamp, account, entry->generation, &end) ||
	    !put(lookup, entry))
		return;
	*lookup->answer = *answer;
	*answer = before;
	lookup->is_answered = true;
}

void kt_answers_replace(const struct kt_cache *cache, struct kt_lookup *lookup, uint64_t account,
                        const struct kt_credential *credential)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = { 0 };
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	struct kt_error ignored = { 0 };

	kt_stamp_advance(account, credential->generation);
	if (!kt_answer_from_credential(credential, &answer, &ignored) ||
	    !make_entry(cache, credential, &answer, &entry)) {
		kt_cache_forget(&credential->identity, NULL);
		return;
	}
	kt_cache_renew(cache, &credential->identity, &entry, is_of_account, &answer);
	/* A session's token is not the one that is renewed ahead: kt_answers_put() knows it. */
	if (lookup && cache->seconds != 0 && !lookup->key.variant)
		answer_lookup(lookup, account, &answer, &entry);
}

void kt_answers_forget(const struct kt_identity *identity)
{
	kt_answers_forget_variant(identity, NULL);
}

void kt_answers_forget_variant(const struct kt_identity *identity, const char *variant)
{
	kt_stamp_advance(0, 0);
	kt_cache_forget(identity, variant);
}

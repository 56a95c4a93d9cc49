/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/cache/change.h"
#include "helper/keeper/courier.h"
#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/grant.h"
#include "helper/keeper/oauth/token_error.h"
#include "helper/keeper/oauth/token_response.h"
#include "helper/keeper/token/journal.h"
#include "helper/keeper/token/promise.h"
#include "helper/keeper/token/refused.h"
#include "helper/keeper/token/service_app.h"
#include "helper/keeper/token/subject.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/json.h"
#include "keyring/kernel_cache.h"
#include "keyring/text.h"

#define SCOPE_MAXIMUM ((size_t)64 * 1024)
#define LONGEST_DURATION 86399
#define DEFAULT_DURATION 900
/* A difference of the clocks that a person should know of. */
#define CLOCK_TOLERANCE 30
/* Without a difference that shows, the next assertion is this much older (docs/safety.md, J3). */
#define SET_BACK 30
#define CLOCK_LONGEST INT64_C(86400)
#define SHORTEST_MILLISECONDS 1500

/* One run: the token's place in the cache. */
struct session {
	const struct kt_cache *cache;
	struct kt_cache_key key;
	char *variant;
	bool is_own; /* the account's own token, which its item may hold */
};

static void clear_session(struct session *session)
{
	kt_text_free(&session->variant);
}

bool kt_service_app_read_duration(const char *text, int64_t *duration, struct kt_error *error)
{
	return kt_text_to_number(text, strlen(text), 1, LONGEST_DURATION, duration) ||
	       kt_fail(error, KT_ERROR_USAGE, "--duration is 1 to 86399 seconds");
}

bool kt_service_app_read_scope(char **scope, const char *path, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret compact = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	struct kt_error broken = { 0 };
	bool found;

	if (!kt_file_read_given(path, SCOPE_MAXIMUM, &text, &found, error))
		return false;
	if (!found)
		return kt_fail(error, KT_ERROR_USAGE, "the file of --scope-file does not exist: %.*s",
		               kt_characters_fit(path, 200), path) ||
		       kt_advise(error, "give the path of a file of JSON");
	if (!kt_json_parse(&json, kt_secret_reveal(&text), kt_secret_length(&text), &broken)) {
		kt_fail(error, KT_ERROR_USAGE, "the scope is not one JSON object");
		return kt_advise(error, "for example: {\"account_permission\":{\"permission_list\":"
		                 "[\"Connector.botChat\"]}}");
	}
	return kt_json_print(json, &compact, error) &&
	       kt_text_set(scope, kt_secret_reveal(&compact), error);
}

bool kt_service_app_choose(struct kt_credential *credential,
                           const struct kt_requirement *requirement, struct kt_error *error)
{
	bool is_other = false;

	if (requirement->session_name &&
	    !kt_text_is_equal(credential->session_name, requirement->session_name)) {
		is_other = true;
		if (!kt_text_set(&credential->session_name, requirement->session_name, error))
			return false;
	}
	if (requirement->scope && !kt_text_is_equal(credential->scope, requirement->scope)) {
		is_other = true;
		if (!kt_text_set(&credential->scope, requirement->scope, error))
			return false;
	}
	if (requirement->duration && credential->duration != requirement->duration) {
		is_other = true;
		credential->duration = requirement->duration;
	}
	if (is_other)
		kt_lifetime_end(credential);
	return true;
}

static bool add_part(EVP_MD_CTX *context, const char *part)
{
	const char *text = kt_text_or_empty(part);

	return EVP_DigestUpdate(context, text, strlen(text) + 1) == 1;
}

/* A name for the session that tells nothing about it. A new login gives another name. */
static bool name_variant(const struct kt_credential *credential, char **variant,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_text_free) char *duration = NULL;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int length = 0;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done;

	if (!context)
		return kt_fail_memory(error);
	done = kt_text_format(&duration, error, "%lld", (long long)credential->duration) &&
	       EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
	       add_part(context, credential->grant) &&
	       add_part(context, credential->session_name) &&
	       add_part(context, credential->scope) && add_part(context, duration) &&
	       EVP_DigestFinal_ex(context, digest, &length) == 1;
	EVP_MD_CTX_free(context);
	if (!done)
		return kt_fail_memory(error);
	return kt_text_append_base64url(&text, digest, length, error) &&
	       kt_text_set(variant, kt_secret_reveal(&text), error);
}

static bool name_session(struct session *session, const struct kt_credential *credential,
                         const struct kt_requirement *requirement, struct kt_error *error)
{
	if (!name_variant(credential, &session->variant, error))
		return false;
	session->is_own =
		!requirement->session_name && !requirement->scope && !requirement->duration;
	session->key = (struct kt_cache_key){
		.form = KT_CACHE_ACCOUNT,
		.protocol = credential->identity.protocol,
		.host = credential->identity.host,
		.path = credential->identity.path,
		.username = credential->identity.username,
		.variant = session->variant,
	};
	return true;
}

/* The token in the cache, where there is one, becomes the credential's. */
static void recall(const struct session *session, struct kt_credential *credential)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential kept = { 0 };
	struct kt_error ignored = { 0 };

	if (session->cache->seconds == 0 ||
	    !kt_cache_find(session->cache, &session->key, &entry) ||
	    !kt_credential_read(&kept, kt_secret_reveal(&entry.answer),
	                        kt_secret_length(&entry.answer), &ignored))
		return;
	kt_secret_move(&credential->token, &kept.token);
	credential->issued = kept.issued;
	credential->issued_boot_milliseconds = kept.issued_boot_milliseconds;
	credential->lifetime = kept.lifetime;
	credential->end_unknown = kept.end_unknown;
	kt_text_free(&credential->boot_id);
	credential->boot_id = kept.boot_id;
	kept.boot_id = NULL;
}

/* Keeps the token and its times; false where the kernel does not take them. */
static bool remember(const struct session *session, const struct kt_credential *credential)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential kept = { .kind = credential->kind };
	struct kt_error ignored = { 0 };

	if (session->cache->seconds == 0 ||
	    !kt_identity_copy(&kept.identity, &credential->identity, &ignored) ||
	    !kt_secret_copy(&kept.token, &credential->token, &ignored) ||
	    !kt_text_set(&kept.boot_id, credential->boot_id, &ignored))
		return false;
	kept.issued = credential->issued;
	kept.issued_boot_milliseconds = credential->issued_boot_milliseconds;
	kept.lifetime = credential->lifetime;
	kept.end_unknown = credential->end_unknown;
	entry.until = kt_clock_wall_milliseconds() +
	              kt_lifetime_until_renewal_milliseconds(credential);
	return kt_credential_write(&kept, &entry.answer, &ignored) &&
	       kt_cache_put(session->cache, &session->key, &entry);
}

static int64_t clock_difference(const struct kt_token_response *response)
{
	int64_t difference = response->now - kt_clock_wall();

	if (difference > CLOCK_LONGEST)
		return CLOCK_LONGEST;
	return difference < -CLOCK_LONGEST ? -CLOCK_LONGEST : difference;
}

/* The token request; now is the server's time. */
static bool make_request(const struct kt_credential *credential, const struct kt_secret *subject,
                         int64_t now, int64_t timeout, struct kt_errand *errand,
                         struct kt_error *error)
{
	if (credential->kind == KT_KIND_CLIENT_CREDENTIALS)
		return kt_grant_client_credentials(credential, timeout, errand, error);
	if (credential->kind == KT_KIND_TOKEN_EXCHANGE)
		return kt_grant_token_exchange(credential, subject, timeout, errand, error);
	return kt_grant_jwt_bearer(credential, now, timeout, errand, error);
}

static bool ask(struct kt_keeper *keeper, struct kt_credential *credential,
                const struct kt_secret *subject, int64_t now, int64_t deadline,
                struct kt_errand *answer, struct kt_token_response *response,
                struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };

	if (!make_request(credential, subject, now, deadline - kt_clock_monotonic(), &errand,
	                  error) ||
	    !kt_courier_ask_early(&keeper->courier, &errand, answer, error))
		return false;
	kt_token_response_read(response, answer, kt_dialect_of(credential));
	kt_report_trace("token for %s: HTTP %lld, verdict %d", credential->identity.username,
	                (long long)response->status, (int)response->verdict);
	return true;
}

static bool accept(struct kt_credential *credential, const struct kt_errand *answer,
                   const struct kt_token_response *response, struct kt_error *error)
{
	KT_CLEANUP(kt_tokens_clear) struct kt_tokens tokens = { 0 };

	if (!kt_tokens_read(&tokens, response, answer, error))
		return false;
	/* The life that was asked for, where none is told. */
	if (!tokens.has_end && credential->kind == KT_KIND_JWT) {
		tokens.lifetime = credential->duration ? credential->duration : DEFAULT_DURATION;
		tokens.has_end = true;
	}
	return kt_tokens_give(&tokens, credential, error);
}

static void tell_clock(int64_t difference)
{
	if (difference > CLOCK_TOLERANCE)
		kt_report_note("this machine's clock is %lld s behind the service's: signed again with "
		               "the service's time", (long long)difference);
	else if (difference < -CLOCK_TOLERANCE)
		kt_report_note("this machine's clock is %lld s ahead of the service's: signed again with "
		               "the service's time", (long long)-difference);
}

/*
 * The refusal may be about the times of the assertion; a key that is not known is no matter of
 * time.
 */
static bool may_be_the_clock(const struct kt_credential *credential,
                             const struct kt_token_response *response)
{
	return credential->kind == KT_KIND_JWT && response->status >= 400 &&
	       response->status < 500 && response->status != 429 &&
	       response->name && !strstr(kt_text_or_empty(response->text), "kid");
}

bool kt_service_app_ask(struct kt_keeper *keeper, struct kt_credential *credential,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret subject = { 0 };
	int64_t deadline = kt_clock_monotonic() + KT_COURIER_MILLISECONDS;
	int64_t correction = 0;

	if (credential->kind == KT_KIND_TOKEN_EXCHANGE &&
	    !kt_subject_get(keeper, credential, &subject, error))
		return false;
	for (int tries = 1;; tries++) {
		KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
		struct kt_token_response response = { 0 };
		int64_t difference;
		int64_t pause;

		if (!ask(keeper, credential, &subject, kt_clock_wall() + correction, deadline,
		         &answer, &response, error))
			return false;
		if (response.verdict == KT_VERDICT_TOKENS)
			return accept(credential, &answer, &response, error);
		difference = clock_difference(&response);
		if (correction == 0 && may_be_the_clock(credential, &response)) {
			tell_clock(difference);
			correction = difference != 0 ? difference : -SET_BACK;
			continue;
		}
		pause = kt_token_response_pause(&response, tries, true);
		if (pause == 0 || kt_clock_monotonic() + pause + SHORTEST_MILLISECONDS > deadline)
			return kt_token_error_write(&response, credential, error);
		kt_clock_sleep(pause);
	}
}

static bool reload(struct kt_keyring *keyring, struct kt_credential *credential,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity identity = { 0 };
	bool found;

	if (!kt_identity_copy(&identity, &credential->identity, error) ||
	    !kt_keyring_load(keyring, &identity, credential, &found, error))
		return false;
	return found || kt_fail(error, KT_ERROR_NOT_FOUND, "the account was removed just now");
}

/*
 * The record of hand-outs, of an account whose renewals may kill the token of before; closed, it
 * promises nothing.
 */
static bool open_record(struct kt_journal *journal, const struct kt_credential *credential,
                        uint64_t account, struct kt_error *error)
{
	return kt_facts_old_token_lives(credential) || kt_journal_open(journal, account, error);
}

/* Nothing is promised of a new token. */
static bool clear_record(struct kt_journal *journal, struct kt_error *error)
{
	if (!journal->is_open || journal->promised_wall == 0)
		return true;
	journal->promised_wall = 0;
	return kt_journal_write(journal, journal->phase, error);
}

/* Somebody had one signed while the caller waited for the lock: that is as new as a new one. */
static bool is_met(const struct kt_secret *before, const struct kt_requirement *requirement,
                   const struct kt_credential *credential)
{
	if (!requirement->fresh)
		return kt_requirement_is_met(requirement, credential);
	return !kt_secret_is_equal(&credential->token, before) &&
	       kt_lifetime_until_renewal(credential) > 0;
}

/* Under the lock: another may have signed meanwhile, or logged in anew. */
static bool run_locked(struct kt_keeper *keeper, struct kt_credential *credential,
                       const struct kt_secret *before, const struct kt_requirement *requirement,
                       struct kt_change *change, struct kt_error *error)
{
	KT_CLEANUP(clear_session) struct session session = { 0 };
	KT_CLEANUP(kt_journal_close) struct kt_journal journal = { 0 };

	if ((!kt_change_is_none_since(change, keeper->stamp) &&
	     !reload(&keeper->keyring, credential, error)) ||
	    !kt_service_app_choose(credential, requirement, error) ||
	    !name_session(&session, credential, requirement, error) ||
	    !open_record(&journal, credential, change->account, error))
		return false;
	session.cache = kt_keeper_cache(keeper);
	recall(&session, credential);
	if (is_met(before, requirement, credential) ||
	    kt_promise_holds(&journal, requirement, credential)) {
		kt_promise_note(&journal, requirement, credential);
		return true;
	}
	if (!kt_service_app_ask(keeper, credential, error) || !clear_record(&journal, error))
		return false;
	/* Otherwise the door would hand out the old token from the cache until it expires. */
	if (session.is_own)
		kt_answers_replace(session.cache, requirement->lookup, change->account, credential);
	else if (requirement->fresh)
		kt_answers_forget(&credential->identity);
	if (remember(&session, credential) || !session.is_own)
		return true;
	kt_change_invalidate(change);
	return kt_keyring_store(&keeper->keyring, credential, error);
}

/* True if a token that lives is good enough for the caller, since no other can be had. */
static bool makes_do(const struct kt_credential *credential,
                     const struct kt_requirement *requirement, const struct kt_error *error)
{
	bool is_of_the_server = error->code == KT_ERROR_NETWORK || error->code == KT_ERROR_SERVER ||
	                        error->code == KT_ERROR_DEAD || error->code == KT_ERROR_REFUSED;

	return is_of_the_server && !requirement->fresh && !requirement->before_last_fifth &&
	       requirement->minimum_seconds == 0 && kt_lifetime_left(credential) > 0;
}

bool kt_service_app_run(struct kt_keeper *keeper, struct kt_credential *credential,
                        const struct kt_requirement *requirement, struct kt_error *error)
{
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	KT_CLEANUP(clear_session) struct session session = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret before = { 0 };

	if (!kt_service_app_choose(credential, requirement, error) ||
	    !name_session(&session, credential, requirement, error))
		return false;
	session.cache = kt_keeper_cache(keeper);
	recall(&session, credential);
	if (kt_requirement_is_met(requirement, credential) && !kt_promise_is_needed(credential))
		return true;
	if (!kt_secret_copy(&before, &credential->token, error) || !kt_keeper_keyring(keeper, error))
		return false;
	if (!kt_change_lock(&change, &credential->identity, error)) {
		if (error->code != KT_ERROR_BUSY || kt_lifetime_left(credential) <= 0)
			return false;
		kt_error_clear(error);
		return true;
	}
	if (run_locked(keeper, credential, &before, requirement, &change, error))
		return true;
	if (!makes_do(credential, requirement, error))
		return false;
	kt_report_trace("%s", error->message);
	kt_error_clear(error);
	return true;
}

bool kt_service_app_remember(const struct kt_cache *cache, const struct kt_credential *credential)
{
	KT_CLEANUP(clear_session) struct session session = { 0 };
	const struct kt_requirement own = { 0 };
	struct kt_error ignored = { 0 };

	session.cache = cache;
	return name_session(&session, credential, &own, &ignored) && remember(&session, credential);
}

bool kt_service_app_reject(struct kt_keeper *keeper, struct kt_credential *credential,
                           const struct kt_requirement *requirement, const struct kt_secret *token,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential chosen = { 0 };
	KT_CLEANUP(clear_session) struct session session = { 0 };
	const struct kt_identity *identity = &credential->identity;

	session.cache = kt_keeper_cache(keeper);
	if (!kt_credential_copy(&chosen, credential, error) ||
	    !kt_service_app_choose(&chosen, requirement, error) ||
	    !name_session(&session, &chosen, requirement, error))
		return false;
	recall(&session, &chosen);
	if (token && !kt_secret_is_equal(&chosen.token, token)) {
		kt_report_trace("reject: that token is not the current one any more");
		return true;
	}
	kt_answers_forget_variant(identity, session.variant);
	kt_answers_forget_variant(identity, kt_text_or_empty(requirement->session_name));
	return !session.is_own || kt_refused_mark(&keeper->keyring, credential, error);
}

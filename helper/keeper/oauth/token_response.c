/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <sys/random.h>

#include "helper/answer.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/courier.h"
#include "helper/keeper/oauth/token_response.h"
#include "keyring/characters.h"
#include "keyring/clock.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

#define TRIES 3
/* Milliseconds; doubled with each try, and no try comes sooner than the least. */
#define PAUSE_BUSY 500
#define PAUSE_UNANSWERED 200
#define PAUSE_LEAST 50

/* docs/coze.md, 8.1: the SDKs disagree which member carries the name; both are read. */
static const char *error_name(const struct kt_errand *message)
{
	const char *name = kt_errand_text(message, "s.error_code");

	return name && *name ? name : kt_errand_text(message, "s.error");
}

static const char *error_text(const struct kt_errand *message)
{
	const char *text = kt_errand_text(message, "s.error_message");

	if (!text || !*text)
		text = kt_errand_text(message, "s.error_description");
	return text && *text ? text : kt_courier_reason(message);
}

/*
 * True if the answer has a refresh token that cannot be one: only the server knows the right
 * one.
 */
static bool has_odd_refresh_token(const struct kt_token_response *response,
                                  const struct kt_errand *message)
{
	const struct kt_secret *token = response->refresh_token;

	return (token && !kt_secret_is_empty(token) && !kt_answer_is_token(token)) ||
	       kt_errand_text(message, "n.refresh_token");
}

static enum kt_verdict judge_status(int64_t status)
{
	if (status == 429 || status == 503)
		return KT_VERDICT_BUSY;
	if (status == 408 || status >= 500 || (status >= 200 && status < 300))
		return KT_VERDICT_UNCLEAR;
	return KT_VERDICT_UNTOUCHED;
}

static enum kt_verdict judge_named(struct kt_token_response *response,
                                   const struct kt_dialect *dialect)
{
	if (judge_status(response->status) == KT_VERDICT_BUSY || response->status >= 500)
		return judge_status(response->status);
	if (response->status >= 300 && response->status < 400)
		return KT_VERDICT_UNTOUCHED;
	response->meaning = dialect->meaning_of(response->name);
	return response->meaning == KT_MEANING_PASSING ? KT_VERDICT_UNTOUCHED : KT_VERDICT_REFUSED;
}

static enum kt_verdict meaning_of(struct kt_token_response *response,
                                  const struct kt_errand *message, const struct kt_dialect *dialect)
{
	if (kt_errand_is(message, "outcome", "unsent"))
		return KT_VERDICT_UNSENT;
	if (!kt_errand_is(message, "outcome", "answered"))
		return KT_VERDICT_UNCLEAR;
	if (response->name && *response->name)
		return judge_named(response, dialect);
	if (response->status >= 200 && response->status < 300 &&
	    kt_answer_is_token(response->access_token) && !has_odd_refresh_token(response, message))
		return KT_VERDICT_TOKENS;
	return judge_status(response->status);
}

/* Both clocks are this boot's CLOCK_BOOTTIME. */
static int64_t time_since_sent(const struct kt_errand *message)
{
	int64_t now = kt_clock_boot_milliseconds();
	int64_t sent;

	return kt_errand_number(message, "sent", &sent) && sent <= now ? now - sent : 0;
}

void kt_token_response_read(struct kt_token_response *response, const struct kt_errand *message,
                            const struct kt_dialect *dialect)
{
	*response = (struct kt_token_response){
		.now = kt_clock_wall(),
		.name = error_name(message),
		.token_type = kt_errand_text(message, "s.token_type"),
		.access_token = kt_errand_secret(message, "s.access_token"),
		.refresh_token = kt_errand_secret(message, "s.refresh_token"),
		.took = time_since_sent(message),
	};
	kt_errand_number(message, "status", &response->status);
	kt_errand_number(message, "date", &response->now);
	kt_errand_number(message, "retry_after", &response->retry_after);
	response->verdict = meaning_of(response, message, dialect);
	if (response->verdict == KT_VERDICT_TOKENS)
		return;
	response->logid = kt_errand_text(message, "logid");
	response->cause = kt_errand_text(message, "cause");
	response->text = error_text(message);
}

static bool take_text(char **text, const struct kt_errand *message, const char *name,
                      struct kt_error *error)
{
	const char *value = kt_errand_text(message, name);

	return !value || !kt_characters_are_clean(value, strlen(value)) ||
	       kt_text_set(text, value, error);
}

bool kt_tokens_read(struct kt_tokens *tokens, const struct kt_token_response *response,
                    const struct kt_errand *message, struct kt_error *error)
{
	const char *expires_in = kt_errand_text(message, "n.expires_in");

	if (!expires_in)
		expires_in = kt_errand_text(message, "s.expires_in");
	tokens->has_end = kt_lifetime_read(expires_in, response->now, &tokens->lifetime);
	tokens->spent = kt_lifetime_spent(expires_in, response->now, response->took);
	return kt_secret_copy(&tokens->access_token, response->access_token, error) &&
	       (!response->refresh_token ||
	        kt_secret_copy(&tokens->refresh_token, response->refresh_token, error)) &&
	       take_text(&tokens->scope, message, "s.scope", error) &&
	       take_text(&tokens->subject, message, "s.id_token.sub", error);
}

bool kt_tokens_give(struct kt_tokens *tokens, struct kt_credential *credential,
                    struct kt_error *error)
{
	if ((tokens->scope && !kt_text_set(&credential->granted_scope, tokens->scope, error)) ||
	    (tokens->subject && !kt_text_set(&credential->subject, tokens->subject, error)) ||
	    !(tokens->has_end
	              ? kt_lifetime_start(credential, tokens->lifetime, tokens->spent, error)
	              : kt_lifetime_start_endless(credential, tokens->spent, error)))
		return false;
	kt_secret_move(&credential->token, &tokens->access_token);
	return true;
}

void kt_tokens_clear(struct kt_tokens *tokens)
{
	kt_secret_clear(&tokens->access_token);
	kt_secret_clear(&tokens->refresh_token);
	kt_text_free(&tokens->scope);
	kt_text_free(&tokens->subject);
	*tokens = (struct kt_tokens){ 0 };
}

static bool fail_refused(const struct kt_token_response *response, const char *whose,
                         struct kt_error *error)
{
	const char *text = kt_text_or_empty(response->text);
	int name_length = kt_characters_fit(response->name, 60);
	int text_length = kt_characters_fit(text, 100);
	struct kt_shell_word word;
	const char *account = kt_shell_word(&word, whose, "ACCOUNT");

	if (response->meaning == KT_MEANING_DEAD) {
		if (*text)
			kt_fail(error, KT_ERROR_DEAD,
			        "the login of %s is over: the service says %.*s: %.*s", whose,
			        name_length, response->name, text_length, text);
		else
			kt_fail(error, KT_ERROR_DEAD, "the login of %s is over: the service says %.*s",
			        whose, name_length, response->name);
		return kt_advise(error, "log in again: keyturn login %s", account);
	}
	if (*text)
		kt_fail(error, KT_ERROR_REFUSED, "the service refused a setting of %s: %.*s: %.*s", whose,
		        name_length, response->name, text_length, text);
	else
		kt_fail(error, KT_ERROR_REFUSED, "the service refused a setting of %s: %.*s", whose,
		        name_length, response->name);
	return kt_advise(error, "check client id, secret and key of the app, then: keyturn login %s",
	                 account);
}

static bool fail_unanswered(const struct kt_token_response *response, const char *whose,
                            struct kt_error *error)
{
	const char *text = kt_text_or_empty(response->text);

	if (*text)
		kt_fail(error, KT_ERROR_NETWORK, "%s cannot be renewed: %.*s", whose,
		        kt_characters_fit(text, 160), text);
	else
		kt_fail(error, KT_ERROR_NETWORK, "%s cannot be renewed: no usable answer came",
		        whose);
	if (response->cause && strcmp(response->cause, "certificate") == 0)
		return kt_advise(error, "check this machine's clock and certificates: keyturn doctor");
	return kt_advise(error, "nothing is lost; check the network and try again");
}

static bool fail_status(const struct kt_token_response *response, const char *whose,
                        struct kt_error *error)
{
	const char *text = kt_text_or_empty(response->text);
	const char *logid = kt_text_or_empty(response->logid);
	long long status = (long long)response->status;
	int length = kt_characters_fit(text, 120);

	if (*text && *logid)
		kt_fail(error, KT_ERROR_SERVER,
		        "%s cannot be renewed: the service answered %lld: %.*s (log id %.*s)", whose,
		        status, length, text, kt_characters_fit(logid, 40), logid);
	else if (*text)
		kt_fail(error, KT_ERROR_SERVER,
		        "%s cannot be renewed: the service answered %lld: %.*s", whose, status, length,
		        text);
	else
		kt_fail(error, KT_ERROR_SERVER,
		        "%s cannot be renewed: the service answered %lld and no token", whose, status);
	if (response->retry_after)
		return kt_advise(error, "nothing is lost; try again in %lld s",
		                 (long long)response->retry_after);
	return kt_advise(error, "nothing is lost; try again");
}

bool kt_token_response_fail(const struct kt_token_response *response, const char *whose,
                            struct kt_error *error)
{
	if (response->verdict == KT_VERDICT_REFUSED)
		return fail_refused(response, whose, error);
	return response->status ? fail_status(response, whose, error)
	                        : fail_unanswered(response, whose, error);
}

static bool is_caused_by(const struct kt_token_response *response, const char *cause)
{
	return response->cause && strcmp(response->cause, cause) == 0;
}

/* A random pause, so that callers that failed together do not come back together. */
static int64_t jitter(int64_t limit)
{
	uint32_t number = 0;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
		return limit;
	return PAUSE_LEAST + (int64_t)number % (limit - PAUSE_LEAST + 1);
}

int64_t kt_token_response_pause(const struct kt_token_response *response, int tries,
                                bool may_repeat)
{
	bool is_unreached = response->verdict == KT_VERDICT_UNSENT &&
	                    (is_caused_by(response, "dns") || is_caused_by(response, "connect"));
	bool is_unanswered = response->verdict == KT_VERDICT_UNSENT ||
	                     response->verdict == KT_VERDICT_UNCLEAR;

	if (tries >= TRIES)
		return 0;
	if (response->verdict == KT_VERDICT_BUSY)
		return response->retry_after ? response->retry_after * 1000 + jitter(PAUSE_BUSY)
		                          : jitter(PAUSE_BUSY << tries);
	if (is_unreached || (may_repeat && is_unanswered && !is_caused_by(response, "certificate")))
		return jitter(PAUSE_UNANSWERED << (2 * tries));
	return 0;
}

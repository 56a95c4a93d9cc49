/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "helper/keeper/account.h"
#include "helper/keeper/query.h"
#include "helper/keeper/remember.h"
#include "helper/keeper/settings.h"
#include "helper/keeper/supply.h"
#include "helper/question.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/text.h"

#define TOKEN_MAXIMUM 16384
#define DEFAULT_BASE "https://api.coze.com"

bool kt_query_check_token(const struct kt_secret *token, struct kt_error *error)
{
	size_t length = kt_secret_length(token);

	if (length <= TOKEN_MAXIMUM && kt_text_is_visible_ascii(kt_secret_reveal(token), length))
		return true;
	kt_fail(error, KT_ERROR_USAGE, length == 0 ? "no token was given"
	        : "a token is at most 16,384 visible ASCII characters, without a blank or a line "
	          "end inside");
	return kt_advise(error, "give the token alone, as the console shows it");
}

static bool from_settings(const struct kt_query *query, struct kt_credential *credential,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
	bool read = query->from_environment
		? kt_settings_from_environment(&settings, KT_KIND_NONE, error)
		: kt_settings_from_env_file(&settings, query->env_file, KT_KIND_NONE, error);

	if (!read || !kt_query_check_token(&settings.token, error) ||
	    !kt_account_set_base(&credential->identity,
	                         settings.api_base ? settings.api_base : DEFAULT_BASE, error) ||
	    !kt_text_set(&credential->identity.username, "", error))
		return false;
	credential->kind = kt_text_has_prefix(kt_secret_reveal(&settings.token), "sat_")
		? KT_KIND_SAT : KT_KIND_PAT;
	credential->created = kt_clock_wall();
	credential->never_expires = true;
	kt_secret_move(&credential->token, &settings.token);
	return true;
}

/*
 * The account, in one turn with the keyring. Who had to wait for the turn looks first whether
 * another has remembered an answer that is good enough: *answered, then.
 */
static bool find_account(struct kt_keeper *keeper, const struct kt_query *query,
                         const struct kt_remembrance *memory, int64_t minimum,
                         struct kt_credential *credential, struct kt_answer *answer,
                         bool *answered, struct kt_error *error)
{
	KT_CLEANUP(kt_keeper_leave) struct kt_keyring *keyring = NULL;
	bool waited;
	bool none;

	keyring = kt_keeper_enter(keeper, &waited, error);
	if (!keyring)
		return false;
	if (waited && !query->nearly_whole && !keeper->wants_json) {
		kt_remember_ask(memory, answer, answered, &none);
		if (*answered && (!answer->is_token || (answer->expires && minimum >
		                  answer->expires - kt_clock_wall()))) {
			kt_answer_clear(answer);
			*answered = false;
		}
	}
	return *answered ||
	       kt_account_find(keeper, query->account, KT_ACCOUNT_TOKEN, credential, error);
}

/* A token out of the keyring, remembered for the next who asks the same. */
static bool from_keyring(struct kt_keeper *keeper, const struct kt_query *query,
                         const struct kt_wish *wish, struct kt_credential *credential,
                         struct kt_answer *answer, struct kt_error *error)
{
	const struct kt_cache_question question =
		kt_question_of_token(query->account, kt_environment_get("KEYTURN_ACCOUNT"));
	struct kt_remembrance memory = { 0 };
	bool answered = false;
	bool found;

	kt_remember_begin(&memory, &question);
	if (!find_account(keeper, query, &memory, wish->minimum, credential, answer, &answered,
	                  error))
		return false;
	if (answered)
		return true;
	if (!kt_supply_answer(keeper, credential, wish, answer, &found, error))
		return false;
	kt_remember_answer(&memory, credential, answer);
	return true;
}

bool kt_query_answer(struct kt_keeper *keeper, const struct kt_query *query,
                     struct kt_credential *credential, struct kt_answer *answer,
                     struct kt_error *error)
{
	struct kt_wish wish = { .nearly_whole = query->nearly_whole && !query->minimum };
	bool found;
	bool loaded;

	if (query->minimum && !kt_text_to_number(query->minimum, strlen(query->minimum), 0,
	                                         INT32_MAX, &wish.minimum))
		return kt_fail(error, KT_ERROR_USAGE, "--min-valid is not a number of seconds");
	if (query->from_environment || query->env_file)
		loaded = from_settings(query, credential, error) &&
		         kt_supply_answer(keeper, credential, &wish, answer, &found, error);
	else
		loaded = from_keyring(keeper, query, &wish, credential, answer, error);
	if (!loaded)
		return false;
	if (answer->expires && wish.minimum > answer->expires - kt_clock_wall())
		kt_report_note("--min-valid asks for more than this token's life: it is the newest one");
	kt_supply_warn(credential);
	return true;
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "helper/cache_key.h"
#include "helper/keeper/account/expiry.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/pick.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/command/bind_directory.h"
#include "helper/keeper/command/token_lookup.h"
#include "helper/keeper/login/coze_app.h"
#include "helper/keeper/login/parked.h"
#include "helper/keeper/login/pasted.h"
#include "helper/keeper/login/settings.h"
#include "helper/keeper/token/service_app.h"
#include "helper/keeper/token/token.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/text.h"

static bool read_settings(const struct kt_token_lookup *lookup, struct kt_settings *settings,
                          struct kt_error *error)
{
	enum kt_kind kind = lookup->kind ? kt_kind_from_name(lookup->kind) : KT_KIND_NONE;

	if (lookup->from_environment + (lookup->env_file != NULL) + (lookup->config != NULL) > 1 ||
	    lookup->account)
		return kt_fail(error, KT_ERROR_USAGE,
		               "--from-env, --env-file, --config and an account "
		               "exclude each other");
	if (lookup->kind && kind == KT_KIND_NONE)
		return kt_fail(error, KT_ERROR_USAGE, "--kind is none of the kinds");
	if (lookup->from_environment)
		return kt_settings_from_environment(settings, kind, error);
	if (lookup->env_file)
		return kt_settings_from_env_file(settings, lookup->env_file, kind, error);
	return kt_settings_from_config(settings, lookup->config, kind, error);
}

static bool take_token(struct kt_settings *settings, struct kt_credential *credential,
                       struct kt_error *error)
{
	unsigned int removed = 0;

	if (!kt_pasted_strip(&settings->token, &removed, error) ||
	    !kt_settings_check_token(&settings->token, error))
		return false;
	credential->kind = kt_text_has_prefix(kt_secret_reveal(&settings->token), "sat_")
		? KT_KIND_SAT : KT_KIND_PAT;
	credential->created = kt_clock_wall();
	credential->never_expires = true;
	kt_secret_move(&credential->token, &settings->token);
	return true;
}

/*
 * Only a plain token or a service app can do without a keyring: the others have to keep a
 * refresh token.
 */
static bool check_kind(const struct kt_settings *settings, struct kt_error *error)
{
	if (settings->kind == KT_KIND_JWT || kt_kind_is_fixed(settings->kind))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "a %s app's refresh token changes at each use and has to be "
	        "kept: that needs a login", kt_kind_name(settings->kind));
	return kt_advise(error, "run: keyturn login --from-env (or --env-file, --config), then "
	                 "keyturn token");
}

static bool sign_token(struct kt_keeper *keeper, const struct kt_settings *settings,
                       const struct kt_requirement *requirement, struct kt_credential *credential,
                       struct kt_error *error)
{
	return kt_coze_app_fill(credential, settings, error) &&
	       kt_service_app_choose(credential, requirement, error) &&
	       kt_service_app_ask(keeper, credential, error);
}

/*
 * The service: the source's own, by its API or its pages, else that of COZE_API_BASE, as at a
 * login. A token is as good without one, but an app's request must not go to a site that was
 * guessed.
 */
static bool choose_service(const struct kt_settings *settings, struct kt_identity *identity,
                           struct kt_error *error)
{
	const char *base = settings->api_base;
	bool found = false;

	if (!kt_text_set(&identity->username, "", error))
		return false;
	if (!base && settings->www_base &&
	    !kt_service_set_console(identity, settings->www_base, &found, error))
		return false;
	if (!base && !found)
		base = kt_environment_get("COZE_API_BASE");
	if (base)
		return kt_service_set_base(identity, base, error);
	if (found || kt_kind_is_fixed(settings->kind))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "no site is named for the app: apps of coze.cn and coze.com are "
	        "unknown to each other");
	return kt_advise(error, "set COZE_API_BASE to https://%s or https://%s",
	                 kt_service_host_of_site("coze.cn"), kt_service_host_of_site("coze.com"));
}

bool kt_token_lookup_has_source(const struct kt_token_lookup *lookup)
{
	return lookup->from_environment || lookup->env_file || lookup->config;
}

bool kt_token_lookup_app(struct kt_keeper *keeper, const struct kt_token_lookup *lookup,
                         struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };

	if (!kt_token_lookup_has_source(lookup))
		return kt_account_find_or_ask(keeper, lookup->account, KT_ACCOUNT_TOKEN, credential,
		                              error);
	if (!read_settings(lookup, &settings, error) ||
	    !choose_service(&settings, &credential->identity, error))
		return false;
	return kt_kind_is_fixed(settings.kind) ? take_token(&settings, credential, error)
	                                       : kt_coze_app_fill(credential, &settings, error);
}

static bool from_settings(struct kt_keeper *keeper, const struct kt_token_lookup *lookup,
                          const struct kt_requirement *requirement,
                          struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };

	if (!read_settings(lookup, &settings, error) || !check_kind(&settings, error) ||
	    !choose_service(&settings, &credential->identity, error))
		return false;
	return kt_kind_is_fixed(settings.kind)
		? take_token(&settings, credential, error)
		: sign_token(keeper, &settings, requirement, credential, error);
}

/*
 * True if the token is of another session. Such tokens have places of their own in the cache,
 * which the door does not know.
 */
static bool has_session(const struct kt_token_lookup *lookup)
{
	return lookup->session_name || lookup->duration || lookup->scope_file;
}

static bool check_session(const struct kt_token_lookup *lookup,
                          const struct kt_credential *credential, struct kt_error *error)
{
	if (!has_session(lookup) || credential->kind == KT_KIND_JWT)
		return true;
	kt_fail(error, KT_ERROR_USAGE,
	        "--session-name, --duration and --scope-file are for service "
	        "apps; this account is a %s",
	        kt_kind_name(credential->kind));
	return kt_advise(error, "leave them out, or name an account of kind jwt: keyturn list");
}

/*
 * Finds the account, in one turn with the keyring. After a wait for the turn the cache is asked
 * again: *answered tells whether another caller has put an answer there that is good enough.
 */
static bool find_account(struct kt_keeper *keeper, const struct kt_token_lookup *lookup,
                         const struct kt_bindings *bindings, const struct kt_lookup *memory,
                         int64_t minimum, struct kt_credential *credential,
                         struct kt_answer *answer, bool *answered, struct kt_error *error)
{
	KT_CLEANUP(kt_keeper_leave) struct kt_keyring *keyring = NULL;
	enum kt_account_by by;
	bool waited;
	bool none;

	keyring = kt_keeper_enter(keeper, &waited, error);
	if (!keyring)
		return false;
	if (waited && !lookup->nine_tenths_left && !keeper->wants_json && !has_session(lookup)) {
		kt_answers_find(memory, answer, answered, &none);
		if (*answered && (!answer->is_token || (answer->expires && minimum >
		                  answer->expires - kt_clock_wall()))) {
			kt_answer_clear(answer);
			*answered = false;
		}
	}
	return *answered ||
	       kt_account_find_bound(keeper, lookup->account, bindings, KT_ACCOUNT_TOKEN, credential,
	                             &by, error);
}

/* True if the cached token ends too soon for this caller, so that a renewal is certain. */
static bool is_too_short(const struct kt_token_lookup *lookup, const struct kt_lookup *memory,
                         const struct kt_requirement *requirement)
{
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	bool found = false;
	bool none;

	if (requirement->minimum_seconds > 0 && !has_session(lookup))
		kt_answers_find(memory, &answer, &found, &none);
	return found && answer.expires &&
	       requirement->minimum_seconds > answer.expires - kt_clock_wall();
}

/*
 * Gets a token from the keyring, and puts it into the cache for the next caller with the same
 * key.
 */
static bool from_keyring(struct kt_keeper *keeper, const struct kt_token_lookup *lookup,
                         const struct kt_requirement *requirement, struct kt_credential *credential,
                         struct kt_answer *answer, struct kt_error *error)
{
	const struct kt_cache_key key =
		kt_cache_key_of_token(lookup->account, kt_environment_get("KEYTURN_ACCOUNT"));
	struct kt_requirement asked = *requirement;
	KT_CLEANUP(kt_bindings_clear) struct kt_bindings bindings = { 0 };
	struct kt_lookup memory = { 0 };
	bool answered = false;
	bool picked = false;
	bool remember = false;
	bool found;

	kt_answers_begin(&memory, kt_keeper_cache(keeper), &key);
	if (!key.account) {
		if (!kt_bindings_read(&bindings, error))
			return false;
		kt_answers_bind(&memory, &bindings.routes, bindings.place.text);
	}
	memory.is_due = memory.is_due || is_too_short(lookup, &memory, requirement);
	kt_keeper_expect(keeper, memory.stamp, memory.is_due);
	kt_parked_save(keeper);
	if (!find_account(keeper, lookup, &bindings, &memory, requirement->minimum_seconds,
	                  credential, answer, &answered, error)) {
		picked = kt_account_ask(keeper, lookup->account, KT_ACCOUNT_TOKEN, credential,
		                        &remember, error);
		if (!picked || (remember && !kt_bind_directory(&credential->identity, NULL, error)))
			return false;
	}
	if (answered)
		return true;
	/* After a person's choice the next caller is asked again, or chooses another account. */
	if (!has_session(lookup) && !picked)
		asked.lookup = &memory;
	if (!check_session(lookup, credential, error) ||
	    !kt_token_get(keeper, credential, &asked, answer, &found, error))
		return false;
	if (asked.lookup)
		kt_answers_put(&memory, credential, answer);
	return true;
}

bool kt_token_lookup_answer(struct kt_keeper *keeper, const struct kt_token_lookup *lookup,
                            struct kt_credential *credential, struct kt_answer *answer,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *scope = NULL;
	struct kt_requirement requirement = {
		.nine_tenths_left = lookup->nine_tenths_left && !lookup->minimum,
		.session_name = lookup->session_name,
	};
	bool found;
	bool loaded;

	if (lookup->minimum && !kt_text_to_number(lookup->minimum, strlen(lookup->minimum), 0,
	                                          INT32_MAX, &requirement.minimum_seconds))
		return kt_fail(error, KT_ERROR_USAGE, "--min-valid is not a number of seconds");
	if ((lookup->duration &&
	     !kt_service_app_read_duration(lookup->duration, &requirement.duration, error)) ||
	    (lookup->scope_file && !kt_service_app_read_scope(&scope, lookup->scope_file, error)))
		return false;
	requirement.scope = scope;
	if (kt_token_lookup_has_source(lookup))
		loaded = from_settings(keeper, lookup, &requirement, credential, error) &&
		         check_session(lookup, credential, error) &&
		         kt_token_as_is(credential, answer, &found, error);
	else
		loaded = from_keyring(keeper, lookup, &requirement, credential, answer, error);
	if (!loaded)
		return false;
	if (answer->expires && requirement.minimum_seconds > answer->expires - kt_clock_wall())
		kt_report_note(
			"--min-valid asks for more than this token's life: it is the newest one");
	kt_expiry_warn(credential);
	return true;
}

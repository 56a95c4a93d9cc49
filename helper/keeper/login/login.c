/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/default.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/change.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/token_error.h"
#include "helper/keeper/terminal.h"
#include "helper/keeper/token/rotation.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/text.h"

#define FALLBACK_LIFETIME 900

static bool fail_no_site(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "login: no service is named; tokens of coze.cn and coze.com are "
	        "never mixed");
	return kt_advise(error, "add --site coze.cn, --site coze.com or --api-base URL");
}

static bool ask_site(struct kt_identity *identity, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };

	if (!kt_terminal_ask("Which site, coze.cn or coze.com (or the https:// address of another "
	                     "service)? ", &line, error))
		return false;
	if (kt_text_has_prefix(kt_secret_reveal(&line), "http"))
		return kt_service_set_base(identity, kt_secret_reveal(&line), error);
	return kt_service_set_site(identity, kt_secret_reveal(&line), error);
}

/* Where an issuer's token may go: --host, else the issuer's own host. */
static bool set_issuer_host(const struct kt_settings *settings, struct kt_identity *identity,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *base = NULL;

	if (!settings->host) {
		if (!kt_service_set_base(identity, settings->issuer, error))
			return false;
		return kt_text_set(&identity->path, "", error);
	}
	if (kt_text_has_prefix(settings->host, "http"))
		return kt_service_set_base(identity, settings->host, error);
	return kt_text_format(&base, error, "https://%s", settings->host) &&
	       kt_service_set_base(identity, base, error);
}

static bool find_service(const struct kt_login_options *login, const struct kt_settings *settings,
                         const char *site_of_name, struct kt_identity *identity,
                         struct kt_error *error)
{
	const char *base = kt_environment_get("COZE_API_BASE");
	const char *api_base = kt_login_given(login, "api-base");
	const char *issuer = kt_login_given(login, "issuer");

	if ((login->site != NULL) + (api_base != NULL) + (issuer != NULL) > 1)
		return kt_fail(error, KT_ERROR_USAGE, "login: --site, --api-base and --issuer exclude "
		               "each other");
	if (issuer)
		return set_issuer_host(settings, identity, error);
	if (api_base)
		return kt_service_set_base(identity, api_base, error);
	if (login->site || site_of_name)
		return kt_service_set_site(identity, login->site ? login->site : site_of_name,
		                           error);
	if (identity->host)
		return true;
	if (settings->api_base || base)
		return kt_service_set_base(identity, settings->api_base ? settings->api_base : base,
		                           error);
	if (kt_terminal_is_interactive())
		return ask_site(identity, error);
	return fail_no_site(error);
}

/* NAME@coze.cn is the account NAME of that site, unless another service is named. */
bool kt_login_identify(const struct kt_login_options *login, const struct kt_settings *settings,
                       struct kt_identity *identity, struct kt_error *error)
{
	const char *site = NULL;

	if (!login->account) {
		if (!identity->username && !kt_text_set(&identity->username, "main", error))
			return false;
		return find_service(login, settings, NULL, identity, error);
	}
	/* The account was found by its full name already: do not split NAME@SITE again. */
	if (!identity->username) {
		if (!kt_service_split_site(login->account, &identity->username, &site, error))
			return false;
		if (site && ((login->site && strcmp(login->site, site) != 0) ||
		             kt_login_given(login, "api-base") || kt_login_given(login, "issuer"))) {
			site = NULL;
			if (!kt_text_set(&identity->username, login->account, error))
				return false;
		}
	}
	return kt_service_check_name(identity->username, error) &&
	       find_service(login, settings, site, identity, error);
}

bool kt_login_open_keyring(struct kt_keeper *keeper, struct kt_keyring **keyring,
                           struct kt_error *error)
{
	bool open = false;

	*keyring = kt_keeper_keyring(keeper, error);
	if (!*keyring || !kt_keyring_is_open(*keyring, &open, error))
		return false;
	return open || kt_keyring_unlock(*keyring, error);
}

bool kt_login_store(struct kt_keyring *keyring, const struct kt_credential *credential,
                    struct kt_error *error)
{
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };

	return kt_change_begin(&change, &credential->identity, error) &&
	       kt_keyring_store(keyring, credential, error) &&
	       kt_rotation_forget(&credential->identity, error) &&
	       kt_default_offer(&credential->identity, true, error);
}

bool kt_login_take_tokens(struct kt_credential *credential, const struct kt_errand *answer,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_tokens_clear) struct kt_tokens tokens = { 0 };
	struct kt_token_response response;

	kt_token_response_read(&response, answer, kt_dialect_of(credential));
	if (response.verdict != KT_VERDICT_TOKENS)
		return kt_token_error_write(&response, credential, error);
	if (!kt_tokens_read(&tokens, &response, answer, FALLBACK_LIFETIME, error))
		return false;
	kt_secret_move(&credential->token, &tokens.access_token);
	kt_secret_move(&credential->refresh_token, &tokens.refresh_token);
	credential->refreshed = kt_clock_wall();
	return kt_lifetime_start(credential, tokens.lifetime, tokens.spent, error);
}

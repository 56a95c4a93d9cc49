/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/account/expiry.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

static void tell_console(const struct kt_identity *identity)
{
	KT_CLEANUP(kt_text_free) char *page = NULL;
	struct kt_error ignored = { 0 };

	if (kt_service_page(identity, KT_KIND_PAT, &page, &ignored) && page)
		kt_report_note("the token is made at %s", page);
}

static bool read_token(const struct kt_identity *identity, struct kt_secret *token,
                       struct kt_error *error)
{
	if (!kt_secret_is_empty(token))
		return kt_settings_check_token(token, error);
	if (isatty(STDIN_FILENO)) {
		tell_console(identity);
		if (!kt_terminal_ask_secret("Token (not shown while you type): ", token, error))
			return false;
	} else if (!kt_secret_read(token, STDIN_FILENO, 65536, error)) {
		return false;
	}
	kt_secret_trim(token);
	return kt_settings_check_token(token, error);
}

static enum kt_kind kind_of(const struct kt_secret *token)
{
	return kt_text_has_prefix(kt_secret_reveal(token), "sat_") ? KT_KIND_SAT : KT_KIND_PAT;
}

static bool fill(const struct kt_login_options *login, struct kt_settings *settings,
                 const struct kt_identity *identity, struct kt_credential *credential,
                 struct kt_error *error)
{
	if (!kt_identity_copy(&credential->identity, identity, error) ||
	    (login->expires && !kt_expiry_set(credential, login->expires, error)) ||
	    !kt_service_format(identity, &credential->api_base, error) ||
	    !kt_text_set(&credential->ca, settings->ca, error) ||
	    !kt_text_set(&credential->authtype, settings->authtype, error) ||
	    !kt_text_set(&credential->git_username, settings->git_username, error) ||
	    !read_token(identity, &settings->token, error))
		return false;
	kt_secret_move(&credential->token, &settings->token);
	credential->kind = kind_of(&credential->token);
	credential->created = kt_clock_wall();
	return true;
}

bool kt_login_with_token(struct kt_keeper *keeper, const struct kt_login_options *login,
                         struct kt_settings *settings, struct kt_identity *identity,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_keyring *keyring;

	if (!kt_login_identify(login, settings, identity, error) ||
	    !kt_login_open_keyring(keeper, &keyring, error) ||
	    !fill(login, settings, identity, &credential, error) ||
	    !kt_login_store(keyring, &credential, error))
		return false;
	kt_login_summarize(login, &credential, keyring);
	return true;
}

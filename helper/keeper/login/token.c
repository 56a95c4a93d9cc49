/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/account/expiry.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/login/pasted.h"
#include "helper/keeper/login/replace.h"
#include "helper/keeper/oauth/whoami.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/* Coze gives it to what runs in its playground (workload identity). */
#define WORKLOAD "cztei_"

static void tell_console(const struct kt_identity *identity)
{
	KT_CLEANUP(kt_text_free) char *page = NULL;
	struct kt_error ignored = { 0 };

	if (kt_service_page(identity, KT_KIND_PAT, &page, &ignored) && page)
		kt_report_note("the token is made at %s", page);
}

/* Takes off what was pasted with the token; refuses what cannot be one. */
static bool tidy(struct kt_secret *token, struct kt_error *error)
{
	unsigned int removed = 0;

	if (!kt_pasted_strip(token, &removed, error))
		return false;
	if (!kt_secret_is_empty(token) &&
	    (!kt_pasted_check_whole(token, error) ||
	     !kt_pasted_check(kt_secret_reveal(token), kt_secret_length(token), KT_TEXT("the "
	        "token"), error)))
		return false;
	if (!kt_settings_check_token(token, error))
		return false;
	kt_pasted_tell(removed);
	return true;
}

/* At a site of Coze a token has a form; another service's may have any. */
static bool check_form(const struct kt_login_options *login, const struct kt_identity *identity,
                       const struct kt_secret *token, struct kt_error *error)
{
	const char *site = kt_service_site(identity);
	bool yes = false;

	if (!site || login->forces || kt_pasted_is_coze_token(kt_secret_reveal(token)))
		return true;
	if (kt_terminal_is_interactive()) {
		kt_report_note("that has not the form of a token of %s (pat_... or sat_...)", site);
		if (!kt_terminal_confirm("Store it all the same? [y/N] ", &yes, error))
			return false;
		if (yes)
			return true;
	}
	kt_fail(error, KT_ERROR_USAGE, "the token has not the form of one of %s (pat_... or sat_...)",
	        site);
	return kt_advise(error, "copy it again; if it is right all the same, add --force");
}

static bool accept_token(const struct kt_login_options *login, const struct kt_identity *identity,
                         struct kt_secret *token, struct kt_error *error)
{
	return tidy(token, error) && check_form(login, identity, token, error);
}

/* A slip is told, and the token asked for again. */
static bool type_token(const struct kt_login_options *login, const struct kt_identity *identity,
                       struct kt_secret *token, struct kt_error *error)
{
	tell_console(identity);
	for (int left = KT_LOGIN_TRIES - 1;; left--) {
		struct kt_error refusal = { 0 };

		if (!kt_terminal_ask_secret("Token (not shown while you type): ", token, error))
			return false;
		if (accept_token(login, identity, token, &refusal))
			return true;
		if (left == 0 || refusal.code != KT_ERROR_USAGE) {
			*error = refusal;
			return false;
		}
		kt_report_note("%s; try again (%d left)", refusal.message, left);
	}
}

static bool read_token(const struct kt_login_options *login, const struct kt_identity *identity,
                       struct kt_secret *token, struct kt_error *error)
{
	if (kt_secret_is_empty(token) && isatty(STDIN_FILENO))
		return type_token(login, identity, token, error);
	if (kt_secret_is_empty(token) && !kt_secret_read(token, STDIN_FILENO, 65536, error))
		return false;
	return accept_token(login, identity, token, error);
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
	    !read_token(login, identity, &settings->token, error))
		return false;
	kt_secret_move(&credential->token, &settings->token);
	if (kt_text_has_prefix(kt_secret_reveal(&credential->token), WORKLOAD))
		kt_report_note("this is a workload's own token (%s...): it ends soon, and nobody here "
		               "can renew it", WORKLOAD);
	credential->kind = kind_of(&credential->token);
	credential->created = kt_clock_wall();
	return true;
}

/*
 * A token that the service refuses is not stored. A service that does not answer, or cannot tell,
 * never keeps one from being stored. At a terminal a token of Coze's form is checked unasked.
 */
static bool check(const struct kt_login_options *login, const struct kt_credential *credential,
                  char **user, struct kt_error *error)
{
	KT_CLEANUP(kt_whoami_clear) struct kt_whoami whoami = { 0 };
	struct kt_error failure = { 0 };

	if (!login->check && !(kt_terminal_is_interactive() &&
	                       kt_pasted_is_coze_token(kt_secret_reveal(&credential->token))))
		return true;
	if (!kt_whoami_ask(&whoami, credential, &credential->token, KT_LOGIN_CHECK_MILLISECONDS,
	                   &failure)) {
		kt_report_note("it is not known yet whether it works: %s", failure.message);
		return true;
	}
	if (whoami.verdict == KT_WHOAMI_REFUSED) {
		*error = whoami.reason;
		return false;
	}
	if (whoami.verdict != KT_WHOAMI_WORKS)
		kt_report_note("it is not known yet whether it works: %s", whoami.reason.message);
	else if (!whoami.user_name)
		kt_report_note("the token works at %s", credential->identity.host);
	return kt_text_set(user, whoami.user_name, error);
}

/* Its console told the person when a PAT ends, and nobody else can. */
static bool ask_end(const struct kt_login_options *login, struct kt_credential *credential,
                    struct kt_error *error)
{
	static const char prompt[] = KT_TEXT("When does it end? A date as the console shows it, 30d "
	                                     "or never; Enter if unknown: ");

	if (login->expires || credential->kind != KT_KIND_PAT || !kt_terminal_is_interactive() ||
	    kt_text_has_prefix(kt_secret_reveal(&credential->token), WORKLOAD))
		return true;
	for (int left = KT_LOGIN_TRIES - 1;; left--) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };
		struct kt_error refusal = { 0 };
		unsigned int removed = 0;

		if (!kt_terminal_ask(prompt, &line, error) || !kt_pasted_strip(&line, &removed, error))
			return false;
		if (kt_secret_is_empty(&line) ||
		    kt_expiry_set(credential, kt_secret_reveal(&line), &refusal))
			return true;
		if (left == 0) {
			*error = refusal;
			return false;
		}
		kt_report_note("%s; try again (%d left)", refusal.message, left);
	}
}

bool kt_login_with_token(struct kt_keeper *keeper, const struct kt_login_options *login,
                         struct kt_settings *settings, struct kt_identity *identity,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential old = { 0 };
	KT_CLEANUP(kt_text_free) char *user = NULL;
	struct kt_keyring *keyring;
	bool replaces;

	if (!kt_login_identify(login, settings, identity, error) ||
	    !kt_login_open_keyring(keeper, identity, &keyring, error) ||
	    !kt_login_settle_account(login, KT_KIND_PAT, keyring, identity, &old, &replaces, error) ||
	    (!replaces && !kt_login_open_keyring(keeper, NULL, &keyring, error)) ||
	    !fill(login, settings, identity, &credential, error) ||
	    !check(login, &credential, &user, error) || !ask_end(login, &credential, error) ||
	    (replaces && !kt_login_check_replaced(login, &old, &credential, user, error)) ||
	    !kt_login_store(keyring, &credential, NULL, error))
		return false;
	kt_login_summarize(login, &credential, keyring, user);
	return true;
}

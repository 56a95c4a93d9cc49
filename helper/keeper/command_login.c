/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/account.h"
#include "helper/keeper/change.h"
#include "helper/keeper/command.h"
#include "helper/keeper/defaults.h"
#include "helper/keeper/expiry.h"
#include "helper/keeper/login.h"
#include "helper/keeper/query.h"
#include "helper/keeper/rotation.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/text.h"

static bool fail_no_site(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "login: for which service? Tokens of coze.cn and coze.com are "
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
		return kt_account_set_base(identity, kt_secret_reveal(&line), error);
	return kt_account_set_site(identity, kt_secret_reveal(&line), error);
}

static bool find_service(const struct kt_login *login, const char *site_of_name,
                         struct kt_identity *identity, struct kt_error *error)
{
	const char *base = kt_environment_get("COZE_API_BASE");

	if (login->site && login->api_base)
		return kt_fail(error, KT_ERROR_USAGE, "login: --site and --api-base exclude each "
		               "other");
	if (login->api_base)
		return kt_account_set_base(identity, login->api_base, error);
	if (login->site || site_of_name)
		return kt_account_set_site(identity, login->site ? login->site : site_of_name, error);
	if (base)
		return kt_account_set_base(identity, base, error);
	if (kt_terminal_is_interactive())
		return ask_site(identity, error);
	return fail_no_site(error);
}

/* NAME@coze.cn is the account NAME of that site, unless --site says another. */
static bool identify(const struct kt_login *login, struct kt_identity *identity,
                     struct kt_error *error)
{
	const char *site = NULL;

	if (!login->account)
		return kt_text_set(&identity->username, "main", error) &&
		       find_service(login, NULL, identity, error);
	if (!kt_account_split_site(login->account, &identity->username, &site, error))
		return false;
	if (site && ((login->site && strcmp(login->site, site) != 0) || login->api_base)) {
		site = NULL;
		if (!kt_text_set(&identity->username, login->account, error))
			return false;
	}
	return kt_account_check_name(identity->username, error) &&
	       find_service(login, site, identity, error);
}

static void tell_console(const struct kt_identity *identity)
{
	if (strcmp(identity->host, "api.coze.cn") == 0)
		kt_report_note("the token is made at https://www.coze.cn/open/oauth/pats");
	else if (strcmp(identity->host, "api.coze.com") == 0)
		kt_report_note("the token is made at https://www.coze.com/open/oauth/pats");
}

static bool read_token(const struct kt_identity *identity, struct kt_secret *token,
                       struct kt_error *error)
{
	if (isatty(STDIN_FILENO)) {
		tell_console(identity);
		if (!kt_terminal_ask_secret("Token (not shown while you type): ", token, error))
			return false;
	} else if (!kt_secret_read(token, STDIN_FILENO, 65536, error)) {
		return false;
	}
	kt_secret_trim(token);
	return kt_query_check_token(token, error);
}

static enum kt_kind kind_of(const struct kt_secret *token)
{
	return kt_text_has_prefix(kt_secret_reveal(token), "sat_") ? KT_KIND_SAT : KT_KIND_PAT;
}

static bool fill(const struct kt_login *login, const struct kt_identity *identity,
                 struct kt_credential *credential, struct kt_error *error)
{
	if (!kt_identity_copy(&credential->identity, identity, error) ||
	    (login->expires && !kt_expiry_set(credential, login->expires, error)) ||
	    !kt_account_service(identity, &credential->api_base, error) ||
	    !kt_text_set(&credential->authtype, login->authtype, error) ||
	    !kt_text_set(&credential->git_username, login->git_username, error) ||
	    !read_token(identity, &credential->token, error))
		return false;
	credential->kind = kind_of(&credential->token);
	credential->created = kt_clock_wall();
	return true;
}

static bool keep(struct kt_keyring *keyring, const struct kt_credential *credential,
                 struct kt_error *error)
{
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };

	return kt_change_begin(&change, &credential->identity, error) &&
	       kt_keyring_store(keyring, credential, error) &&
	       kt_rotation_forget(&credential->identity, error) &&
	       kt_defaults_offer(&credential->identity, true, error);
}

/* The keyring is opened before anybody types a token or approves anything. */
static bool open_keyring(struct kt_keeper *keeper, struct kt_keyring **keyring,
                         struct kt_error *error)
{
	bool open = false;

	*keyring = kt_keeper_keyring(keeper, error);
	if (!*keyring || !kt_keyring_is_open(*keyring, &open, error))
		return false;
	return open || kt_keyring_unlock(*keyring, error);
}

static bool login_with_token(struct kt_keeper *keeper, const struct kt_login *login,
                             struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity identity = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_keyring *keyring;

	if (!identify(login, &identity, error) || !open_keyring(keeper, &keyring, error) ||
	    !fill(login, &identity, &credential, error) || !keep(keyring, &credential, error) ||
	    !kt_account_full_name(&identity, &name, error))
		return false;
	kt_report_note("%s is stored (%s, %s); try: keyturn token %s", name,
	               kt_kind_name(credential.kind), kt_keyring_name(keyring), name);
	if (!login->expires && credential.kind == KT_KIND_PAT && isatty(STDERR_FILENO))
		kt_report_note("when does it end? keyturn set %s --expires DAYS reminds you in time",
		               name);
	return true;
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	struct kt_login login = { 0 };
	const struct kt_option options[] = {
		{ "with-token", false, &login.with_token },
		{ "site", true, &login.site },
		{ "api-base", true, &login.api_base },
		{ "expires", true, &login.expires },
		{ "authtype", true, &login.authtype },
		{ "git-username", true, &login.git_username },
	};

	if (!kt_options_read_account(options, KT_COUNT(options), argc, argv, &login.account,
	                             error))
		return false;
	if (login.authtype && strcmp(login.authtype, "bearer") != 0)
		return kt_fail(error, KT_ERROR_USAGE, "login: --authtype is bearer or left out");
	if (!login.with_token && !kt_terminal_is_interactive()) {
		kt_fail(error, KT_ERROR_USAGE, "login: no way to log in is named");
		return kt_advise(error, "to store a token from stdin add --with-token");
	}
	return login_with_token(keeper, &login, error);
}

const struct kt_command kt_command_login = {
	.name = "login",
	.synopsis = "[ACCOUNT] (--site coze.cn|coze.com | --api-base URL) [--with-token] [OPTION...]",
	.summary = "keep a login: a PAT or SAT from stdin, or typed",
	.details = "--with-token          a token from stdin, or typed without echo\n"
	           "--site, --api-base    the service it is for (else COZE_API_BASE, else asked)\n"
	           "--expires DAYS|DATE|never   when it ends: keyturn warns, and never blocks\n"
	           "--authtype bearer     git gets it as a Bearer token (git 2.46 or newer)\n"
	           "--git-username NAME   what git is told as user name\n",
	.run = run,
};

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "helper/keeper/account/find.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/* The caller named neither a way to log in nor where settings are found. */
static bool is_bare(const struct kt_login_options *login)
{
	static const char *const ways[] = {
		"client-id", "issuer", "private-key-file", "client-secret-file", "provider",
		"resource", "token-endpoint",
	};

	for (size_t i = 0; i < KT_COUNT(ways); i++)
		if (kt_login_given(login, ways[i]))
			return false;
	return !login->with_token && !login->kind && !login->config && !login->from_environment &&
	       !login->env_file && !login->like;
}

/* An option says which service the login is for. */
static bool names_service(const struct kt_login_options *login)
{
	return login->site || kt_login_given(login, "api-base") || kt_login_given(login, "www-base") ||
	       kt_login_given(login, "issuer") || kt_login_given(login, "host");
}

/*
 * True if the login may be to a stored account: a name alone, or one with '@' (NAME@SITE,
 * NAME@HOST).
 */
static bool may_be_stored(const struct kt_login_options *login)
{
	return login->account && !login->site && !kt_login_given(login, "api-base") &&
	       !kt_login_given(login, "issuer") &&
	       (is_bare(login) || strchr(login->account, '@'));
}

/*
 * A login to a stored account is done as before, unless options say otherwise. Its service is
 * known in any case.
 */
static bool look_for_account(struct kt_keeper *keeper, struct kt_login_options *login,
                             struct kt_identity *identity, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_error failure = { 0 };

	if (!may_be_stored(login))
		return true;
	if (!kt_account_find(keeper, login->account, KT_ACCOUNT_TOKEN, &credential, &failure)) {
		/* A damaged item is replaced, as two of one account are. */
		if (failure.code == KT_ERROR_NOT_FOUND || failure.code == KT_ERROR_CORRUPT)
			return true;
		*error = failure;
		return false;
	}
	if (is_bare(login))
		login->like = login->account;
	return kt_identity_copy(identity, &credential.identity, error);
}

/*
 * A new token for the one stored account of that name goes to its service; where several have it,
 * the site is asked for.
 */
static bool take_service(struct kt_keeper *keeper, const struct kt_login_options *login,
                         struct kt_identity *identity, struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	struct kt_error failure = { 0 };
	const struct kt_identity *stored;

	if (!login->with_token || !login->account || identity->host || names_service(login) ||
	    kt_environment_get("COZE_API_BASE"))
		return true;
	if (!kt_account_search(keeper, login->account, KT_ACCOUNT_TOKEN, &list, &failure)) {
		if (failure.code == KT_ERROR_CORRUPT || failure.code == KT_ERROR_UNAVAILABLE)
			return true;
		*error = failure;
		return false;
	}
	if (list.count != 1)
		return true;
	stored = &list.items[0].identity;
	kt_report_note("%s is stored for %s, and so is the new token; for another service add --site "
	               "or --api-base", stored->username,
	               kt_service_site(stored) ? kt_service_site(stored) : stored->host);
	return kt_identity_copy(identity, stored, error);
}

static bool fail_no_way(const struct kt_settings *settings, struct kt_error *error)
{
	if (!settings->client_id) {
		kt_fail(error, KT_ERROR_USAGE, "login: no way to log in is named");
		return kt_advise(error, "to store a token from stdin add --with-token; an app is named "
		                 "with --kind and --client-id");
	}
	kt_fail(error, KT_ERROR_USAGE, "login: the app's client type is not named");
	return kt_advise(error, "add --kind web (Web backend app), pkce (mobile, desktop or "
	                 "single-page app), device (TV, device or command-line app) or jwt (service "
	                 "app)");
}

/* The console's own words for each kind of app; a row's number is what is typed. */
static const struct {
	enum kt_kind kind;
	const char *name;
} ways[] = {
	{ KT_KIND_PAT, "token" },
	{ KT_KIND_DEVICE, "device" },
	{ KT_KIND_PKCE, "pkce" },
	{ KT_KIND_WEB, "web" },
	{ KT_KIND_JWT, "jwt" },
};

static enum kt_kind kind_typed(const char *answer)
{
	for (size_t i = 0; i < KT_COUNT(ways); i++)
		if (strcasecmp(answer, ways[i].name) == 0 ||
		    (answer[0] == (char)('1' + i) && answer[1] == '\0'))
			return ways[i].kind;
	return KT_KIND_NONE;
}

static bool ask_kind(struct kt_settings *settings, bool with_token, struct kt_error *error)
{
	static const char prompt[] = KT_TEXT(
		"Which way to log in?\n"
		"  1  token   one that you made in the console (PAT or SAT)\n"
		"  2  device  an app for TV, device or command line\n"
		"  3  pkce    a mobile, desktop or single-page app\n"
		"  4  web     a Web backend app\n"
		"  5  jwt     a service app\n");
	const char *end = with_token ? KT_TEXT("Number or word [1]: ")
	                             : KT_TEXT("Number or word of the app: ");
	KT_CLEANUP(kt_text_free) char *question = NULL;

	if (!kt_text_format(&question, error, "%s%s", kt_translate(prompt), kt_translate(end)))
		return false;
	for (int left = KT_LOGIN_TRIES - 1;; left--) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };

		if (!kt_terminal_ask(question, &line, error))
			return false;
		settings->kind = with_token && kt_secret_is_empty(&line)
			? KT_KIND_PAT : kind_typed(kt_secret_reveal(&line));
		if (settings->kind != KT_KIND_NONE &&
		    (with_token || settings->kind != KT_KIND_PAT))
			return true;
		if (left == 0)
			return kt_fail(error, KT_ERROR_USAGE, "login: KIND must be token, device, "
			               "pkce, web or jwt");
		kt_report_note("type a number from %d to 5, try again (%d left)",
		               with_token ? 1 : 2, left);
	}
}

/*
 * Settles the way to log in. If no option shows it, the person is asked. An account's name
 * without any option means a token.
 */
static bool settle_way(const struct kt_login_options *login, struct kt_settings *settings,
                       struct kt_error *error)
{
	if (kt_kind_is_fixed(settings->kind) && login->like && !kt_terminal_is_interactive()) {
		const char *name = login->account ? login->account : login->like;
		struct kt_shell_word word;

		kt_fail(error, KT_ERROR_USAGE, "login: %s is a token, not an app: it cannot be renewed, "
		        "only replaced by a new one", login->like);
		return kt_advise(error, "make one in the console and give it on stdin: keyturn login %s "
		                 "--with-token", kt_shell_word(&word, name, "ACCOUNT"));
	}
	if (settings->kind != KT_KIND_NONE)
		return true;
	if (!kt_terminal_is_interactive())
		return fail_no_way(settings, error);
	if (is_bare(login) && login->account) {
		settings->kind = KT_KIND_PAT;
		return true;
	}
	return ask_kind(settings, is_bare(login), error);
}

static bool log_in(struct kt_keeper *keeper, struct kt_login_options *login, struct kt_error *error)
{
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
	KT_CLEANUP(kt_identity_clear) struct kt_identity identity = { 0 };

	if (!look_for_account(keeper, login, &identity, error) ||
	    !take_service(keeper, login, &identity, error) ||
	    !kt_login_read_settings(keeper, login, &settings, &identity, error) ||
	    !settle_way(login, &settings, error))
		return false;
	if (kt_kind_is_fixed(settings.kind))
		return kt_login_with_token(keeper, login, &settings, &identity, error);
	return kt_login_with_app(keeper, login, &settings, &identity, error);
}

static struct kt_option option_of(const struct kt_setting *row, struct kt_login_given *given)
{
	bool is_flag = row->type == KT_SETTING_FLAG;

	return (struct kt_option){
		.name = row->option,
		.values = is_flag ? 0 : row->type == KT_SETTING_LIST ? KT_SETTING_VALUES : 1,
		.target = is_flag ? (void *)&given->is_set : given->values,
	};
}

/* The options of the settings behind those of the command itself. */
static size_t add_options(struct kt_login_options *login, struct kt_option *options, size_t count)
{
	for (size_t i = 0; i < kt_setting_count; i++)
		if (kt_setting_rows[i].option)
			options[count++] = option_of(&kt_setting_rows[i], &login->given[i]);
	return count;
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	struct kt_login_options login = { 0 };
	const struct kt_option own[] = {
		{ "with-token", false, &login.with_token },
		{ "kind", true, &login.kind },
		{ "site", true, &login.site },
		{ "expires", true, &login.expires },
		{ "config", true, &login.config },
		{ "from-env", false, &login.from_environment },
		{ "env-file", true, &login.env_file },
		{ "like", true, &login.like },
		{ "no-browser", false, &login.no_browser },
		{ "paste", false, &login.paste },
		{ "check", false, &login.check },
		{ "replace", false, &login.replaces },
		{ "force", false, &login.forces },
	};
	struct kt_option options[KT_COUNT(own) + KT_SETTINGS_MAXIMUM];
	size_t count;

	memcpy(options, own, sizeof(own));
	count = add_options(&login, options, KT_COUNT(own));
	return kt_command_read_account(options, count, argc, argv, &login.account, error) &&
	       log_in(keeper, &login, error);
}

const struct kt_command kt_command_login = {
	.name = "login",
	.synopsis = "[ACCOUNT] (--site coze.cn|coze.com | --api-base URL | --issuer URL | "
	            "--resource URL) [--with-token | --kind KIND] [OPTION...]",
	.summary = "keep a login: a token, or an app that gets tokens",
	.details = "--with-token                a PAT or SAT from stdin, or typed without echo\n"
	           "--kind KIND                 of an app: web, pkce, device or jwt; oauth,\n"
	           "                            client-credentials or token-exchange with\n"
	           "                            --issuer; else found from what is given\n"
	           "--site SITE                 coze.cn or coze.com\n"
	           "--like ACCOUNT              site, kind, client and secrets as that one has "
	           "them;\n"
	           "                            for an account that is there its name is enough\n"
	           "--config FILE               coze_oauth_config.json, as Coze's console exports "
	           "it\n"
	           "--from-env, --env-file FILE the COZE_* variables of Coze's SDK guides\n"
	           "--no-browser                print the address, open nothing\n"
	           "--paste                     the address at which the browser ends is pasted\n"
	           "--check                     ask the service whether the token works; without "
	           "this\n"
	           "                            option too, if it is typed at a terminal\n"
	           "--replace                   an account of another kind or person\n"
	           "--force                     store a token that has not the form of Coze's\n"
	           "--expires DAYS|DATE|never   when a token ends: keyturn warns, and never blocks\n"
	           "The settings of the app:\n",
	.describe = kt_settings_describe,
	.run = run,
};

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/find.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/terminal.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* The caller named neither a way to log in nor where settings are found. */
static bool is_bare(const struct kt_login_options *login)
{
	return !login->with_token && !login->kind && !login->client_id && !login->issuer &&
	       !login->private_key_file && !login->client_secret_file && !login->config &&
	       !login->from_environment && !login->env_file && !login->like;
}

/*
 * True if the login may be to a stored account: a name alone, or one with '@' (NAME@SITE,
 * NAME@HOST).
 */
static bool may_be_stored(const struct kt_login_options *login)
{
	return login->account && !login->site && !login->api_base && !login->issuer &&
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

static bool ask_kind(struct kt_settings *settings, bool with_token, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };

	if (!kt_terminal_ask(with_token
	                     ? "Which way: token, device, pkce, web or jwt? [token] "
	                     : "The app's client type: device, pkce, web or jwt? ", &line, error))
		return false;
	settings->kind = kt_kind_from_name(kt_secret_reveal(&line));
	if (with_token && (kt_secret_is_empty(&line) ||
	                   strcmp(kt_secret_reveal(&line), "token") == 0))
		settings->kind = KT_KIND_PAT;
	return (settings->kind != KT_KIND_NONE && settings->kind < KT_KIND_OAUTH) ||
	       kt_fail(error, KT_ERROR_USAGE, "login: KIND must be token, device, pkce, web or jwt");
}

/*
 * Settles the way to log in. If no option shows it, the person is asked. An account's name
 * without any option means a token.
 */
static bool settle_way(const struct kt_login_options *login, struct kt_settings *settings,
                       struct kt_error *error)
{
	if (kt_kind_is_fixed(settings->kind) && login->like && !kt_terminal_is_interactive()) {
		kt_fail(error, KT_ERROR_USAGE, "login: a %s cannot be renewed, only replaced by a new "
		        "one", kt_kind_name(settings->kind));
		return kt_advise(error, "make one in the console and give it on stdin: add --with-token");
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
	    !kt_login_read_settings(keeper, login, &settings, &identity, error) ||
	    !settle_way(login, &settings, error))
		return false;
	if (kt_kind_is_fixed(settings.kind))
		return kt_login_with_token(keeper, login, &settings, &identity, error);
	return kt_login_with_app(keeper, login, &settings, &identity, error);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	struct kt_login_options login = { 0 };
	const struct kt_option options[] = {
		{ "with-token", false, &login.with_token },
		{ "kind", true, &login.kind },
		{ "site", true, &login.site },
		{ "api-base", true, &login.api_base },
		{ "www-base", true, &login.www_base },
		{ "issuer", true, &login.issuer },
		{ "host", true, &login.host },
		{ "scope", true, &login.scope },
		{ "resource", true, &login.resource },
		{ "expires", true, &login.expires },
		{ "authtype", true, &login.authtype },
		{ "git-username", true, &login.git_username },
		{ "client-id", true, &login.client_id },
		{ "client-secret-file", true, &login.client_secret_file },
		{ "private-key-file", true, &login.private_key_file },
		{ "public-key-id", true, &login.public_key_id },
		{ "redirect-uri", true, &login.redirect_uri },
		{ "workspace-id", true, &login.workspace_id },
		{ "account-id", true, &login.account_id },
		{ "enterprise-id", true, &login.enterprise_id },
		{ "session-name", true, &login.session_name },
		{ "device-id", true, &login.device_id },
		{ "custom-consumer", true, &login.custom_consumer },
		{ "scope-file", true, &login.scope_file },
		{ "duration", true, &login.duration },
		{ "ca-file", true, &login.ca_file },
		{ "config", true, &login.config },
		{ "from-env", false, &login.from_environment },
		{ "env-file", true, &login.env_file },
		{ "like", true, &login.like },
		{ "no-browser", false, &login.no_browser },
		{ "paste", false, &login.paste },
		{ "check", false, &login.check },
	};

	if (!kt_command_read_account(options, KT_COUNT(options), argc, argv, &login.account,
	                             error))
		return false;
	if (login.authtype && strcmp(login.authtype, "bearer") != 0)
		return kt_fail(error, KT_ERROR_USAGE, "login: --authtype is bearer or left out");
	return log_in(keeper, &login, error);
}

const struct kt_command kt_command_login = {
	.name = "login",
	.synopsis = "[ACCOUNT] (--site coze.cn|coze.com | --api-base URL | --issuer URL) "
	            "[--with-token | --kind KIND] "
	            "[OPTION...]",
	.summary = "keep a login: a token, or an app that gets tokens",
	.details = "--with-token          a PAT or SAT from stdin, or typed without echo\n"
	           "--kind KIND           of an app: web, pkce, device or jwt; oauth with --issuer;\n"
	           "                      else found from what is given\n"
	           "--site, --api-base    the service it is for (else COZE_API_BASE, else asked)\n"
	           "--www-base URL        where its pages for people are, if elsewhere\n"
	           "--issuer URL          log in at any OAuth or OpenID server\n"
	           "--host HOST           where its token may go; default the issuer's host\n"
	           "--scope TEXT, --resource URI   what is asked of it\n"
	           "--client-id ID        of the app\n"
	           "--client-secret-file FILE   a web app's secret; - for stdin\n"
	           "--private-key-file FILE     a service app's key; - for stdin\n"
	           "--public-key-id KID         the fingerprint that the console shows for it\n"
	           "--redirect-uri URI    where a browser ends; default "
	           "http://127.0.0.1:8080/callback\n"
	           "--workspace-id ID     a token for this workspace alone\n"
	           "--no-browser          print the address, open nothing\n"
	           "--paste               the address at which the browser ends is pasted\n"
	           "--account-id ID, --enterprise-id ID   in whose name a service app acts\n"
	           "--session-name NAME, --duration SECONDS, --scope-file FILE   of its tokens\n"
	           "--device-id ID, --custom-consumer ID  what an enterprise meters by\n"
	           "--config FILE         the coze_oauth_config.json that Coze's console exports\n"
	           "--from-env, --env-file FILE   the COZE_* variables of Coze's SDK guides\n"
	           "--like ACCOUNT        site, kind, client and secrets as that one has them;\n"
	           "                      for an account that is there its name alone is enough\n"
	           "--ca-file FILE        trust these certificates for this service, no others\n"
	           "--check               ask the service whether the token works\n"
	           "--expires DAYS|DATE|never   when a token ends: keyturn warns, and never blocks\n"
	           "--authtype bearer     git gets it as a Bearer token (git 2.46 or newer)\n"
	           "--git-username NAME   what git is told as user name\n",
	.run = run,
};

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/keeper/account/find.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/token_lookup.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* env(1): 125 our own failure, 126 the command cannot be run, 127 there is none. */
#define STATUS_OURS 125
#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND 127

/* True for a variable's name that a shell takes. */
static bool check_name(const char *name, struct kt_error *error)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";

	if (*name && strchr(first, *name) &&
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") ==
	    strlen(name))
		return true;
	return kt_fail(error, KT_ERROR_USAGE, "run: --env takes the name of a variable");
}

/* The place of "--", which stands before the command. */
static bool find_command(int argc, char **argv, int *separator, struct kt_error *error)
{
	for (int i = 1; i < argc - 1; i++) {
		if (strcmp(argv[i], "--") == 0) {
			*separator = i;
			return true;
		}
	}
	kt_fail(error, KT_ERROR_USAGE, "run: no command stands behind --");
	return kt_advise(error, "for example: keyturn run work -- python3 bot.py");
}

static bool set_environment(struct kt_keeper *keeper, const char *name,
                            const struct kt_answer *answer, struct kt_error *error)
{
	environ = keeper->environment;
	if (setenv(name, kt_secret_reveal(&answer->secret), 1) == 0 &&
	    setenv("COZE_API_BASE", answer->service, 1) == 0)
		return true;
	return kt_fail_memory(error);
}

static bool set_variable(const char *app, const char *name, const char *value,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *variable = NULL;

	return !value || !*value ||
	       (kt_text_format(&variable, error, "COZE_%s_OAUTH_%s", app, name) &&
	        (setenv(variable, value, 1) == 0 || kt_fail_memory(error)));
}

/* The app itself instead of a token: for a program that logs in with Coze's SDK. */
static bool set_app(struct kt_keeper *keeper, const struct kt_credential *credential,
                    struct kt_error *error)
{
	const char *app = credential->kind == KT_KIND_WEB ? "WEB"
		: credential->kind == KT_KIND_PKCE ? "PKCE"
		: credential->kind == KT_KIND_DEVICE ? "DEVICE"
		: credential->kind == KT_KIND_JWT ? "JWT" : NULL;

	if (!app) {
		kt_fail(error, KT_ERROR_USAGE,
		        "run: --app is for an app of Coze; this account is a %s",
		        kt_kind_name(credential->kind));
		return kt_advise(error, "leave --app out: the command gets the token");
	}
	environ = keeper->environment;
	if (setenv("COZE_API_BASE", credential->api_base, 1) != 0)
		return kt_fail_memory(error);
	return set_variable(app, "CLIENT_ID", credential->client_id, error) &&
	       set_variable(app, "CLIENT_SECRET", kt_secret_reveal(&credential->client_secret),
	                    error) &&
	       set_variable(app, "REDIRECT_URI", credential->redirect_uri, error) &&
	       set_variable(app, "PRIVATE_KEY", kt_secret_reveal(&credential->private_key),
	                    error) &&
	       set_variable(app, "PUBLIC_KEY_ID", credential->public_key_id, error);
}

static bool prepare(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	struct kt_token_lookup lookup = { .nine_tenths_left = true };
	const char *name = NULL;
	bool app = false;
	const struct kt_option options[] = {
		KT_TOKEN_LOOKUP_OPTIONS(&lookup),
		{ "env", true, &name },
		{ "app", false, &app },
	};

	if (!kt_command_read_account(options, KT_COUNT(options), argc, argv, &lookup.account,
	                             error) ||
	    (name && !check_name(name, error)))
		return false;
	if (app)
		return kt_account_find(keeper, lookup.account, KT_ACCOUNT_TOKEN, &credential,
		                       error) &&
		       set_app(keeper, &credential, error);
	if (!kt_token_lookup_answer(keeper, &lookup, &credential, &answer, error))
		return false;
	return set_environment(keeper, name ? name : "COZE_API_TOKEN", &answer, error);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	int separator = 0;
	int reason;

	if (!find_command(argc, argv, &separator, error) ||
	    !prepare(keeper, separator, argv, error)) {
		kt_advise(error, "run: keyturn help run");
		kt_report_failure(error, false);
		exit(STATUS_OURS);
	}
	kt_keeper_clear(keeper);
	signal(SIGPIPE, keeper->sigpipe);
	signal(SIGXFSZ, keeper->sigxfsz);
	execvp(argv[separator + 1], argv + separator + 1);
	reason = errno;
	kt_report_note("the command cannot be run: %s", strerror(reason));
	exit(reason == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

const struct kt_command kt_command_run = {
	.name = "run",
	.synopsis = "[ACCOUNT] [--min-valid SECONDS] [--env NAME] [--app] [--session-name NAME] "
		    "[--duration SECONDS] [--scope-file FILE] "
		    "[--from-env | --env-file FILE | --config FILE] [--kind KIND] -- COMMAND "
	            "[ARGUMENT...]",
	.summary = "run a command with the token in its environment",
	.details =
		"The command finds COZE_API_TOKEN and COZE_API_BASE in its environment.\n"
		"--env NAME  the token's variable, instead of COZE_API_TOKEN\n"
		"--app       the app's own COZE_..._OAUTH_... settings instead of a token\n"
		"Exit status: the command's; 125 a failure of keyturn, 126 the command cannot be\n"
		"run, 127 it is not found.\n",
	.run = run,
};

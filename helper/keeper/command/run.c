/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/become.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/loan.h"
#include "helper/keeper/command/run_seal.h"
#include "helper/keeper/command/run_tool.h"
#include "helper/keeper/command/run_watch.h"
#include "helper/keeper/command/token_lookup.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"

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

static bool is_program(const char *word)
{
	const char *path = kt_environment_get("PATH");

	while (path && *path) {
		KT_CLEANUP(kt_text_free) char *file = NULL;
		struct kt_error ignored = { 0 };
		size_t length = strcspn(path, ":");

		if (!strchr(word, '/') &&
		    kt_text_format(&file, &ignored, "%.*s/%s", (int)length, path, word) &&
		    access(file, X_OK) == 0)
			return true;
		path += length + (path[length] == ':');
	}
	return false;
}

/* The person's own words, with "--" before the command. */
static bool advise_separator(int argc, char **argv, struct kt_error *error)
{
	char words[200] = "";
	size_t length = 0;
	int command = argc > 2 && !is_program(argv[1]) ? 2 : 1;

	for (int i = 1; i < argc && i < 8; i++) {
		if (!kt_become_may_show(argv[i]) || length + strlen(argv[i]) + 5 > sizeof(words))
			return kt_advise(error, "put -- before the command, for example: keyturn run "
			                 "work -- python3 bot.py");
		length += (size_t)snprintf(words + length, sizeof(words) - length, "%s %s",
		                           i == command ? " --" : "", argv[i]);
	}
	return kt_advise(error, "put -- before the command: keyturn run%s", words);
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
	if (argc > 1 && strcmp(argv[argc - 1], "--") != 0) {
		kt_fail(error, KT_ERROR_USAGE, "run: the -- before the command is missing");
		return advise_separator(argc, argv, error);
	}
	kt_fail(error, KT_ERROR_USAGE, "run: no command stands behind --");
	return kt_advise(error, "for example: keyturn run work -- python3 bot.py");
}

/* *expires: the end of the token; 0: none is known, or the command gets none. */
static bool prepare(struct kt_keeper *keeper, int argc, char **argv, int64_t *expires,
                    struct kt_run_seal *seal, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	KT_CLEANUP(kt_loan_clear) struct kt_loan loan = { 0 };
	struct kt_token_lookup lookup = { 0 };
	const struct kt_run_tool *tool = NULL;
	const char *tool_name = NULL;
	const char *variable = NULL;
	bool app = false;
	const struct kt_option options[] = {
		KT_TOKEN_LOOKUP_OPTIONS(&lookup),
		{ "env", true, &variable },
		{ "tool", true, &tool_name },
		{ "app", false, &app },
		{ "proxy", false, &loan.is_wanted },
		KT_LOAN_OPTIONS(&loan),
		KT_RUN_SEAL_OPTIONS(seal),
	};

	if (!kt_command_read_account(options, KT_COUNT(options), argc, argv, &lookup.account,
	                             error) ||
	    (variable && !check_name(variable, error)) ||
	    !kt_run_tool_find(tool_name, &tool, error) || !kt_run_seal_check(seal, error))
		return false;
	if (app && (variable || tool_name || loan.is_wanted))
		return kt_fail(error, KT_ERROR_USAGE, "run: --app gives no token, so it goes with none "
		               "of --env, --tool and --proxy");
	/* A token that a proxy holds is renewed when it is due. */
	lookup.nine_tenths_left = !loan.is_wanted;
	if (!kt_loan_check(&loan, &lookup, tool, error) || !kt_loan_begin(&loan, error))
		return false;
	if (app ? !kt_token_lookup_app(keeper, &lookup, &credential, error)
	        : !kt_token_lookup_answer(keeper, &lookup, &credential, &answer, error))
		return false;
	*expires = loan.is_wanted ? 0 : answer.expires ? answer.expires : credential.expires;
	environ = keeper->environment;
	if (!kt_loan_serve(&loan, &lookup, &credential, &answer, error))
		return false;
	return app ? kt_run_tool_set_app(&credential, error)
	           : kt_run_tool_set_token(tool, variable, &credential, &answer, error);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	int separator = 0;
	int64_t expires = 0;
	struct kt_run_seal seal = { 0 };
	int status;

	if (!find_command(argc, argv, &separator, error) ||
	    !prepare(keeper, separator, argv, &expires, &seal, error)) {
		kt_advise(error, "run: keyturn help run");
		kt_report_failure(error, false);
		exit(KT_BECOME_OURS);
	}
	kt_keeper_clear(keeper);
	kt_run_watch_start(expires, kt_become_name(argv[separator + 1]));
	signal(SIGPIPE, keeper->sigpipe);
	signal(SIGXFSZ, keeper->sigxfsz);
	status = kt_run_seal_become(&seal, argv + separator + 1, error);
	kt_report_failure(error, false);
	exit(status);
}

const struct kt_command kt_command_run = {
	.name = "run",
	.synopsis = "[ACCOUNT] [--min-valid SECONDS] [--env NAME] [--tool TOOL | --app] "
		    "[--session-name NAME] "
		    "[--duration SECONDS] [--scope-file FILE] "
		    "[--proxy [--allow RULE]... [--max-requests N] [--for TIME] [--allow-origin URL] "
		    "[--log FILE]] "
		    "[--from-env | --env-file FILE | --config FILE] [--kind KIND] "
		    "[--sealed[=basic] [--keep PATH]... [--read-only [--write PATH]...]] -- COMMAND "
	            "[ARGUMENT...]",
	.summary = "run a command with the token in its environment",
	.details =
		"The command finds COZE_API_TOKEN and COZE_API_BASE in its environment, under every\n"
		"name that the tool reads, and no variable that names another account.\n"
		"--env NAME   the token's variable, instead of COZE_API_TOKEN and its like\n"
		"--tool TOOL  what reads it: see below\n"
		"--app        the app's own COZE_..._OAUTH_... settings instead of a token\n"
		"--proxy      a placeholder instead of the token, and an address of this machine\n"
		"             at which requests with it get the token, renewed when it is due\n"
		"  --allow RULE      'POST /v3/chat', 'GET /v1/*': nothing else passes\n"
		"  --max-requests N  no more than so many\n"
		"  --for TIME        no longer than 90s, 30m, 8h or 2d\n"
		"  --allow-origin URL  pages of this origin may ask too: http://localhost:5173\n"
		"  --log FILE        a line for each request: method, path, status, bytes, time\n"
		"--sealed     the command reaches no keyring, agent or other process of yours; what a\n"
		"             seal cannot stop is told in keyturn(1). =basic: a weaker one, for systems\n"
		"             that forbid user namespaces\n"
		"--keep PATH  what the seal would cover stays (it covers /run, /tmp and /dev/shm)\n"
		"--read-only  in the seal the home can be read alone, but for the working directory\n"
		"--write PATH and for PATH\n"
		"Exit status: the command's; 125 a failure of keyturn, 126 the command cannot be\n"
		"run, 127 it is not found.\n",
	.describe = kt_run_tool_describe,
	.run = run,
};

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/help.h"
#include "helper/keeper/keeper.h"
#include "helper/language.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/suggestion.h"
#include "keyring/text.h"
#include "keyring/translate.h"

static const struct kt_command *const commands[] = {
	&kt_command_login,  &kt_command_token,   &kt_command_header,     &kt_command_run,
	&kt_command_lend,
	&kt_command_list,   &kt_command_show,    &kt_command_set,        &kt_command_default,
	&kt_command_logout, &kt_command_status,  &kt_command_refresh,    &kt_command_reject,
	&kt_command_bind,   &kt_command_unbind,  &kt_command_allow,      &kt_command_which,
	&kt_command_lock,   &kt_command_unlock, &kt_command_setup,
	&kt_command_providers, &kt_command_scan, &kt_command_import,
	&kt_command_aws, &kt_command_kubernetes,
	&kt_command_cargo,  &kt_command_goauth, &kt_command_netrc,     &kt_command_npm,
	&kt_command_sasl,   &kt_command_google,
	&kt_command_vault,  &kt_command_doctor,  &kt_command_get,        &kt_command_store,
	&kt_command_erase,  &kt_command_capability,
};

static const struct kt_command *find_command(const char *name)
{
	for (size_t i = 0; i < KT_COUNT(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static bool is_git_helper(const char *program)
{
	const char *slash = strrchr(program, '/');

	return strcmp(slash ? slash + 1 : program, "git-credential-keyturn") == 0;
}

static bool fail_command(const char *word, struct kt_error *error)
{
	/* Words that other programs have for it. */
	static const struct {
		const char *word;
		const char *command;
	} others[] = {
		{ "ls", "list" }, { "rm", "logout" }, { "delete", "logout" }, { "remove", "logout" },
		{ "whoami", "status" }, { "signin", "login" }, { "add", "login" }, { "exec", "run" },
		{ "use", "default" }, { "switch", "default" }, { "print", "token" }, { "auth", "login" },
		{ "info", "show" }, { "rename", "set" }, { "check", "doctor" }, { "renew", "refresh" },
	};
	struct kt_suggestion suggestion = { 0 };

	if (!kt_command_may_show(word, strlen(word))) {
		kt_fail(error, KT_ERROR_USAGE, "there is no such command");
		return kt_advise(error, "run: keyturn help");
	}
	kt_fail(error, KT_ERROR_USAGE, "there is no command %s", word);
	for (size_t i = 0; i < KT_COUNT(commands); i++)
		kt_suggestion_consider(&suggestion, word, commands[i]->name);
	for (size_t i = 0; i < KT_COUNT(others) && !suggestion.word; i++)
		if (strcmp(others[i].word, word) == 0)
			suggestion.word = others[i].command;
	if (suggestion.word)
		return kt_advise(error, "did you mean %s? run: keyturn help %s", suggestion.word,
		                 suggestion.word);
	return kt_advise(error, "run: keyturn help");
}

static bool print_help(int argc, char **argv, struct kt_error *error)
{
	const struct kt_command *command = argc > 1 ? find_command(argv[1]) : NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };

	if (argc > 1 && !command) {
		return fail_command(argv[1], error);
	}
	return (command ? kt_help_command(command, &output, error)
	                : kt_help_overview(commands, KT_COUNT(commands), &output, error)) &&
	       kt_report_lines(&output, error);
}

static bool print_version(struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };

	return kt_secret_append_text(&output, "keyturn " PACKAGE_VERSION "\n", error) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

/* Adds a remedy to an error that has none: every failure is promised one. */
static bool advise(const struct kt_command *command, struct kt_error *error)
{
	switch (error->code) {
	case KT_ERROR_USAGE:
		return kt_advise(error, "run: keyturn help %s", command->name);
	case KT_ERROR_INTERNAL:
		return kt_advise(error, "run it again with KEYTURN_TRACE=1, and report what it says");
	default:
		return kt_advise(error, "run: keyturn doctor");
	}
}

/* Programs read it: its messages are English in every language. */
static void want_json(struct kt_keeper *keeper)
{
	keeper->wants_json = true;
	kt_translate_by(NULL);
}

/* argv[0] is the command. --json before "--" makes even a refusal of the options JSON. */
static bool run_command(const struct kt_command *command, struct kt_keeper *keeper, int argc,
                        char **argv, struct kt_error *error)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return print_help(2, (char *[]){ argv[0], argv[0], NULL }, error);
		if (strcmp(argv[i], "--json") == 0)
			want_json(keeper);
	}
	return command->run(keeper, argc, argv, error) || advise(command, error);
}

/*
 * git appends the operation to its setting credential.helper. Words before it are left over from
 * another helper, or meant an account; git goes on without an answer.
 */
static void tell_of_words(const char *word)
{
	size_t length = strcspn(word, "=");
	bool is_shown = kt_command_may_show(word, length);

	kt_report_note("git's credential.helper has %.*s behind keyturn, which takes no words there: "
	               "git gets no answer", is_shown ? (int)length : 6, is_shown ? word : "a word");
	if (word[0] == '-' || !is_shown)
		kt_report_note("run: git config --global credential.helper keyturn");
	else
		kt_report_note("run: git config --global credential.helper keyturn; to choose the "
		               "account: git config --global credential.username %s", word);
}

static bool dispatch(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	const struct kt_tool *tool = kt_tool_of_program(argv[0]);
	bool is_git = is_git_helper(argv[0]);
	const struct kt_command *command = argc > 1 ? find_command(argv[1]) : NULL;

	if (tool)
		return kt_command_speak(keeper, tool, argc, argv, error);
	/* cargo starts a provider with this word alone. */
	if (argc == 2 && strcmp(argv[1], "--cargo-plugin") == 0)
		return kt_command_speak(keeper, &kt_tool_cargo, 1, argv, error);
	if (argc > 1 && strcmp(argv[1], kt_command_renew_ahead.name) == 0)
		command = &kt_command_renew_ahead;
	if (argc > 1 && strcmp(argv[1], kt_command_complete.name) == 0)
		command = &kt_command_complete;
	if (argc > 1 && strcmp(argv[1], kt_command_lend_token.name) == 0)
		command = &kt_command_lend_token;
	if (is_git && argc > 2) {
		tell_of_words(argv[1]);
		return true;
	}
	if (command)
		return run_command(command, keeper, argc - 1, argv + 1, error);
	/* git: an operation that is not known is ignored in silence. */
	if (is_git && argc > 1)
		return true;
	if (argc > 1 && (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	                 strcmp(argv[1], "-h") == 0))
		return print_help(argc - 1, argv + 1, error);
	if (argc > 1 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0 ||
	                 strcmp(argv[1], "version") == 0))
		return print_version(error);
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--json") == 0)
			want_json(keeper);
	if (argc > 1)
		return fail_command(argv[1], error);
	kt_fail(error, KT_ERROR_USAGE, "no command is given");
	return kt_advise(error, "run: keyturn help");
}

/*
 * Conditions for reading anything secret (docs/safety.md, B3). Variables that would load code
 * or log keys are dropped for the keeper; run gives its command the environment as it was.
 */
static bool prepare(struct kt_keeper *keeper, struct kt_error *error)
{
	static const char *const dropped[] = {
		"GIO_EXTRA_MODULES", "GIO_MODULE_DIR", "GIO_USE_VFS", "GIO_USE_PROXY_RESOLVER",
		"OPENSSL_CONF", "OPENSSL_MODULES", "SSLKEYLOGFILE", "SECRET_BACKEND",
		"SECRET_FILE_TEST_PATH", "G_MESSAGES_DEBUG", "G_DEBUG", "GCONV_PATH", "LOCPATH",
	};
	size_t count = 0;

	if (getauxval(AT_SECURE)) {
		kt_fail(error, KT_ERROR_UNSAFE, "keyturn refuses to run with another's rights");
		return kt_advise(error, "remove the set-user-ID bit from keyturn");
	}
	prctl(PR_SET_DUMPABLE, 0);
	keeper->sigpipe = signal(SIGPIPE, SIG_IGN);
	/* A file that may not grow is an error to report, not a reason to die. */
	keeper->sigxfsz = signal(SIGXFSZ, SIG_IGN);
	while (environ[count])
		count++;
	keeper->environment = calloc(count + 1, sizeof(char *));
	if (!keeper->environment)
		return kt_fail_memory(error);
	memcpy(keeper->environment, environ, count * sizeof(char *));
	for (size_t i = 0; i < KT_COUNT(dropped); i++)
		unsetenv(dropped[i]);
	return true;
}

int main(int argc, char **argv)
{
	KT_CLEANUP(kt_keeper_clear) struct kt_keeper keeper = { 0 };
	struct kt_error error = { 0 };

	if (argc < 1)
		return kt_error_exit_status(KT_ERROR_USAGE);
	kt_translate_by(kt_language_translate);
	if (prepare(&keeper, &error)) {
		kt_report_start(kt_environment_get("KEYTURN_TRACE"));
		if (dispatch(&keeper, argc, argv, &error))
			return 0;
	}
	kt_report_failure(&error, keeper.wants_json);
	return kt_error_exit_status(error.code);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/loan.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

/* The variable that has to be set where the socket is used. */
static bool print_placeholder(const struct kt_loan *loan, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };

	return kt_secret_append_text(&line, "COZE_API_TOKEN=", error) &&
	       kt_secret_append(&line, kt_secret_reveal(&loan->placeholder),
	                        kt_secret_length(&loan->placeholder), error) &&
	       kt_secret_append_text(&line, "\n", error) &&
	       kt_answer_send(STDOUT_FILENO, &line, error);
}

static void tell(const struct kt_loan *loan, const struct kt_answer *answer)
{
	struct kt_shell_word path;

	if (isatty(STDERR_FILENO))
		kt_report_note("%s is lent at %s until Ctrl-C", answer->account,
		               kt_shell_word(&path, loan->path, "the socket"));
}

/* Becomes the steward. */
static bool lend(struct kt_keeper *keeper, struct kt_loan *loan,
                 const struct kt_token_lookup *lookup, bool wants_placeholder,
                 struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };

	if (!kt_token_lookup_answer(keeper, lookup, &credential, &answer, error) ||
	    (wants_placeholder && !kt_loan_make_placeholder(loan, error)) ||
	    !kt_proxy_open(&loan->proxy, loan->path, loan->guest ? 0666 : 0600, loan->log, error))
		return false;
	if (!kt_loan_compose(loan, lookup, &credential, &answer, &message, error) ||
	    (wants_placeholder && !print_placeholder(loan, error))) {
		unlink(loan->path);
		return false;
	}
	tell(loan, &answer);
	environ = keeper->environment;
	kt_keeper_clear(keeper);
	if (!kt_proxy_become(&loan->proxy, &message, error))
		unlink(loan->path);
	return false;
}

/* The room asks the kernel for the user of each connection; the socket's mode lets him come. */
static bool read_guest(struct kt_loan *loan, const char *text, struct kt_error *error)
{
	if (!text || kt_text_to_number(text, strlen(text), 1, UINT32_MAX - 1, &loan->guest))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "--peer-uid is not the number of a user");
	return kt_advise(error, "give the number that this system knows the user by: id -u NAME");
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_loan_clear) struct kt_loan loan = { .is_wanted = true };
	struct kt_token_lookup lookup = { 0 };
	bool wants_placeholder = false;
	const char *guest = NULL;
	const struct kt_option options[] = {
		{ "socket", true, &loan.path },
		{ "peer-uid", true, &guest },
		{ "placeholder", false, &wants_placeholder },
		{ "session-name", true, &lookup.session_name },
		{ "duration", true, &lookup.duration },
		{ "scope-file", true, &lookup.scope_file },
		KT_LOAN_OPTIONS(&loan),
	};

	if (!kt_command_read_account(options, KT_COUNT(options), argc, argv, &lookup.account, error))
		return false;
	if (!lookup.account || !loan.path) {
		kt_fail(error, KT_ERROR_USAGE, "lend: name the account and the socket");
		return kt_advise(error, "for example: keyturn lend work --socket "
		                 "\"$XDG_RUNTIME_DIR/coze.sock\" --for 1h");
	}
	return read_guest(&loan, guest, error) && kt_loan_check(&loan, &lookup, NULL, error) &&
	       lend(keeper, &loan, &lookup, wants_placeholder, error);
}

const struct kt_command kt_command_lend = {
	.name = "lend",
	.synopsis = "ACCOUNT --socket PATH [--peer-uid UID] [--for TIME] [--allow RULE]... "
	            "[--max-requests N] [--allow-origin URL] [--log FILE] [--placeholder] "
	            "[--session-name NAME] [--duration SECONDS] [--scope-file FILE]",
	.summary = "let a container or an SSH session use an account through a socket",
	.details =
		"Requests that reach the socket get the account's token on their way to its service;\n"
		"whoever sends them never sees it. Stays until Ctrl-C, or to the end of --for.\n"
		"--socket PATH     a unix socket, in a directory that is yours alone\n"
		"--peer-uid UID    processes of this user may come too, as those of a container\n"
		"--for TIME        90s, 30m, 8h or 2d\n"
		"--allow RULE      'POST /v3/chat', 'GET /v1/*': nothing else passes\n"
		"--max-requests N  no more than so many\n"
		"--allow-origin URL\n"
		"                  pages of this origin may ask too\n"
		"--log FILE        a line for each request: method, path, status, bytes, time\n"
		"--placeholder     print a word that requests must have in the token's place\n",
	.run = run,
};

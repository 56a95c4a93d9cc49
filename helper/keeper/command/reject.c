/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/keeper/account/find.h"
#include "helper/keeper/account/pick.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/login/parked.h"
#include "helper/keeper/token/drop.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static bool read_token(struct kt_secret *token, struct kt_error *error)
{
	if (isatty(STDIN_FILENO))
		return kt_terminal_ask_secret("The refused token (not shown; to drop the one that is "
		                              "held: --current): ", token, error);
	return kt_secret_read(token, STDIN_FILENO, 65536, error);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret token = { 0 };
	struct kt_requirement requirement = { 0 };
	bool current = false;
	const struct kt_option options[] = {
		{ "current", false, &current },
		{ "session-name", true, &requirement.session_name },
	};
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_error ignored = { 0 };
	const char *account;
	bool dropped;

	if (!kt_command_read_account(options, KT_COUNT(options), argc, argv, &account, error))
		return false;
	if (!account)
		return kt_fail(error, KT_ERROR_USAGE, "reject: name the account") ||
		       kt_advise(error, "to see the accounts: keyturn list");
	if (!current && !read_token(&token, error))
		return false;
	kt_secret_trim(&token);
	if (!current && kt_secret_is_empty(&token)) {
		kt_fail(error, KT_ERROR_USAGE, "reject: no token came on stdin");
		return kt_advise(error, "give the refused token on stdin, or add --current");
	}
	kt_parked_save(keeper);
	if (!kt_account_find_or_ask(keeper, account, KT_ACCOUNT_TOKEN, &credential, error) ||
	    !kt_drop_token(keeper, &credential, &requirement, current ? NULL : &token, &dropped,
	                   error))
		return false;
	if (dropped && isatty(STDERR_FILENO) &&
	    kt_service_full_name(&credential.identity, &name, &ignored))
		kt_report_note("the token of %s is dropped", name);
	return true;
}

const struct kt_command kt_command_reject = {
	.name = "reject",
	.synopsis = "ACCOUNT [--session-name NAME] [--current]",
	.summary = "the service refused the token on stdin: drop it, keep the grant",
	.details = "--session-name NAME  of a service app: the token of that session\n"
	           "--current            drop whatever token is held, without reading one\n",
	.run = run,
};

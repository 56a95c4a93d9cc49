/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/keeper/account/find.h"
#include "helper/keeper/account/pick.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/change.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/login/parked.h"
#include "helper/keeper/token/refused.h"
#include "helper/keeper/token/service_app.h"
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
	KT_CLEANUP(kt_identity_clear) struct kt_identity identity = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret token = { 0 };
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	struct kt_requirement requirement = { 0 };
	bool current = false;
	const struct kt_option options[] = {
		{ "current", false, &current },
		{ "session-name", true, &requirement.session_name },
	};
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_error ignored = { 0 };
	const char *account;
	bool found;

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
	    !kt_identity_copy(&identity, &credential.identity, error) ||
	    !kt_change_lock(&change, &identity, error) ||
	    !kt_keyring_load(&keeper->keyring, &identity, &credential, &found, error))
		return false;
	if (found && kt_kind_is_app(credential.kind))
		return kt_service_app_reject(keeper, &credential, &requirement,
		                             current ? NULL : &token, error);
	if (!found || (!current && !kt_secret_is_equal(&credential.token, &token))) {
		kt_report_trace("reject: that token is not the current one any more");
		return true;
	}
	kt_change_invalidate(&change);
	if (!kt_refused_mark(&keeper->keyring, &credential, error))
		return false;
	if (isatty(STDERR_FILENO) && kt_service_full_name(&identity, &name, &ignored))
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

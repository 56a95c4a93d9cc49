/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/default.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/pick.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/cache/change.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/login/parked.h"
#include "helper/keeper/oauth/revocation.h"
#include "helper/keeper/token/escrow.h"
#include "helper/keeper/token/rotation.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* Nothing can be told of a damaged item but its name: not whether it was revoked, nor where. */
static bool forget_damaged(struct kt_keeper *keeper, const char *account,
                           const struct kt_error *damage, struct kt_error *error)
{
	const struct kt_identity everything = { 0 };
	size_t count;

	kt_answers_forget(&everything);
	if (!kt_account_erase_damaged(keeper, account, &count, error))
		return false;
	if (count == 0) {
		*error = *damage;
		return false;
	}
	kt_answers_forget(&everything);
	kt_report_note("the damaged login of %s is deleted here", account);
	return true;
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *page = NULL;
	struct kt_error cause = { 0 };
	const char *account;
	bool is_revoked;

	if (!kt_command_read_account(NULL, 0, argc, argv, &account, error))
		return false;
	if (!account)
		return kt_fail(error, KT_ERROR_USAGE, "logout: name the account to forget");
	kt_parked_save(keeper);
	if (!kt_account_find_or_ask(keeper, account, KT_ACCOUNT_FORGET, &credential, &cause)) {
		if (cause.code == KT_ERROR_CORRUPT)
			return forget_damaged(keeper, account, &cause, error);
		*error = cause;
		return false;
	}
	if (!kt_change_begin(&change, &credential.identity, error) ||
	    !kt_keyring_erase(&keeper->keyring, &credential.identity, error) ||
	    !kt_rotation_forget(&credential.identity, error) ||
	    !kt_escrow_forget_login(&credential.identity, error) ||
	    !kt_default_replace(&credential.identity, NULL, error) ||
	    !kt_service_full_name(&credential.identity, &name, error) ||
	    !kt_service_page(&credential.identity, credential.kind, &page, error))
		return false;
	is_revoked = kt_revocation_send(&credential);
	if (is_revoked)
		kt_report_note("%s is forgotten here, and revoked at the service", name);
	else
		kt_report_note("%s is forgotten here", name);
	if (page)
		kt_report_note("the service still takes it until you revoke it: %s", page);
	else if (!is_revoked && credential.kind != KT_KIND_PASSWORD)
		kt_report_note("the service still takes it until it ends, or is revoked on the service's "
		               "own pages");
	return true;
}

const struct kt_command kt_command_logout = {
	.name = "logout",
	.synopsis = "ACCOUNT",
	.summary = "forget an account here, and say where to revoke it",
	.details = "",
	.run = run,
};

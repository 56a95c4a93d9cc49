/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/keeper/account/default.h"
#include "helper/keeper/account/idn.h"
#include "helper/keeper/account/returned.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/cache/change.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/token/refused.h"
#include "helper/keeper/token/service_app.h"
#include "helper/report.h"
#include "helper/request.h"
#include "keyring/cleanup.h"

/* Erases this item if the request's password matches. Without one a PAT or SAT is kept. */
static bool erase_one(struct kt_keyring *keyring, const struct kt_identity *identity,
                      const struct kt_request *request, struct kt_error *error)
{
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	const struct kt_requirement requirement = { .session_name = request->session_name };
	const struct kt_secret *secret = kt_returned_secret(request);
	bool found;

	if (!kt_change_lock(&change, identity, error) ||
	    !kt_keyring_load(keyring, identity, &credential, &found, error))
		return false;
	if (found && credential.kind == KT_KIND_JWT)
		return kt_service_app_reject(keyring, &credential, &requirement, secret, error);
	if (!found || (secret && !kt_secret_is_equal(&credential.token, secret)))
		return true;
	kt_change_invalidate(&change);
	if (credential.kind == KT_KIND_PASSWORD)
		return kt_keyring_erase(keyring, identity, error) &&
		       kt_default_replace(identity, NULL, error);
	if (!secret && kt_kind_is_fixed(credential.kind)) {
		kt_report_trace("erase: a PAT or SAT is deleted by logout alone");
		return true;
	}
	return kt_refused_mark(keyring, &credential, error);
}

/* A damaged item answers nobody, whatever its password was; what is remembered of it goes too. */
static bool erase_damaged(struct kt_keyring *keyring, const struct kt_identity *pattern,
                          struct kt_error *error)
{
	size_t count;

	kt_answers_forget(pattern);
	if (!kt_keyring_erase_damaged(keyring, pattern, &count, error))
		return false;
	kt_answers_forget(pattern);
	return true;
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	struct kt_keyring *keyring;

	(void)argc;
	(void)argv;
	if (!kt_idn_take_git(&request, STDIN_FILENO, error))
		return false;
	if (request.is_foreign)
		return true;
	keyring = kt_keeper_keyring(keeper, error);
	if (!keyring || !kt_returned_search(keyring, &request, &list, error))
		return false;
	if (list.corrupt > 0 && !erase_damaged(keyring, &request.pattern, error))
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (!erase_one(keyring, &list.items[i].identity, &request, error))
			return false;
	return true;
}

const struct kt_command kt_command_erase = {
	.name = "erase",
	.synopsis = "",
	.summary = "drop the login that git's lines on stdin describe",
	.details = "With a password only the login that has it. A password is deleted; of an OAuth\n"
	           "login the access token alone is dropped; a PAT or SAT is marked as refused and\n"
	           "deleted by logout alone.\n",
	.run = run,
};

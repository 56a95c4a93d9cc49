/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/pick.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/stamp.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/prefetch.h"
#include "helper/keeper/login/parked.h"
#include "helper/keeper/token/token.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

static bool refresh_one(struct kt_keeper *keeper, struct kt_credential *credential,
                        const struct kt_requirement *requirement, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_shell_word word;

	if (kt_kind_is_grant(credential->kind))
		return kt_token_renew(keeper, credential, requirement, error);
	if (!kt_service_full_name(&credential->identity, &name, error))
		return false;
	kt_fail(error, KT_ERROR_USAGE, "refresh: %s is a %s, which cannot be renewed, only replaced",
	        name, kt_kind_name(credential->kind));
	return kt_advise(error, "run: keyturn login %s --with-token",
	                 kt_shell_word(&word, name, "ACCOUNT"));
}

/* Renews every grant, or every one whose token is due. A failure is told, and the rest goes on. */
static bool refresh_many(struct kt_keeper *keeper, const struct kt_requirement *requirement,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	const struct kt_identity anything = { 0 };
	struct kt_keyring *keyring = kt_keeper_keyring(keeper, error);

	if (!keyring || !kt_keyring_search(keyring, &anything, &list, error))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		struct kt_error failure = { 0 };

		if (!kt_kind_is_grant(list.items[i].kind) ||
		    (requirement->fresh && !kt_facts_has_refresh(&list.items[i])) ||
		    refresh_one(keeper, &list.items[i], requirement, &failure))
			continue;
		kt_report_failure(&failure, false);
		error->code = failure.code;
	}
	return error->code == KT_ERROR_NONE;
}

/* All that is there already comes first, for that takes no network. */
static bool refresh_and_remember(struct kt_keeper *keeper, struct kt_error *error)
{
	const struct kt_requirement ahead = { .before_last_fifth = true };
	struct kt_error ignored = { 0 };
	bool is_done;

	if (!kt_prefetch(keeper, error))
		return false;
	is_done = refresh_many(keeper, &ahead, error);
	kt_prefetch(keeper, &ignored);
	return is_done;
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	const struct kt_requirement fresh = { .fresh = true };
	const struct kt_requirement ahead = { .before_last_fifth = true };
	bool due = false;
	bool all = false;
	bool prefetch = false;
	const struct kt_option options[] = {
		{ "due", false, &due },
		{ "all", false, &all },
		{ "prefetch", false, &prefetch },
	};
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_error ignored = { 0 };
	const char *account;

	if (!kt_command_read_account(options, KT_COUNT(options), argc, argv, &account, error))
		return false;
	if (due + all + prefetch + (account != NULL) > 1)
		return kt_fail(error, KT_ERROR_USAGE, "refresh: an account, --due, --prefetch and --all "
		               "exclude each other");
	keeper->never_prompts = due || prefetch;
	kt_parked_save(keeper);
	if (prefetch)
		return refresh_and_remember(keeper, error);
	if (due || all)
		return refresh_many(keeper, due ? &ahead : &fresh, error);
	kt_keeper_expect(keeper, kt_stamp_read(), true);
	if (!kt_account_find_or_ask(keeper, account, KT_ACCOUNT_TOKEN, &credential, error) ||
	    !refresh_one(keeper, &credential, &fresh, error))
		return false;
	if (isatty(STDERR_FILENO) && kt_service_full_name(&credential.identity, &name, &ignored))
		kt_report_note("%s is renewed", name);
	return true;
}

const struct kt_command kt_command_refresh = {
	.name = "refresh",
	.synopsis = "[ACCOUNT | --due | --prefetch | --all]",
	.summary = "renew an access token now",
	.details = "--due  every account whose token is in the last fifth of its life or expired;\n"
	           "       never asks anybody: for timers\n"
	           "--prefetch  the same, and what each account hands out is remembered: for logins\n"
	           "--all  every account\n",
	.run = run,
};

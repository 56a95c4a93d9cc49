/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/cache/answers.h"
#include "helper/keeper/command/command.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"
#include "keyring/vault.h"
#include "keyring/vault_key.h"

/* Also one that is not the chosen keyring may have been opened. */
static void close_vault(void)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	struct kt_error ignored = { 0 };

	if (kt_vault_read(&vault, &ignored))
		kt_vault_lock(&vault);
}

/* The vault is where the logins are, by the caller's choice or by the recorded one. */
static bool is_vault_chosen(void)
{
	const char *named = kt_environment_get("KEYTURN_KEYRING");
	KT_CLEANUP(kt_text_free) char *recorded = NULL;
	struct kt_error ignored = { 0 };

	if (!named && !kt_keyring_recorded(&recorded, &ignored))
		return false;
	return kt_text_is_equal(named ? named : recorded, "vault");
}

/* Closes the chosen keyring; *is_kept: it is the desktop's, which stays as it is. */
static bool close_chosen(struct kt_keeper *keeper, bool desktop, bool *is_kept,
                         struct kt_error *error)
{
	struct kt_error cause = { 0 };
	struct kt_keyring *keyring = kt_keeper_keyring(keeper, &cause);

	*is_kept = false;
	/* None that could be reached is none that could be closed, as at the end of a session. */
	if (!keyring && !desktop && cause.code == KT_ERROR_UNAVAILABLE && !is_vault_chosen())
		return true;
	if (!keyring) {
		*error = cause;
		return false;
	}
	*is_kept = strcmp(kt_keyring_name(keyring), "secret-service") == 0 && !desktop;
	return *is_kept || kt_keyring_lock(keyring, error);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	bool desktop = false;
	const struct kt_option options[] = { { "desktop", false, &desktop } };
	const struct kt_identity everything = { 0 };
	bool is_kept;
	int count;

	if (!kt_command_read_options(options, KT_COUNT(options), argc, argv, &count, error))
		return false;
	if (count > 0)
		return kt_fail(error, KT_ERROR_USAGE, "lock: it takes no account");
	kt_answers_forget(&everything);
	close_vault();
	if (!close_chosen(keeper, desktop, &is_kept, error))
		return false;
	if (is_kept)
		kt_report_note("the desktop keyring stays open, as other programs use it; to lock it "
		               "too: keyturn lock --desktop");
	else if (isatty(STDERR_FILENO))
		kt_report_note("locked: what was cached is forgotten, and the keyring is closed");
	return true;
}

const struct kt_command kt_command_lock = {
	.name = "lock",
	.synopsis = "[--desktop]",
	.summary = "forget what is cached and close the vault",
	.details = "--desktop  lock the desktop keyring as well\n",
	.run = run,
};

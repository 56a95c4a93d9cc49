/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/cache/answers.h"
#include "helper/keeper/command/command.h"
#include "helper/report.h"
#include "keyring/cleanup.h"

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	bool desktop = false;
	const struct kt_option options[] = { { "desktop", false, &desktop } };
	const struct kt_identity everything = { 0 };
	struct kt_keyring *keyring;
	int count;

	if (!kt_command_read_options(options, KT_COUNT(options), argc, argv, &count, error))
		return false;
	if (count > 0)
		return kt_fail(error, KT_ERROR_USAGE, "lock: it takes no account");
	kt_answers_forget(&everything);
	keyring = kt_keeper_keyring(keeper, error);
	if (!keyring)
		return false;
	if (strcmp(kt_keyring_name(keyring), "secret-service") == 0 && !desktop) {
		kt_report_note("the desktop keyring stays open, as other programs use it; to lock it "
		               "too: keyturn lock --desktop");
		return true;
	}
	if (!kt_keyring_lock(keyring, error))
		return false;
	if (isatty(STDERR_FILENO))
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

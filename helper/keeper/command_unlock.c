/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/command.h"

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	struct kt_keyring *keyring;
	int count;

	if (!kt_options_read(NULL, 0, argc, argv, &count, error))
		return false;
	if (count > 0)
		return kt_fail(error, KT_ERROR_USAGE, "unlock: it takes no account");
	keeper->ignores_dismissed = true;
	keyring = kt_keeper_keyring(keeper, error);
	return keyring && kt_keyring_unlock(keyring, error);
}

const struct kt_command kt_command_unlock = {
	.name = "unlock",
	.synopsis = "",
	.summary = "open the keyring, asking for its password",
	.details = "",
	.run = run,
};

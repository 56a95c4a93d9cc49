/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/keeper/account/idn.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/service_change.h"
#include "helper/request.h"
#include "keyring/cleanup.h"

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };

	(void)argc;
	(void)argv;
	return kt_idn_take_git(&request, STDIN_FILENO, error) &&
	       kt_service_change_erase(keeper, &request, error);
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

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
	       kt_service_change_store(keeper, &request, error);
}

const struct kt_command kt_command_store = {
	.name = "store",
	.synopsis = "",
	.summary = "keep the login that git's lines on stdin describe",
	.details = "What keyturn handed out itself changes nothing; an OAuth or JWT login is never\n"
	           "replaced by a password. A program hands a grant over with oauth_refresh_token=,\n"
	           "client_id=, client_secret=, token_endpoint= and kind=.\n",
	.run = run,
};

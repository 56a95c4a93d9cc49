/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/setup/block.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * aws and the SDKs of AWS read ~/.aws/config: a profile's credential_process is a command, whose
 * path has to be whole, because some of them start it without a shell.
 */

static bool locate(char **path, struct kt_error *error)
{
	return kt_setup_locate(path, "AWS_CONFIG_FILE", NULL, ".aws/config", error);
}

static bool make(struct kt_setup_plan *plan, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;

	return kt_setup_find_program(plan->tool->program, &path, error) &&
	       kt_setup_plan_add(plan, error, "[profile %s]\ncredential_process = %s aws %s\n",
	                         plan->account->label, path, plan->account->name);
}

const struct kt_setup_tool kt_setup_aws = {
	.name = "aws",
	.summary = "aws has a profile of the account's name: ~/.aws/config",
	.program = "keyturn",
	.mark = "keyturn aws ",
	.takes_account = true,
	.mode = 0600,
	.locate = locate,
	.make = make,
	.wire = kt_setup_block_wire,
	.unwire = kt_setup_block_unwire,
};

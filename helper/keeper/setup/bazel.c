/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/setup/block.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* Bazel reads ~/.bazelrc: a helper for each host, which is asked for that host alone. */

static bool locate(char **path, struct kt_error *error)
{
	return kt_setup_locate(path, NULL, NULL, ".bazelrc", error);
}

static bool make(struct kt_setup_plan *plan, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;

	return kt_setup_find_program(plan->tool->program, &path, error) &&
	       kt_setup_plan_add(plan, error, "common --credential_helper=%s=%s\n",
	                         plan->account->host, path);
}

const struct kt_setup_tool kt_setup_bazel = {
	.name = "bazel",
	.summary = "Bazel asks for the account's host: ~/.bazelrc",
	.program = "bazel-credential-keyturn",
	.mark = "bazel-credential-keyturn",
	.takes_account = true,
	.mode = 0666,
	.locate = locate,
	.make = make,
	.wire = kt_setup_block_wire,
	.unwire = kt_setup_block_unwire,
};

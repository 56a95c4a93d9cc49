/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/setup/block.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * Codex reads ~/.codex/config.toml: a provider of models may have a table auth with a command,
 * whose output is the token. The provider itself, and its address, are the person's.
 */

static bool locate(char **path, struct kt_error *error)
{
	return kt_setup_locate(path, NULL, "CODEX_HOME", ".codex/config.toml", error);
}

static bool make(struct kt_setup_plan *plan, struct kt_error *error)
{
	return kt_setup_plan_add(plan, error, "[model_providers.%s.auth]\ncommand = \"keyturn\"\n"
	                         "args = [\"token\", \"%s\"]\n", plan->account->label,
	                         plan->account->name);
}

static bool wire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *table = NULL;

	if (!kt_setup_block_wire(plan, keeper, error) || !plan->is_change)
		return plan->is_look || plan->is_asked;
	return kt_text_format(&table, error, "[model_providers.%s]", plan->account->label) &&
	       (strstr(kt_secret_reveal(&plan->target.content), table) ||
	        kt_setup_plan_note(plan, error, "the file has no %s: add it with the base_url of the "
	                           "provider", table));
}

const struct kt_setup_tool kt_setup_codex = {
	.name = "codex",
	.summary = "Codex asks for a provider of the account's name: ~/.codex/config.toml",
	.program = "keyturn",
	.mark = "command = \"keyturn\"",
	.takes_account = true,
	.mode = 0600,
	.locate = locate,
	.make = make,
	.wire = wire,
	.unwire = kt_setup_block_unwire,
};

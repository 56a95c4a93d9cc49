/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/setup/member.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * Claude Code reads ~/.claude/settings.json: apiKeyHelper is a command whose output is the key, and
 * is run again when the key is refused or old.
 */

#define MEMBER "apiKeyHelper"
#define COMMAND "keyturn token "

static bool locate(char **path, struct kt_error *error)
{
	return kt_setup_locate(path, NULL, "CLAUDE_CONFIG_DIR", ".claude/settings.json", error);
}

static bool make(struct kt_setup_plan *plan, struct kt_error *error)
{
	return kt_setup_plan_add(plan, error, "{\n\t\"" MEMBER "\": \"" COMMAND "%s\"\n}\n",
	                         plan->account->name);
}

static bool wire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_text_free) char *command = NULL;
	const char *old;

	(void)keeper;
	if (!kt_setup_member_read(plan, &json, error))
		return false;
	old = json ? kt_json_text(json, MEMBER) : NULL;
	if (plan->is_look) {
		plan->is_asked = old && kt_text_has_prefix(old, COMMAND);
		plan->is_lost = plan->is_asked && !kt_setup_has_program(plan->tool->program);
		return true;
	}
	if (!kt_text_format(&command, error, COMMAND "%s", plan->account->name))
		return false;
	plan->is_asked = kt_text_is_equal(old, command);
	return plan->is_asked || (kt_setup_member_set(plan, MEMBER, command, error) &&
	                          kt_setup_member_tell(plan, old, error));
}

static bool unwire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_text_free) char *now = NULL;

	(void)keeper;
	if (!kt_setup_member_read(plan, &json, error))
		return false;
	if (!json || !kt_text_has_prefix(kt_text_or_empty(kt_json_text(json, MEMBER)), COMMAND))
		return true;
	return kt_text_set(&now, kt_json_text(json, MEMBER), error) &&
	       kt_setup_member_take_back(plan, MEMBER, now, error);
}

const struct kt_setup_tool kt_setup_claude = {
	.name = "claude",
	.summary = "Claude Code takes its key from the account: ~/.claude/settings.json",
	.program = "keyturn",
	.takes_account = true,
	.mode = 0600,
	.locate = locate,
	.make = make,
	.wire = wire,
	.unwire = unwire,
};

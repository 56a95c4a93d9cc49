/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/setup/block.h"
#include "helper/keeper/setup/setup.h"

/* mutt and neomutt run a command for the token of a mailbox, and send it by RFC 7628 or XOAUTH2. */

static bool locate(char **path, struct kt_error *error)
{
	return kt_setup_locate(path, NULL, NULL, ".muttrc", error);
}

static bool make(struct kt_setup_plan *plan, struct kt_error *error)
{
	const char *name = plan->account->name;

	return kt_setup_plan_add(plan, error,
	                         "set imap_oauth_refresh_command=\"keyturn token %s\"\n"
	                         "set imap_authenticators=\"oauthbearer:xoauth2\"\n"
	                         "set smtp_oauth_refresh_command=\"keyturn token %s\"\n"
	                         "set smtp_authenticators=\"oauthbearer:xoauth2\"\n", name, name);
}

/* Of two such lines the last one counts: a person's own would be overruled. */
static bool wire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	static const char set[] = "set imap_oauth_refresh_command";
	const char *text = kt_secret_reveal(&plan->target.content);

	if (!plan->is_look && strstr(text, set) && !strstr(text, kt_secret_reveal(&plan->block)))
		return kt_setup_block_refuse(plan, error);
	return kt_setup_block_wire(plan, keeper, error);
}

const struct kt_setup_tool kt_setup_mutt = {
	.name = "mutt",
	.summary = "mutt asks for the account's mailbox: ~/.muttrc",
	.program = "keyturn",
	.mark = "oauth_refresh_command=\"keyturn token ",
	.takes_account = true,
	.mode = 0666,
	.locate = locate,
	.make = make,
	.wire = wire,
	.unwire = kt_setup_block_unwire,
};

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/setup/json_text.h"
#include "helper/keeper/setup/member.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * Claude Code reads ~/.claude.json: of an MCP server over HTTP, headersHelper is a command that
 * prints an object of headers, and is run at each connection. The server itself, and its address,
 * are the person's; it has the name of the account.
 */

#define SERVERS "mcpServers"
#define MEMBER "headersHelper"
#define BEFORE "keyturn header "
#define BEHIND " --json"

static bool locate(char **path, struct kt_error *error)
{
	return kt_setup_locate(path, NULL, "CLAUDE_CONFIG_DIR", ".claude.json", error);
}

static bool make(struct kt_setup_plan *plan, struct kt_error *error)
{
	return kt_setup_plan_add(plan, error, "\"" MEMBER "\": \"" BEFORE "%s" BEHIND "\"\n",
	                         plan->account->name);
}

static bool is_keyturn(const char *command)
{
	return kt_text_has_prefix(kt_text_or_empty(command), BEFORE);
}

/* Moves on to the next server: the place of its object. */
static bool next_server(const char *text, struct kt_json_member *server)
{
	struct kt_json_member servers;

	if (!kt_json_text_find(text, strcspn(text, "{"), SERVERS, &servers) ||
	    text[servers.value] != '{')
		return false;
	while (kt_json_text_next(text, servers.value, server))
		if (text[server->value] == '{')
			return true;
	return false;
}

/* Replaces command by that of the server; empty where it has none. */
static bool read_command(const char *text, const struct kt_json_member *server,
                         struct kt_secret *command, struct kt_error *error)
{
	struct kt_json_member member;

	kt_secret_clear(command);
	return !kt_json_text_find(text, server->value, MEMBER, &member) ||
	       kt_json_text_value(text, &member, command, error);
}

static bool look(struct kt_setup_plan *plan, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret command = { 0 };
	const char *text = kt_secret_reveal(&plan->target.content);
	struct kt_json_member server = { 0 };

	while (!plan->is_asked && next_server(text, &server)) {
		if (!read_command(text, &server, &command, error))
			return false;
		plan->is_asked = is_keyturn(kt_secret_reveal(&command));
	}
	plan->is_lost = plan->is_asked && !kt_setup_has_program(plan->tool->program);
	return true;
}

static bool fail_missing(const struct kt_setup_plan *plan, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "%s has no MCP server of the account's name",
	        plan->target.file);
	return kt_advise(error, "add it first: claude mcp add --scope user --transport http %s URL",
	                 plan->account->label);
}

static bool wire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret old = { 0 };
	KT_CLEANUP(kt_text_free) char *command = NULL;
	const char *text = kt_secret_reveal(&plan->target.content);
	struct kt_json_member server = { 0 };

	(void)keeper;
	if (!kt_setup_member_read(plan, &json, error))
		return false;
	if (plan->is_look)
		return !json || look(plan, error);
	while (json && next_server(text, &server) &&
	       !kt_json_text_is_named(text, &server, plan->account->label))
		continue;
	if (!server.key || !kt_json_text_is_named(text, &server, plan->account->label))
		return fail_missing(plan, error);
	if (!read_command(text, &server, &old, error) ||
	    !kt_text_format(&command, error, BEFORE "%s" BEHIND, plan->account->name))
		return false;
	plan->is_asked = strcmp(kt_secret_reveal(&old), command) == 0;
	return plan->is_asked ||
	       (kt_setup_member_set_in(plan, server.value, MEMBER, command, error) &&
	        kt_setup_member_tell(plan, kt_secret_reveal(&old), error));
}

/* The account's server, or the only one that asks keyturn. */
static bool unwire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret command = { 0 };
	const char *text = kt_secret_reveal(&plan->target.content);
	struct kt_json_member server = { 0 };
	struct kt_json_member found = { 0 };

	(void)keeper;
	if (!kt_setup_member_read(plan, &json, error))
		return false;
	while (json && next_server(text, &server)) {
		if (!read_command(text, &server, &command, error))
			return false;
		if (!is_keyturn(kt_secret_reveal(&command)) ||
		    (plan->account && !kt_json_text_is_named(text, &server, plan->account->label)))
			continue;
		if (found.key) {
			kt_fail(error, KT_ERROR_USAGE, "several MCP servers in %s ask keyturn",
			        plan->target.file);
			return kt_advise(error, "name the account: keyturn setup claude-mcp --undo "
			                 "--account NAME");
		}
		found = server;
	}
	return !found.key ||
	       (read_command(text, &found, &command, error) &&
	        kt_setup_member_take_back_in(plan, found.value, MEMBER, kt_secret_reveal(&command),
	                                     error));
}

const struct kt_setup_tool kt_setup_claude_mcp = {
	.name = "claude-mcp",
	.summary = "Claude Code's MCP server of the account's name: ~/.claude.json",
	.program = "keyturn",
	.takes_account = true,
	.mode = 0600,
	.locate = locate,
	.make = make,
	.wire = wire,
	.unwire = unwire,
};

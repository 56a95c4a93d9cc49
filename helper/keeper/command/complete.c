/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/account/default.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/run_tool.h"
#include "helper/keeper/login/provider_file.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* A person who pressed a key waits: a keyring that does not answer is given up. */
#define SECONDS 4

/* A name that could steer a terminal is not offered. */
static bool add(struct kt_secret *output, const char *word, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *printable = NULL;

	if (!kt_text_set(&printable, word, error))
		return false;
	kt_characters_make_printable(printable);
	if (!*word || strcmp(word, printable) != 0)
		return true;
	return kt_secret_append_text(output, word, error) &&
	       kt_secret_append_text(output, "\n", error);
}

/* Everything that a look without a question finds; where the keyring is locked that is nothing. */
static void list_accounts(struct kt_keeper *keeper, struct kt_credentials *list)
{
	const struct kt_identity anything = { 0 };
	struct kt_error ignored = { 0 };
	struct kt_keyring *keyring;

	keeper->never_prompts = true;
	alarm(SECONDS);
	keyring = kt_keeper_keyring(keeper, &ignored);
	if (keyring)
		kt_keyring_search(keyring, &anything, list, &ignored);
	alarm(0);
}

static bool is_only(const struct kt_credentials *list, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += strcmp(list->items[i].identity.username, name) == 0;
	return count == 1;
}

/* Each account in a form that names it alone; the short one too where that does. */
static bool add_accounts(struct kt_keeper *keeper, struct kt_secret *output,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };

	list_accounts(keeper, &list);
	for (size_t i = 0; i < list.count; i++) {
		KT_CLEANUP(kt_text_free) char *name = NULL;
		const struct kt_identity *identity = &list.items[i].identity;

		if (!kt_service_full_name(identity, &name, error) || !add(output, name, error) ||
		    (is_only(&list, identity->username) && !add(output, identity->username, error)))
			return false;
	}
	return true;
}

static bool add_hosts(struct kt_keeper *keeper, struct kt_secret *output, struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };

	list_accounts(keeper, &list);
	if (!add(output, "coze.cn", error) || !add(output, "coze.com", error))
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (!kt_service_site(&list.items[i].identity) &&
		    !add(output, list.items[i].identity.host, error))
			return false;
	return true;
}

static bool add_providers(struct kt_keeper *keeper, struct kt_secret *output,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_provider_file_names_clear) struct kt_provider_file_names names = { 0 };

	(void)keeper;
	if (!kt_provider_file_list(&names, error))
		return false;
	for (size_t i = 0; i < names.count; i++)
		if (!add(output, names.names[i], error))
			return false;
	return true;
}

static bool add_tools(struct kt_keeper *keeper, struct kt_secret *output, struct kt_error *error)
{
	size_t count;
	const struct kt_setup_tool *const *tools = kt_setup_tools(&count);

	(void)keeper;
	for (size_t i = 0; i < count; i++)
		if (!add(output, tools[i]->name, error))
			return false;
	return true;
}

static bool add_run_tools(struct kt_keeper *keeper, struct kt_secret *output,
                          struct kt_error *error)
{
	const struct kt_run_tool *tool;

	(void)keeper;
	for (size_t i = 0; (tool = kt_run_tool_at(i)); i++)
		if (!add(output, tool->name, error))
			return false;
	return true;
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	static const struct {
		const char *what;
		bool (*add)(struct kt_keeper *keeper, struct kt_secret *output,
		            struct kt_error *error);
	} lists[] = {
		{ "accounts", add_accounts },
		{ "hosts", add_hosts },
		{ "providers", add_providers },
		{ "tools", add_tools },
		{ "run-tools", add_run_tools },
	};
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };

	for (size_t i = 0; argc == 2 && i < KT_COUNT(lists); i++)
		if (strcmp(argv[1], lists[i].what) == 0)
			return lists[i].add(keeper, &output, error) &&
			       kt_answer_send(STDOUT_FILENO, &output, error);
	return kt_fail(error, KT_ERROR_USAGE,
	               "complete: accounts, hosts, providers, tools or run-tools");
}

const struct kt_command kt_command_complete = {
	.name = "complete",
	.synopsis = "accounts|hosts|providers|tools|run-tools",
	.summary = "print words for a shell's completion",
	.details = "",
	.run = run,
};

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/setup/difference.h"
#include "helper/keeper/setup/setup.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

#define TOOLS_MAXIMUM 16

struct plans {
	struct kt_setup_plan plans[TOOLS_MAXIMUM];
	size_t count;
	struct kt_setup_account account; /* whose token those get that take one */
};

/* --account, else the account that answers; an undo finds its lines without one. */
static bool find_account(struct kt_setup_account *account, int count, char **words,
                         const char *name, bool is_undo, struct kt_keeper *keeper,
                         struct kt_error *error)
{
	bool is_taken = false;

	for (int i = 0; i < count; i++) {
		const struct kt_setup_tool *tool = NULL;

		if (!kt_setup_find(words[i], &tool, error))
			return false;
		is_taken = is_taken || tool->takes_account;
	}
	if (name && !is_taken) {
		kt_fail(error, KT_ERROR_USAGE, "setup: --account is for a tool that gets the token of "
		        "one account");
		return kt_advise(error, "leave it out: the tool asks for each server's own login");
	}
	return !is_taken || (is_undo && !name) ||
	       kt_setup_account_find(account, keeper, name, error);
}

static void plans_clear(struct plans *plans)
{
	for (size_t i = 0; i < plans->count; i++)
		kt_setup_plan_clear(&plans->plans[i]);
	plans->count = 0;
	kt_setup_account_clear(&plans->account);
}

/* Each tool once, and each plan before anything is changed. */
static bool make_plans(struct plans *plans, int count, char **words, bool is_undo,
                       struct kt_keeper *keeper, struct kt_error *error)
{
	for (int i = 0; i < count; i++) {
		const struct kt_setup_tool *tool = NULL;
		bool is_there = false;

		if (!kt_setup_find(words[i], &tool, error))
			return false;
		for (size_t j = 0; j < plans->count; j++)
			is_there = is_there || plans->plans[j].tool == tool;
		if (is_there)
			continue;
		if (plans->count == TOOLS_MAXIMUM)
			return kt_fail(error, KT_ERROR_INTERNAL, "there are more tools than room");
		if (!kt_setup_plan_make(&plans->plans[plans->count++], tool,
		                        plans->account.name ? &plans->account : NULL, is_undo, keeper,
		                        error))
			return false;
	}
	return true;
}

/* The lines of each tool, for a file that is written by another program or by hand. */
static bool print_blocks(const struct kt_setup_account *account, int count, char **words,
                         struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };

	for (int i = 0; i < count; i++) {
		KT_CLEANUP(kt_setup_plan_clear) struct kt_setup_plan plan = { 0 };
		KT_CLEANUP(kt_text_free) char *path = NULL;
		const struct kt_setup_tool *tool = NULL;
		struct kt_error ignored = { 0 };

		if (!kt_setup_find(words[i], &tool, error) || !tool->locate(&path, error))
			return false;
		/* A file that setup would not change is printed for all the same. */
		kt_setup_plan_make(&plan, tool, account, false, keeper, &ignored);
		kt_report_note("%s: to be added to %s", tool->name, path);
		if (!kt_secret_append_text(&output, kt_secret_is_empty(&plan.block)
		                           ? tool->block : kt_secret_reveal(&plan.block), error))
			return false;
	}
	return kt_answer_send(STDOUT_FILENO, &output, error);
}

static void tell_unchanged(const struct kt_setup_plan *plan)
{
	const char *name = plan->tool->name;

	if (plan->is_undo)
		kt_report_note("%s: there is nothing to undo in %s", name, plan->target.path);
	else
		kt_report_note("%s: it asks keyturn already; %s is as it was", name,
		               plan->target.path);
}

static bool show(const struct kt_setup_plan *plan, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };

	return kt_difference_append(&output, plan->target.file, &plan->target.content,
	                            &plan->content, error) &&
	       kt_answer_send(STDERR_FILENO, &output, error);
}

static void tell_done(const struct kt_setup_plan *plan)
{
	const char *name = plan->tool->name;
	const char *file = plan->target.file;

	if (plan->is_undo && plan->removes)
		kt_report_note("%s: %s is gone again, as before setup", name, file);
	else if (plan->is_undo && plan->is_exact)
		kt_report_note("%s: %s is as it was before setup", name, file);
	else if (plan->is_undo)
		kt_report_note("%s: keyturn's lines are gone from %s; what else was changed in it stays",
		               name, file);
	else
		kt_report_note("%s: it asks keyturn now; %s is changed, and what stood there is kept "
		               "in %s", name, file, plan->record.path);
	if (!plan->is_undo)
		kt_report_note("to take it back: keyturn setup %s --undo", name);
}

/* Shows the change and asks, where somebody is there; without them, --yes has been given. */
static bool agree(const struct kt_setup_plan *plan, bool is_agreed, bool *yes,
                  struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *question = NULL;
	bool is_seen = kt_terminal_is_interactive();

	kt_setup_plan_tell(plan);
	if (is_seen && !show(plan, error))
		return false;
	*yes = is_agreed;
	if (is_agreed)
		return true;
	return kt_text_format(&question, error, "Change %s so? [y/N] ", plan->target.file) &&
	       kt_terminal_confirm(question, yes, error);
}

static bool carry_out(struct kt_setup_plan *plan, bool is_agreed, struct kt_keeper *keeper,
                      struct kt_error *error)
{
	bool yes;

	if (!plan->is_change) {
		tell_unchanged(plan);
		return true;
	}
	if (!agree(plan, is_agreed, &yes, error))
		return false;
	if (!yes) {
		kt_report_note("%s: nothing is changed", plan->tool->name);
		return true;
	}
	if (!kt_setup_plan_carry_out(plan, keeper, error))
		return false;
	tell_done(plan);
	return true;
}

static bool check_somebody(const struct plans *plans, struct kt_error *error)
{
	bool is_change = false;

	for (size_t i = 0; i < plans->count; i++)
		is_change = is_change || plans->plans[i].is_change;
	if (!is_change || kt_terminal_is_interactive())
		return true;
	kt_fail(error, KT_ERROR_USAGE, "setup: it asks before it changes a file, and there is no "
	        "terminal to ask at");
	return kt_advise(error, "add --yes to have it changed unasked, or --print to see the lines");
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(plans_clear) struct plans plans = { 0 };
	const char *account = NULL;
	bool is_undo = false;
	bool is_printed = false;
	bool is_agreed = false;
	int count;
	const struct kt_option options[] = {
		{ "account", true, &account },
		{ "undo", false, &is_undo },
		{ "print", false, &is_printed },
		{ "yes", false, &is_agreed },
	};

	if (!kt_command_read_options(options, KT_COUNT(options), argc, argv, &count, error))
		return false;
	if (count == 0) {
		kt_fail(error, KT_ERROR_USAGE, "setup: name the tool to set up");
		return kt_advise(error, "for example: keyturn setup git");
	}
	if (is_undo && is_printed)
		return kt_fail(error, KT_ERROR_USAGE, "setup: --undo and --print exclude each other");
	if (!find_account(&plans.account, count, argv + 1, account, is_undo, keeper, error))
		return false;
	if (is_printed)
		return print_blocks(&plans.account, count, argv + 1, keeper, error);
	if (!make_plans(&plans, count, argv + 1, is_undo, keeper, error) ||
	    (!is_agreed && !check_somebody(&plans, error)))
		return false;
	for (size_t i = 0; i < plans.count; i++)
		if (!carry_out(&plans.plans[i], is_agreed, keeper, error))
			return false;
	return true;
}

const struct kt_command kt_command_setup = {
	.name = "setup",
	.synopsis = "TOOL... [--account ACCOUNT] [--undo] [--print] [--yes]",
	.summary = "have a tool ask keyturn",
	.details = "Shows what it would change in the tool's file, and asks.\n"
	           "--account ACCOUNT  whose token it gets, for a tool that has a place for one\n"
	           "--undo             take it back: the file is as it was before\n"
	           "--print            print the lines that the tool needs, and change nothing\n"
	           "--yes              change it unasked, as in a script\n",
	.describe = kt_setup_describe,
	.run = run,
};

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/setup/edit.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/*
 * go reads a file of settings, "go help environment": GOAUTH is a list of commands, the first of
 * which goes before the others. Without it go reads the netrc, which therefore stays.
 */

#define NAME "GOAUTH="
#define COMMAND "keyturn goauth"
#define BLANKS " \t\r"

/* One command of the list, as places in the text. */
struct command {
	size_t start;
	size_t end;
};

static bool locate(char **path, struct kt_error *error)
{
	const char *given = kt_environment_get("GOENV");
	const char *directory = kt_environment_get("XDG_CONFIG_HOME");
	const char *home = kt_environment_home();

	if (given && given[0] == '/')
		return kt_text_set(path, given, error);
	if (given || (!directory && !home)) {
		kt_fail(error, KT_ERROR_USAGE, given ? "GOENV is no absolute path, so go reads no file"
		                                     : KT_TEXT("go has no home directory here: HOME is "
		                                               "not set"));
		return kt_advise(error, "unset GOENV, and set HOME");
	}
	return kt_text_format(path, error, "%s%s/go/env", directory ? directory : home,
	                      directory ? "" : "/.config");
}

/* The value of the last line that sets it, which is the one that counts. False: none. */
static bool find_value(const struct kt_secret *text, struct command *value)
{
	const char *bytes = kt_secret_reveal(text);
	bool found = false;

	for (size_t place = 0; place < kt_secret_length(text);) {
		size_t length = strcspn(bytes + place, "\n");

		if (kt_text_has_prefix(bytes + place, NAME)) {
			value->start = place + strlen(NAME);
			value->end = place + length;
			found = true;
		}
		place += length + 1;
	}
	while (found && value->end > value->start && strchr(BLANKS, bytes[value->end - 1]))
		value->end--;
	return found;
}

/* The command is keyturn's, with or without an account. */
static bool is_keyturn(const char *text, const struct command *command)
{
	size_t length = command->end - command->start;
	const char *word = text + command->start;
	const char *slash = memrchr(word, '/', length < strcspn(word, BLANKS)
	                            ? length : strcspn(word, BLANKS));

	word = slash ? slash + 1 : word;
	length = command->end - (size_t)(word - text);
	return length >= strlen(COMMAND) && strncmp(word, COMMAND, strlen(COMMAND)) == 0 &&
	       (length == strlen(COMMAND) || strchr(BLANKS, word[strlen(COMMAND)]));
}

/* The command of keyturn among those of the value. */
static bool find_command(const char *text, const struct command *value, struct command *command)
{
	size_t place = value->start;

	while (place < value->end) {
		size_t length = strcspn(text + place, ";");

		command->end = place + length < value->end ? place + length : value->end;
		command->start = place + strspn(text + place, BLANKS);
		if (command->start < command->end && is_keyturn(text, command))
			return true;
		place = command->end + 1;
	}
	return false;
}

static bool change(struct kt_setup_plan *plan, struct kt_edits *edits, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&plan->target.content);
	struct command value;
	size_t length;

	if (!find_value(&plan->target.content, &value))
		return kt_setup_plan_set_made(plan, "line", error) &&
		       kt_edits_add_lines(edits, &plan->target.content,
		                          kt_secret_length(&plan->target.content), plan->tool->block,
		                          error);
	length = value.end - value.start;
	if (length == 0)
		return kt_edits_add(edits, value.start, 0, COMMAND "; netrc", error);
	/* go refuses off beside other commands. */
	if (length == strlen("off") && strncmp(text + value.start, "off", length) == 0)
		return kt_edits_add(edits, value.start, length, COMMAND, error);
	return kt_edits_add(edits, value.start, 0, COMMAND "; ", error);
}

static bool wire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                 struct kt_error *error)
{
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	struct command value;
	struct command command;

	(void)keeper;
	plan->is_asked = find_value(&plan->target.content, &value) &&
	                 find_command(kt_secret_reveal(&plan->target.content), &value, &command);
	plan->is_lost = plan->is_asked && !kt_setup_has_program(plan->tool->program);
	if (kt_environment_get("GOAUTH") &&
	    !kt_setup_plan_note(plan, error, "the variable GOAUTH is set here, and goes before the "
	                        "file: unset it"))
		return false;
	if (plan->is_asked)
		return true;
	plan->is_change = true;
	return change(plan, &edits, error) &&
	       kt_edits_apply(&edits, &plan->target.content, &plan->content, error);
}

/* The command with the sign that parts it from its neighbour; alone, the whole line. */
static bool remove_command(const struct kt_setup_plan *plan, const struct command *value,
                           const struct command *command, struct kt_edits *edits,
                           struct kt_error *error)
{
	const char *text = kt_secret_reveal(&plan->target.content);
	const char *end = text + value->end;
	size_t start = command->start;
	size_t rest = command->end + strspn(text + command->end, BLANKS ";");
	bool is_ours = kt_setup_plan_has_made(plan, "line");

	if (rest > value->end)
		rest = value->end;
	if (start == value->start &&
	    (rest == value->end || (is_ours && text + rest + strlen("netrc") == end &&
	                            strncmp(text + rest, "netrc", strlen("netrc")) == 0))) {
		start -= strlen(NAME);
		rest = value->end + strspn(text + value->end, BLANKS);
		rest += text[rest] == '\n';
	}
	while (rest == value->end && start > value->start && strchr(BLANKS ";", text[start - 1]))
		start--;
	return kt_edits_add(edits, start, rest - start, "", error);
}

static bool unwire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	struct command value;
	struct command command;

	(void)keeper;
	if (!find_value(&plan->target.content, &value) ||
	    !find_command(kt_secret_reveal(&plan->target.content), &value, &command))
		return true;
	plan->is_change = true;
	return remove_command(plan, &value, &command, &edits, error) &&
	       kt_edits_apply(&edits, &plan->target.content, &plan->content, error);
}

const struct kt_setup_tool kt_setup_go = {
	.name = "go",
	.summary = "go (1.24 and later) asks for module proxies: ~/.config/go/env",
	.program = "keyturn",
	.block = NAME COMMAND "; netrc\n",
	.mode = 0666,
	.locate = locate,
	.wire = wire,
	.unwire = unwire,
};

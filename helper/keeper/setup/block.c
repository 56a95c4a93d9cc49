/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/setup/block.h"
#include "helper/keeper/setup/edit.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define BLANKS " \t\r"

bool kt_setup_block_for(const struct kt_secret *text, const char *block, struct kt_secret *lines,
                        struct kt_error *error)
{
	const char *end = kt_edits_line_end(text);

	while (*block) {
		size_t length = strcspn(block, "\n");

		if (!kt_secret_append(lines, block, length, error) ||
		    (block[length] && !kt_secret_append_text(lines, end, error)))
			return false;
		block += length + (block[length] == '\n');
	}
	return true;
}

bool kt_setup_block_find(const struct kt_secret *text, const char *block, size_t *place)
{
	const char *bytes = kt_secret_reveal(text);
	const char *found = strstr(bytes, block);

	while (found && found > bytes && found[-1] != '\n')
		found = strstr(found + 1, block);
	if (found)
		*place = (size_t)(found - bytes);
	return found != NULL;
}

/* The block, whose last line may end the text without a line end. */
static bool find_whole(const struct kt_secret *text, struct kt_secret *lines, size_t *place)
{
	size_t length = kt_secret_length(lines);
	const char *bytes = kt_secret_reveal(text);

	if (kt_setup_block_find(text, kt_secret_reveal(lines), place))
		return true;
	while (length > 0 && strchr("\r\n", kt_secret_reveal(lines)[length - 1]))
		length--;
	if (length > kt_secret_length(text))
		return false;
	*place = kt_secret_length(text) - length;
	return memcmp(bytes + *place, kt_secret_reveal(lines), length) == 0 &&
	       (*place == 0 || bytes[*place - 1] == '\n');
}

static bool has_line(const char *text, const char *line)
{
	size_t length = strcspn(line, "\n");

	while (*text) {
		size_t end = strcspn(text, "\n");
		size_t start = strspn(text, BLANKS);

		if (start + length <= end && strncmp(text + start, line, length) == 0 &&
		    strspn(text + start + length, BLANKS) == end - start - length)
			return true;
		text += end + (text[end] == '\n');
	}
	return false;
}

void kt_setup_block_look(struct kt_setup_plan *plan)
{
	const char *text = kt_secret_reveal(&plan->target.content);

	while (*text && !plan->is_asked) {
		size_t end = strcspn(text, "\n");
		const char *mark = strstr(text, plan->tool->mark);

		plan->is_asked = mark && mark < text + end && text[strspn(text, BLANKS)] != '#';
		text += end + (text[end] == '\n');
	}
	plan->is_lost = plan->is_asked && !kt_setup_has_program(plan->tool->program);
}

bool kt_setup_block_refuse(const struct kt_setup_plan *plan, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "%s has lines of its own where those for keyturn would stand",
	        plan->target.file);
	return kt_advise(error, "change them by hand; the lines are printed by: keyturn setup %s%s%s "
	                 "--print", plan->tool->name, plan->account ? " --account " : "",
	                 plan->account ? plan->account->name : "");
}

bool kt_setup_block_wire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret lines = { 0 };
	const struct kt_secret *content = &plan->target.content;
	const char *block = kt_secret_reveal(&plan->block);
	size_t place;

	(void)keeper;
	if (plan->is_look) {
		kt_setup_block_look(plan);
		return true;
	}
	if (!kt_setup_block_for(content, block, &lines, error))
		return false;
	plan->is_asked = find_whole(content, &lines, &place);
	if (plan->is_asked)
		return true;
	if (has_line(kt_secret_reveal(content), block))
		return kt_setup_block_refuse(plan, error);
	plan->is_change = true;
	return kt_edits_add_lines(&edits, content, kt_secret_length(content), block, error) &&
	       kt_edits_apply(&edits, content, &plan->content, error);
}

bool kt_setup_block_fail_undo(const struct kt_setup_plan *plan, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "%s was changed since, and has lines for keyturn that are not "
	        "known as those of setup", plan->target.file);
	return kt_advise(error, "name the account: keyturn setup %s --undo --account NAME; or delete "
	                 "them by hand", plan->tool->name);
}

/* What the record tells to have come, if it stands there once; it may begin within a line. */
static bool find_recorded(const struct kt_setup_plan *plan, size_t *place)
{
	const char *text = kt_secret_reveal(&plan->target.content);
	const char *new = kt_secret_reveal(&plan->record.new);
	const char *found = plan->has_record && *new ? strstr(text, new) : NULL;

	if (!found || strstr(found + 1, new))
		return false;
	*place = (size_t)(found - text);
	return true;
}

bool kt_setup_block_unwire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret lines = { 0 };
	const struct kt_secret *content = &plan->target.content;
	size_t length;
	size_t place = 0;

	(void)keeper;
	if (!kt_setup_block_for(content, kt_secret_reveal(&plan->block), &lines, error))
		return false;
	length = kt_secret_length(&lines);
	if (length == 0 || !find_whole(content, &lines, &place)) {
		length = kt_secret_length(&plan->record.new);
		if (plan->account || !find_recorded(plan, &place)) {
			kt_setup_block_look(plan);
			return !plan->is_asked || plan->account || kt_setup_block_fail_undo(plan, error);
		}
	}
	plan->is_change = true;
	if (length > kt_secret_length(content) - place)
		length = kt_secret_length(content) - place;
	return kt_edits_add(&edits, place, length, "", error) &&
	       kt_edits_apply(&edits, content, &plan->content, error);
}

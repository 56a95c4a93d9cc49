/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/import/assignment.h"
#include "helper/keeper/import/item.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * What shells read at their start, and the lines that they keep of what was typed. Of a start file
 * a line that sets one variable to a token becomes a comment: the rest of it has a meaning that
 * only a shell knows. A line of a history has none, and goes.
 */

#define BASE "COZE_API_BASE"

static bool is_history(const struct kt_import_file *file)
{
	return strstr(file->target.path, "_history") != NULL;
}

/* The address of Coze's service that the same file sets; NULL: none, or more than one. */
static bool find_base(const struct kt_import_file *file, char **base, struct kt_error *error)
{
	struct kt_import_line line = { 0 };

	while (kt_import_next_line(file, &line)) {
		struct kt_import_assignment assignment;
		KT_CLEANUP(kt_text_free) char *found = NULL;

		if (!kt_import_assignment_read(line.text, line.length, &assignment) ||
		    assignment.is_comment || assignment.name_length != strlen(BASE) ||
		    strncmp(line.text + assignment.name, BASE, strlen(BASE)) != 0)
			continue;
		if (!kt_text_set_bytes(&found, line.text + assignment.value, assignment.value_length,
		                       error))
			return false;
		if (*base && strcmp(*base, found) != 0) {
			kt_text_free(base);
			return true;
		}
		if (!kt_text_set(base, found, error))
			return false;
	}
	return true;
}

/* An address of Coze in the line itself: curl -H ... https://api.coze.cn/v1/chat */
static bool find_base_in_line(const struct kt_import_line *line, char **base,
                              struct kt_error *error)
{
	const char *end = line->text + line->length;
	const char *url = memmem(line->text, line->length, "https://", 8);
	size_t length = url ? strcspn(url, " \t\"'/\n\r") : 0;

	if (!url)
		return true;
	length = 8 + strcspn(url + 8, "/ \t\"'\r\n");
	if (url + length > end)
		length = (size_t)(end - url);
	return memmem(url, length, "coze.c", 6) ? kt_text_set_bytes(base, url, length, error) : true;
}

/* A line that ends in a backslash goes on in the next one. */
static bool is_continued(const struct kt_import_file *file, const struct kt_import_line *line)
{
	const char *text = kt_secret_reveal(&file->target.content);
	size_t before = line->start;

	if (line->length > 0 && line->text[line->length - 1] == '\\')
		return true;
	if (before > 0)
		before--;
	if (before > 0 && text[before - 1] == '\r')
		before--;
	return before > 0 && text[before - 1] == '\\';
}

static bool add_token(struct kt_import_file *file, const struct kt_import_line *line,
                      const char *token, size_t length, const char *base, struct kt_error *error)
{
	struct kt_import_item *item = kt_import_add(file, line->start, line->length, error);
	struct kt_import_assignment assignment;
	KT_CLEANUP(kt_text_free) char *near = NULL;

	if (!item || !find_base_in_line(line, &near, error))
		return false;
	if (!is_history(file)) {
		if (!kt_import_assignment_read(line->text, line->length, &assignment) ||
		    line->text + assignment.value != token || assignment.value_length != length ||
		    is_continued(file, line))
			return kt_import_leave(item, "take it out by hand, and keep it: keyturn login "
			                       "--with-token", "the line does more than to set a variable "
			                       "to it");
		if (!kt_text_set_bytes(&item->name, line->text + assignment.name,
		                       assignment.name_length, error))
			return false;
	}
	return kt_import_set_token(item, token, length, near ? near : base ? base : file->site,
	                           error);
}

/* One token a line; the search for the next one begins behind the line. */
static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&file->target.content);
	KT_CLEANUP(kt_text_free) char *base = NULL;
	struct kt_import_line line = { 0 };
	size_t length = 0;
	const char *token = kt_secret_word_find(text, &length);

	if (token && !find_base(file, &base, error))
		return false;
	while (token && kt_import_next_line(file, &line)) {
		if (token >= text + line.next)
			continue;
		if (!add_token(file, &line, token, length, base, error))
			return false;
		token = kt_secret_word_find(text + line.next, &length);
	}
	return true;
}

/*
 * The lines of a record of fish's history: the command, and what is indented below it. done: the
 * end of the record that was dropped before, which may have had this token too.
 */
static bool drop_record(const struct kt_import_file *file, const struct kt_import_item *item,
                        size_t *done, struct kt_edits *edits, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&file->target.content);
	size_t start = item->start;

	if (start < *done)
		return true;
	while (start > *done && text[start] == ' ')
		for (start--; start > *done && text[start - 1] != '\n';)
			start--;
	*done = item->start;
	do {
		*done += strcspn(text + *done, "\n");
		*done += text[*done] == '\n';
	} while (text[*done] == ' ');
	return kt_edits_add(edits, start, *done - start, "", error);
}

/*
 * A block of nothing but comments is no block for a shell: a line in one, told by its indentation,
 * keeps a command that does nothing. fish has no such rule.
 */
static bool replace_line(const struct kt_import_file *file, const struct kt_import_item *item,
                         struct kt_edits *edits, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&file->target.content) + item->start;
	KT_CLEANUP(kt_text_free) char *command = NULL;
	KT_CLEANUP(kt_text_free) char *comment = NULL;
	size_t indent = strspn(text, " \t");
	bool is_block = indent > 0 && text[indent] != '#' &&
	                !strstr(file->target.path, ".fish") && !strstr(file->target.path, ".pam_");

	return kt_import_run_command(item, &command, error) &&
	       kt_text_format(&comment, error, "%.*s%s# %s=<kept by keyturn: %s>", (int)indent, text,
	                      is_block ? ": " : "", item->name, command) &&
	       kt_edits_add(edits, item->start, item->length, comment, error);
}

static bool replace_all(const struct kt_import_file *file, struct kt_edits *edits,
                        struct kt_error *error)
{
	bool is_fish = strstr(file->target.path, "fish_history") != NULL;
	size_t done = 0;

	for (size_t i = 0; i < file->count; i++) {
		const struct kt_import_item *item = &file->items[i];

		if (!item->is_kept)
			continue;
		if (is_fish ? !drop_record(file, item, &done, edits, error)
		    : is_history(file) ? !kt_import_drop_line(file, item, edits, error)
		                       : !replace_line(file, item, edits, error))
			return false;
	}
	return true;
}

const struct kt_import_source kt_import_shell = {
	.name = "shell",
	.summary = "start files and histories of shells, .pam_environment",
	.read = read_items,
	.replace_all = replace_all,
};

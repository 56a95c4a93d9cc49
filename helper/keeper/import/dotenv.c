/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/import/assignment.h"
#include "helper/keeper/import/app.h"
#include "helper/keeper/import/item.h"
#include "helper/keeper/login/dotenv.h"
#include "helper/keeper/login/settings_source.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * .env files and systemd's environment.d: a variable that holds a token, or the secret of an app
 * that the file describes, becomes a comment that says what sets it.
 */

/* The kind of app whose secret this variable holds; KT_KIND_NONE: it is none of theirs. */
static enum kt_kind kind_of_secret(const char *name, size_t length)
{
	for (size_t i = 0; i < kt_setting_count; i++) {
		const struct kt_setting_name *each = kt_setting_rows[i].variables;

		for (; kt_setting_rows[i].type == KT_SETTING_SECRET && each && each->name; each++)
			if (strlen(each->name) == length && strncmp(each->name, name, length) == 0)
				return each->kind;
	}
	return KT_KIND_NONE;
}

static bool add_app(struct kt_import_file *file, const struct kt_dotenv_line *line,
                    enum kt_kind kind, struct kt_error *error)
{
	const struct kt_settings_source source = { .lines = kt_secret_reveal(&file->target.content) };
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { .kind = kind };

	return kt_settings_read_source(&settings, &source, error) &&
	       kt_import_add_app(file, &settings, line->start, line->end - line->start, error);
}

static bool add_token(struct kt_import_file *file, size_t start, size_t length, const char *token,
                      size_t token_length, const char *base, struct kt_error *error)
{
	struct kt_import_item *item = kt_import_add(file, start, length, error);

	if (!item || !kt_import_set_token(item, token, token_length, base ? base : file->site, error))
		return false;
	return !item->credential.identity.host || !kt_service_site(&item->credential.identity) ||
	       kt_import_set_default_name(file, item, error);
}

static bool add_assignment(struct kt_import_file *file, const struct kt_dotenv_line *line,
                           const char *base, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&file->target.content);
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;
	enum kt_kind kind = kind_of_secret(text + line->name, line->name_length);
	size_t count = file->count;

	if (!kt_dotenv_value(text, line, &value, error) ||
	    !kt_text_set_bytes(&name, text + line->name, line->name_length, error))
		return false;
	if (kt_secret_is_empty(&value) || strchr("$<{%*", kt_secret_reveal(&value)[0]))
		return true;
	if (kt_secret_word_is_whole(kt_secret_reveal(&value), kt_secret_length(&value))) {
		if (!add_token(file, line->start, line->end - line->start, kt_secret_reveal(&value),
		               kt_secret_length(&value), base, error))
			return false;
	} else if (kind != KT_KIND_NONE && kind != KT_KIND_PAT) {
		if (!add_app(file, line, kind, error))
			return false;
	}
	return file->count == count || kt_text_set(&file->items[count].name, name, error);
}

/* A token that was made a comment is one all the same. */
static bool add_comment(struct kt_import_file *file, const struct kt_import_line *line,
                        const char *base, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret copy = { 0 };
	struct kt_import_assignment assignment;
	const char *value;
	size_t count = file->count;

	if (!kt_import_assignment_read(line->text, line->length, &assignment) ||
	    !assignment.is_comment)
		return true;
	value = line->text + assignment.value;
	if (!kt_secret_set(&copy, value, assignment.value_length, error))
		return false;
	value = kt_secret_reveal(&copy);
	if (kt_secret_word_is_whole(value, assignment.value_length) &&
	    !add_token(file, line->start, line->length, value, assignment.value_length, base, error))
		return false;
	return file->count == count ||
	       kt_text_set_bytes(&file->items[count].name, line->text + assignment.name,
	                         assignment.name_length, error);
}

static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	const struct kt_settings_source source = { .lines = kt_secret_reveal(&file->target.content) };
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { .kind = KT_KIND_PAT };
	struct kt_dotenv_line assignment = { 0 };
	struct kt_import_line line = { 0 };

	if (!kt_settings_read_source(&settings, &source, error))
		return false;
	while (kt_dotenv_next(source.lines, &assignment))
		if (!add_assignment(file, &assignment, settings.api_base, error))
			return false;
	while (kt_import_next_line(file, &line))
		if (!add_comment(file, &line, settings.api_base, error))
			return false;
	return true;
}

static bool replace(const struct kt_import_file *file, const struct kt_import_item *item,
                    struct kt_edits *edits, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&file->target.content) + item->start;
	KT_CLEANUP(kt_text_free) char *comment = NULL;
	KT_CLEANUP(kt_text_free) char *command = NULL;
	size_t length = item->length - (item->length > 0 && text[item->length - 1] == '\r');

	return kt_import_run_command(item, &command, error) &&
	       kt_text_format(&comment, error, "# %s=<kept by keyturn: %s>", item->name, command) &&
	       kt_edits_add(edits, item->start, length, comment, error);
}

const struct kt_import_source kt_import_dotenv = {
	.name = "dotenv",
	.summary = ".env, .env.*, .envrc: tokens, and apps of Coze",
	.read = read_items,
	.replace = replace,
};

const struct kt_import_source kt_import_environment = {
	.name = "environment.d",
	.summary = "~/.config/environment.d",
	.read = read_items,
	.replace = replace,
};

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/setting.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * .npmrc: //HOST/PATH/:_authToken=TOKEN. npm asks no helper, but reads a variable where one is
 * named, and keyturn run sets it. Each token of a file has a variable of its own.
 */

#define REGISTRY "registry.npmjs.org"
#define VARIABLE "NPM_TOKEN"

static const char *const keys[] = { "_authToken", "_auth", "_password" };

/* Which of the keys the setting ends with; NULL: none. */
static const char *key_of(const struct kt_import_line *line,
                          const struct kt_import_setting *setting)
{
	const char *name = line->text + setting->name;

	for (size_t i = 0; i < KT_COUNT(keys); i++) {
		size_t length = strlen(keys[i]);
		size_t before = setting->name_length - length;

		if (setting->name_length >= length &&
		    strncmp(name + before, keys[i], length) == 0 &&
		    (before == 0 || name[before - 1] == ':'))
			return keys[i];
	}
	return NULL;
}

/* The registry's host: //HOST/PATH/:KEY, or npm's own for a bare KEY. */
static bool find_host(const struct kt_import_line *line, const struct kt_import_setting *setting,
                      const char *key, char **host, struct kt_error *error)
{
	const char *name = line->text + setting->name;

	if (setting->name_length == strlen(key))
		return kt_text_set(host, REGISTRY, error);
	if (setting->name_length < 3 || strncmp(name, "//", 2) != 0)
		return true;
	return kt_text_set_bytes(host, name + 2, strcspn(name + 2, "/"), error);
}

static bool name_variable(const struct kt_import_file *file, struct kt_import_item *item,
                          struct kt_error *error)
{
	return file->count == 1 ? kt_text_set(&item->name, VARIABLE, error)
	                        : kt_text_format(&item->name, error, VARIABLE "_%zu", file->count);
}

static bool add_setting(struct kt_import_file *file, const struct kt_import_line *line,
                        const struct kt_import_setting *setting, const char *key,
                        struct kt_error *error)
{
	struct kt_import_item *item = kt_import_add(file, line->start + setting->value,
	                                            setting->value_length, error);
	KT_CLEANUP(kt_text_free) char *host = NULL;
	bool is_service = false;

	if (!item || !name_variable(file, item, error) ||
	    !find_host(line, setting, key, &host, error))
		return false;
	if (!host)
		return kt_import_leave(item, "name the registry: //HOST/:_authToken=...",
		                       "the line names no registry");
	return kt_import_set_service(item, "npm", host, &is_service, error) &&
	       (!is_service ||
	        kt_import_set_fixed(item, "npm", line->text + setting->value, setting->value_length,
	                            error));
}

static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	struct kt_import_line line = { 0 };

	while (kt_import_next_line(file, &line)) {
		struct kt_import_setting setting;
		const char *key;

		if (!kt_import_setting_read(&line, &setting) || setting.is_heading)
			continue;
		key = key_of(&line, &setting);
		if (key && kt_import_setting_is_literal(&line, &setting) &&
		    !add_setting(file, &line, &setting, key, error))
			return false;
	}
	return true;
}

/* The variable in the value's place, and above it the command that sets it. */
static bool replace(const struct kt_import_file *file, const struct kt_import_item *item,
                    struct kt_edits *edits, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&file->target.content);
	KT_CLEANUP(kt_text_free) char *account = NULL;
	KT_CLEANUP(kt_text_free) char *comment = NULL;
	KT_CLEANUP(kt_text_free) char *value = NULL;
	size_t start = item->start;

	while (start > 0 && text[start - 1] != '\n')
		start--;
	return kt_import_account_word(item, &account, error) &&
	       kt_text_format(&comment, error, "; keyturn run %s --env %s -- npm ...\n", account,
	                      item->name) &&
	       kt_text_format(&value, error, "${%s}", item->name) &&
	       kt_edits_add_lines(edits, &file->target.content, start, comment, error) &&
	       kt_edits_add(edits, item->start, item->length, value, error);
}

const struct kt_import_source kt_import_npm = {
	.name = "npm",
	.summary = ".npmrc: tokens of registries",
	.read = read_items,
	.replace = replace,
};

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/setting.h"
#include "keyring/cleanup.h"
#include "keyring/file.h"
#include "keyring/text.h"

/*
 * cargo's credentials.toml: a table for crates.io and one for each registry, whose index stands in
 * config.toml beside it. cargo asks keyturn with that index.
 */

#define CRATES "https://index.crates.io/"
#define NAME "cargo"

/* The value behind the name in the table [registries.NAME] of config.toml; NULL: none. */
static bool find_value(const struct kt_secret *content, const char *table, const char *name,
                       char **value, struct kt_error *error)
{
	const struct kt_import_file file = { .target.content = *content };
	struct kt_import_line line = { 0 };
	bool is_inside = false;

	while (kt_import_next_line(&file, &line)) {
		struct kt_import_setting setting;

		if (!kt_import_setting_read(&line, &setting))
			continue;
		if (setting.is_heading)
			is_inside = kt_import_setting_is(&line, &setting, table);
		else if (is_inside && kt_import_setting_is(&line, &setting, name))
			return kt_import_setting_value(&line, &setting, value, error);
	}
	return true;
}

/* Of cargo's settings beside the file; NULL: they have none of the name in the table. */
static bool read_value(const struct kt_import_file *file, const char *table, const char *name,
                       char **value, struct kt_error *error)
{
	static const char *const names[] = { "config.toml", "config" };
	size_t length = (size_t)(strrchr(file->target.path, '/') - file->target.path);

	for (size_t i = 0; i < KT_COUNT(names) && !*value; i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
		KT_CLEANUP(kt_text_free) char *path = NULL;
		struct kt_error ignored = { 0 };
		bool found;

		if (!kt_text_format(&path, error, "%.*s/%s", (int)length, file->target.path, names[i]))
			return false;
		if (kt_file_read(path, KT_SETUP_FILE_MAXIMUM, &content, &found, &ignored) && found &&
		    !find_value(&content, table, name, value, error))
			return false;
	}
	return true;
}

static bool add_token(struct kt_import_file *file, const struct kt_import_line *line,
                      const struct kt_import_setting *setting, const char *table,
                      struct kt_error *error)
{
	struct kt_import_item *item = kt_import_add(file, line->start, line->length, error);
	KT_CLEANUP(kt_text_free) char *index = NULL;
	KT_CLEANUP(kt_text_free) char *provider = NULL;
	bool is_service = false;

	if (!item)
		return false;
	if (strcmp(table, "registry") == 0 ? !kt_text_set(&index, CRATES, error)
	                                   : !read_value(file, table, "index", &index, error))
		return false;
	if (!read_value(file, table, "credential-provider", &provider, error))
		return false;
	if (provider && !strstr(provider, "keyturn"))
		return kt_import_leave(item, "write there: credential-provider = [\"keyturn\"], then run "
		                       "import again",
		                       "config.toml names another provider for its registry");
	if (!index || (strcmp(table, "registry") != 0 && !kt_text_has_prefix(index, "sparse+")))
		return kt_import_leave(item, "keep it by hand: keyturn login --api-base URL --with-token",
		                       "config.toml names no sparse index of its registry");
	return kt_import_set_service(item, NAME, index, &is_service, error) &&
	       (!is_service ||
	        kt_import_set_login(item, NAME, line->text + setting->value, setting->value_length,
	                            NAME, error));
}

static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *table = NULL;
	struct kt_import_line line = { 0 };

	while (kt_import_next_line(file, &line)) {
		struct kt_import_setting setting;

		if (!kt_import_setting_read(&line, &setting))
			continue;
		if (setting.is_heading) {
			if (!kt_import_setting_name(&line, &setting, &table, error))
				return false;
		} else if (table && kt_import_setting_is(&line, &setting, "token") &&
		           kt_import_setting_is_literal(&line, &setting) &&
		           !add_token(file, &line, &setting, table, error)) {
			return false;
		}
	}
	return true;
}

static bool replace(const struct kt_import_file *file, const struct kt_import_item *item,
                    struct kt_edits *edits, struct kt_error *error)
{
	(void)file;
	return kt_edits_add(edits, item->start, item->length, "# token = <kept by keyturn>", error);
}

const struct kt_import_source kt_import_cargo = {
	.name = "cargo",
	.summary = "~/.cargo/credentials.toml",
	.tool = "cargo",
	.read = read_items,
	.replace = replace,
};

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/address.h"
#include "helper/keeper/import/setting.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * .pypirc: a section is a repository, with a user name and a password; twine reads TWINE_PASSWORD
 * where none stands there. pip.conf: addresses of indexes, which lose their password.
 */

#define UPLOAD "https://upload.pypi.org/legacy/"
#define TEST "https://test.pypi.org/legacy/"

/* The value of the name in the section that this line is in; *value NULL: there is none. */
static bool find_in_section(const struct kt_import_file *file, const char *section,
                            const char *name, char **value, struct kt_error *error)
{
	struct kt_import_line line = { 0 };
	bool is_inside = false;

	while (kt_import_next_line(file, &line)) {
		struct kt_import_setting setting;

		if (!kt_import_setting_read(&line, &setting))
			continue;
		if (setting.is_heading)
			is_inside = kt_import_setting_is(&line, &setting, section);
		else if (is_inside && kt_import_setting_is(&line, &setting, name))
			return kt_import_setting_value(&line, &setting, value, error);
	}
	return true;
}

static bool add_password(struct kt_import_file *file, const struct kt_import_line *line,
                         const struct kt_import_setting *setting, const char *section,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *repository = NULL;
	KT_CLEANUP(kt_text_free) char *username = NULL;
	struct kt_import_item *item;
	bool is_service = false;

	if (!find_in_section(file, section, "repository", &repository, error) ||
	    !find_in_section(file, section, "username", &username, error))
		return false;
	if (!repository && (strcmp(section, "pypi") == 0 || strcmp(section, "testpypi") == 0) &&
	    !kt_text_set(&repository, strcmp(section, "pypi") == 0 ? UPLOAD : TEST, error))
		return false;
	item = kt_import_add(file, line->start, line->length, error);
	if (!item || !kt_text_set(&item->name, "TWINE_PASSWORD", error))
		return false;
	if (!repository || !*kt_text_or_empty(username))
		return kt_import_leave(item, "write repository and username into its section",
		                       "its section names no repository, or no user");
	if (!kt_import_set_service(item, "pip", repository, &is_service, error))
		return false;
	item->is_named = true;
	kt_text_free(&item->credential.identity.path);
	return !is_service || kt_import_set_fixed(item, username, line->text + setting->value,
	                                          setting->value_length, error);
}

static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *section = NULL;
	struct kt_import_line line = { 0 };

	while (kt_import_next_line(file, &line)) {
		struct kt_import_setting setting;
		bool is_setting = kt_import_setting_read(&line, &setting);

		if (is_setting && setting.is_heading) {
			if (!kt_import_setting_name(&line, &setting, &section, error))
				return false;
		} else if (section && is_setting && kt_import_setting_is(&line, &setting, "password")) {
			if (kt_import_setting_is_literal(&line, &setting) &&
			    !add_password(file, &line, &setting, section, error))
				return false;
		} else if (!kt_import_add_addresses(file, &line, error)) {
			return false;
		}
	}
	return true;
}

/* The part is a line, where its item has a variable; else a password in an address. */
static bool replace(const struct kt_import_file *file, const struct kt_import_item *item,
                    struct kt_edits *edits, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *command = NULL;
	KT_CLEANUP(kt_text_free) char *comment = NULL;

	(void)file;
	return kt_import_run_command(item, &command, error) &&
	       kt_text_format(&comment, error, "# password = <kept by keyturn: %s>", command) &&
	       kt_edits_add(edits, item->start, item->length, item->name ? comment : "", error);
}

const struct kt_import_source kt_import_pip = {
	.name = "pip",
	.summary = "~/.pypirc, pip.conf",
	.read = read_items,
	.replace = replace,
};

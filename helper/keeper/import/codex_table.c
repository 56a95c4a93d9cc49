/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/import/codex_table.h"

bool kt_import_codex_find(const struct kt_import_file *file, const char *table, const char *name,
                          struct kt_import_line *line, struct kt_import_setting *setting)
{
	bool is_inside = false;

	*line = (struct kt_import_line){ 0 };
	while (kt_import_next_line(file, line)) {
		if (!kt_import_setting_read(line, setting))
			continue;
		if (setting->is_heading)
			is_inside = kt_import_setting_is(line, setting, table);
		else if (is_inside && kt_import_setting_is(line, setting, name))
			return true;
	}
	return false;
}

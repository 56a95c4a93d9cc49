/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A line NAME = VALUE of the files of npm, pip, uv and cargo, and their headings in brackets. A
 * value is bare, or in quotes without an escape; whatever else stands there is no such line.
 */

#include "helper/keeper/import/item.h"

struct kt_import_setting {
	size_t name; /* places in the line */
	size_t name_length;
	size_t value;
	size_t value_length;
	bool is_heading; /* [NAME] or [[NAME]]; it has no value */
};

/* False: the line is neither. */
bool kt_import_setting_read(const struct kt_import_line *line, struct kt_import_setting *setting);

/* The line's name is this one. */
bool kt_import_setting_is(const struct kt_import_line *line,
                          const struct kt_import_setting *setting, const char *name);

/* Replaces text by the name, or the value. */
bool kt_import_setting_name(const struct kt_import_line *line,
                            const struct kt_import_setting *setting, char **text,
                            struct kt_error *error);
bool kt_import_setting_value(const struct kt_import_line *line,
                             const struct kt_import_setting *setting, char **text,
                             struct kt_error *error);

/* The value is a text of its own: not empty, and no reference to a variable. */
bool kt_import_setting_is_literal(const struct kt_import_line *line,
                                  const struct kt_import_setting *setting);

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/setting.h"
#include "keyring/text.h"

#define BLANKS " \t"

static size_t skip(const struct kt_import_line *line, size_t place)
{
	while (place < line->length && strchr(BLANKS, line->text[place]))
		place++;
	return place;
}

static bool read_heading(const struct kt_import_line *line, size_t place,
                         struct kt_import_setting *setting)
{
	const char *end;

	while (place < line->length && line->text[place] == '[')
		place++;
	end = memchr(line->text + place, ']', line->length - place);
	setting->name = place;
	setting->name_length = end ? (size_t)(end - line->text) - place : 0;
	setting->is_heading = true;
	return end != NULL;
}

/* The value in quotes, or up to the blanks at the end of the line. */
static bool read_value(const struct kt_import_line *line, size_t place,
                       struct kt_import_setting *setting)
{
	char quote = place < line->length ? line->text[place] : '\0';
	size_t end = line->length;
	const char *close;

	if (quote != '"' && quote != '\'') {
		while (end > place && strchr(BLANKS, line->text[end - 1]))
			end--;
		setting->value = place;
		setting->value_length = end - place;
		return true;
	}
	close = memchr(line->text + place + 1, quote, line->length - place - 1);
	if (!close)
		return false;
	setting->value = place + 1;
	setting->value_length = (size_t)(close - line->text) - place - 1;
	end = skip(line, (size_t)(close - line->text) + 1);
	return (end == line->length || line->text[end] == '#') &&
	       !memchr(line->text + setting->value, '\\', setting->value_length);
}

bool kt_import_setting_read(const struct kt_import_line *line, struct kt_import_setting *setting)
{
	size_t place = skip(line, 0);
	const char *equals = memchr(line->text + place, '=', line->length - place);
	size_t end = equals ? (size_t)(equals - line->text) : 0;

	*setting = (struct kt_import_setting){ 0 };
	if (place < line->length && line->text[place] == '[')
		return read_heading(line, place, setting);
	if (!equals || strchr("#;", line->text[place]))
		return false;
	setting->name = place;
	while (end > place && strchr(BLANKS, line->text[end - 1]))
		end--;
	setting->name_length = end - place;
	return end > place && read_value(line, skip(line, (size_t)(equals - line->text) + 1), setting);
}

bool kt_import_setting_is(const struct kt_import_line *line,
                          const struct kt_import_setting *setting, const char *name)
{
	return setting->name_length == strlen(name) &&
	       strncmp(line->text + setting->name, name, setting->name_length) == 0;
}

bool kt_import_setting_name(const struct kt_import_line *line,
                            const struct kt_import_setting *setting, char **text,
                            struct kt_error *error)
{
	return kt_text_set_bytes(text, line->text + setting->name, setting->name_length, error);
}

bool kt_import_setting_value(const struct kt_import_line *line,
                             const struct kt_import_setting *setting, char **text,
                             struct kt_error *error)
{
	return kt_text_set_bytes(text, line->text + setting->value, setting->value_length, error);
}

bool kt_import_setting_is_literal(const struct kt_import_line *line,
                                  const struct kt_import_setting *setting)
{
	return setting->value_length > 0 && !strchr("$<{%", line->text[setting->value]);
}

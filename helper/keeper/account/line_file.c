/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/line_file.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/text.h"

bool kt_line_file_read(const char *name, size_t most, kt_line_file_taker take, void *context,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	const char *line;
	bool found;

	if (!kt_environment_config_directory(&directory, error) ||
	    !kt_text_format(&path, error, "%s/%s", directory, name) ||
	    !kt_file_read(path, most, &content, &found, error))
		return false;
	line = kt_secret_reveal(&content);
	while (*line) {
		const char *end = strchrnul(line, '\n');

		if (!take(context, line, end, error))
			return false;
		line = *end ? end + 1 : end;
	}
	return true;
}

static bool read_part(const char **cursor, const char *end, char **part, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret decoded = { 0 };
	const char *stop;

	if (end - *cursor < 2 || (*cursor)[0] != ' ' || (*cursor)[1] != '=')
		return false;
	*cursor += 2;
	stop = memchr(*cursor, ' ', (size_t)(end - *cursor));
	stop = stop ? stop : end;
	if (!kt_text_append_unescaped(&decoded, *cursor, (size_t)(stop - *cursor), error))
		return false;
	*cursor = stop;
	return kt_text_set(part, kt_secret_reveal(&decoded), error);
}

bool kt_line_file_read_parts(const char *cursor, const char *end, char **const *parts,
                             size_t count, struct kt_error *error)
{
	for (size_t i = 0; i < count; i++)
		if (!read_part(&cursor, end, parts[i], error))
			return false;
	return true;
}

bool kt_line_file_append(struct kt_secret *content, const char *word, const char *const *parts,
                         size_t count, struct kt_error *error)
{
	if (!kt_secret_append_text(content, word, error))
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *part = kt_text_or_empty(parts[i]);

		if (!kt_secret_append_text(content, " =", error) ||
		    !kt_text_append_percent(content, part, strlen(part), error))
			return false;
	}
	return kt_secret_append_text(content, "\n", error);
}

bool kt_line_file_write(const char *name, const struct kt_secret *content, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *path = NULL;

	return kt_environment_config_directory(&directory, error) &&
	       kt_environment_make_directory(directory, error) &&
	       kt_text_format(&path, error, "%s/%s", directory, name) &&
	       kt_file_replace(path, kt_secret_reveal(content), kt_secret_length(content), error);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/line_file.h"
#include "keyring/characters.h"
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

/* A path has any byte but NUL; another text is what a URL may hold. */
static bool decode(struct kt_secret *decoded, const char *bytes, size_t length, bool is_path,
                   struct kt_error *error)
{
	if (!is_path)
		return kt_text_append_unescaped(decoded, bytes, length, error);
	for (size_t i = 0; i < length; i++) {
		int value = bytes[i] == '%' ? kt_characters_percent_value(bytes + i, length - i)
		                            : bytes[i];
		char byte = (char)value;

		if (value == 0 || (bytes[i] == '%' && value < 0))
			return kt_fail(error, KT_ERROR_CORRUPT, "a path is not written as it should be");
		if (!kt_secret_append(decoded, &byte, 1, error))
			return false;
		i += bytes[i] == '%' ? 2 : 0;
	}
	return true;
}

static bool read_part(const char **cursor, const char *end, bool is_path, char **part,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret decoded = { 0 };
	const char *stop;

	if (end - *cursor < 2 || (*cursor)[0] != ' ' || (*cursor)[1] != '=')
		return false;
	*cursor += 2;
	stop = memchr(*cursor, ' ', (size_t)(end - *cursor));
	stop = stop ? stop : end;
	if (!decode(&decoded, *cursor, (size_t)(stop - *cursor), is_path, error))
		return false;
	*cursor = stop;
	return kt_text_set(part, kt_secret_reveal(&decoded), error);
}

bool kt_line_file_read_parts(const char *cursor, const char *end, char **const *parts,
                             size_t count, bool has_path, struct kt_error *error)
{
	for (size_t i = 0; i < count; i++)
		if (!read_part(&cursor, end, has_path && i == 0, parts[i], error))
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

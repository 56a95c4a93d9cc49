/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/keeper/setup/difference.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define AROUND 3
#define SHOWN 200
/* A longer part of a file is told as gone and come again: the table grows with the square. */
#define COMPARED 500

struct line {
	const char *bytes;
	size_t length; /* with its LF, but for a last line that has none */
};

struct lines {
	struct line *lines;
	size_t count;
};

static void lines_clear(struct lines *lines)
{
	free(lines->lines);
	*lines = (struct lines){ 0 };
}

static void pointer_clear(unsigned short **pointer)
{
	free(*pointer);
	*pointer = NULL;
}

static bool split(struct lines *lines, const struct kt_secret *text, struct kt_error *error)
{
	const char *bytes = kt_secret_reveal(text);
	const char *end = bytes + kt_secret_length(text);
	size_t count = 1;

	for (const char *byte = bytes; byte < end; byte++)
		count += *byte == '\n';
	lines->lines = calloc(count, sizeof(*lines->lines));
	if (!lines->lines)
		return kt_fail_memory(error);
	while (bytes < end) {
		const char *next = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t length = next ? (size_t)(next + 1 - bytes) : (size_t)(end - bytes);

		lines->lines[lines->count++] = (struct line){ bytes, length };
		bytes += length;
	}
	return true;
}

static bool is_same(const struct line *line, const struct line *other)
{
	return line->length == other->length && memcmp(line->bytes, other->bytes, line->length) == 0;
}

/* Where the value begins of a line that may hold a secret; else the line's length. */
static size_t shown_length(const char *line)
{
	static const char *const words[] = { "auth", "token", "passw", "secret", "header",
		                             "cookie", "apikey", "api_key", "://" };
	const char *place = NULL;

	for (size_t i = 0; i < KT_COUNT(words) && !place; i++)
		place = strcasestr(line, words[i]);
	if (!place || (strncmp(place, "://", 3) == 0 && !strchr(place, '@')))
		return strlen(line);
	place = strpbrk(line, "=:");
	/* A place that is left open holds none. */
	if (place && place[1 + strspn(place + 1, " \"'")] == '<')
		return strlen(line);
	return place ? (size_t)(place + 1 - line) : (size_t)0;
}

/* Four blanks for a tab, which is no printable character. */
static bool expand(const char *bytes, size_t length, char **text, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret wide = { 0 };

	for (size_t i = 0; i < length; i++)
		if (!kt_secret_append(&wide, bytes[i] == '\t' ? "    " : bytes + i,
		                      bytes[i] == '\t' ? 4 : 1, error))
			return false;
	return kt_text_set(text, kt_secret_reveal(&wide), error);
}

static bool append_line(struct kt_secret *output, char sign, const struct line *line,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *text = NULL;
	size_t length = line->length;
	size_t shown;
	bool is_ended = length > 0 && line->bytes[length - 1] == '\n';

	length -= is_ended;
	length -= length > 0 && line->bytes[length - 1] == '\r';
	if (!expand(line->bytes, length, &text, error))
		return false;
	kt_characters_make_printable(text);
	shown = shown_length(text);
	length = strlen(text);
	if (shown > SHOWN)
		shown = (size_t)kt_characters_fit(text, SHOWN);
	return kt_secret_append(output, &sign, 1, error) &&
	       kt_secret_append(output, text, shown, error) &&
	       (shown == length || kt_secret_append_text(output, " ...", error)) &&
	       kt_secret_append_text(output, is_ended ? "\n" : "\n\\ No newline at end of file\n",
	                             error);
}

static bool append_lines(struct kt_secret *output, char sign, const struct lines *lines,
                         size_t start, size_t end, struct kt_error *error)
{
	for (size_t i = start; i < end; i++)
		if (!append_line(output, sign, &lines->lines[i], error))
			return false;
	return true;
}

/* Longest common subsequence: table[i][j] is that of the old lines from i on, the new from j on. */
static bool append_middle(struct kt_secret *output, const struct lines *old,
                          const struct lines *new, size_t start, size_t old_end, size_t new_end,
                          struct kt_error *error)
{
	KT_CLEANUP(pointer_clear) unsigned short *table = NULL;
	size_t rows = old_end - start;
	size_t columns = new_end - start;
	size_t i = 0;
	size_t j = 0;

	if (rows > COMPARED || columns > COMPARED)
		return append_lines(output, '-', old, start, old_end, error) &&
		       append_lines(output, '+', new, start, new_end, error);
	table = calloc((rows + 1) * (columns + 1), sizeof(*table));
	if (!table)
		return kt_fail_memory(error);
#define AT(row, column) table[(row) * (columns + 1) + (column)]
	for (size_t row = rows; row-- > 0;)
		for (size_t column = columns; column-- > 0;)
			AT(row, column) = is_same(&old->lines[start + row], &new->lines[start + column])
				? (unsigned short)(AT(row + 1, column + 1) + 1)
				: AT(row + 1, column) >= AT(row, column + 1) ? AT(row + 1, column)
				                                             : AT(row, column + 1);
	while (i < rows || j < columns) {
		bool is_common = i < rows && j < columns &&
		                 is_same(&old->lines[start + i], &new->lines[start + j]);
		bool is_gone = !is_common && i < rows &&
		               (j == columns || AT(i + 1, j) >= AT(i, j + 1));
		const struct line *line = is_common || is_gone ? &old->lines[start + i]
		                                               : &new->lines[start + j];

		if (!append_line(output, is_common ? ' ' : is_gone ? '-' : '+', line, error))
			return false;
		i += is_common || is_gone;
		j += !is_gone;
	}
#undef AT
	return true;
}

static bool append_head(struct kt_secret *output, const char *path, size_t first, size_t old_count,
                        size_t new_count, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *text = NULL;

	if (!kt_text_set(&name, path, error))
		return false;
	kt_characters_make_printable(name);
	return kt_text_format(&text, error, "--- %s\n+++ %s\n@@ -%zu,%zu +%zu,%zu @@\n", name, name,
	                      old_count ? first + 1 : first, old_count,
	                      new_count ? first + 1 : first, new_count) &&
	       kt_secret_append_text(output, text, error);
}

bool kt_difference_append(struct kt_secret *output, const char *path, const struct kt_secret *old,
                          const struct kt_secret *new, struct kt_error *error)
{
	KT_CLEANUP(lines_clear) struct lines before = { 0 };
	KT_CLEANUP(lines_clear) struct lines after = { 0 };
	size_t start = 0;
	size_t same = 0;
	size_t first;
	size_t rest;

	if (!split(&before, old, error) || !split(&after, new, error))
		return false;
	while (start < before.count && start < after.count &&
	       is_same(&before.lines[start], &after.lines[start]))
		start++;
	while (same < before.count - start && same < after.count - start &&
	       is_same(&before.lines[before.count - same - 1], &after.lines[after.count - same - 1]))
		same++;
	first = start > AROUND ? start - AROUND : 0;
	rest = same < AROUND ? same : AROUND;
	return append_head(output, path, first, before.count - same + rest - first,
	                   after.count - same + rest - first, error) &&
	       append_lines(output, ' ', &before, first, start, error) &&
	       append_middle(output, &before, &after, start, before.count - same,
	                     after.count - same, error) &&
	       append_lines(output, ' ', &before, before.count - same,
	                    before.count - same + rest, error);
}

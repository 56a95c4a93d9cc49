/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "keyring/shell_word.h"

/* A quote inside single quotes: they end, a quote is escaped, they begin again. */
static const char quote[] = "'\\''";

static bool is_plain(const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	                            "@%+=:,./_-";

	return *word && word[strspn(word, plain)] == '\0';
}

static size_t quoted_length(const char *word)
{
	size_t length = 2;

	for (const char *byte = word; *byte; byte++)
		length += *byte == '\'' ? sizeof(quote) - 1 : 1;
	return length;
}

const char *kt_shell_word(struct kt_shell_word *buffer, const char *word, const char *stand_in)
{
	bool needs_quotes = !is_plain(word);
	char *target = buffer->text;

	if ((needs_quotes ? quoted_length(word) : strlen(word)) >= sizeof(buffer->text))
		return stand_in;
	if (!needs_quotes)
		return word;
	*target++ = '\'';
	for (const char *byte = word; *byte; byte++) {
		size_t length = *byte == '\'' ? sizeof(quote) - 1 : 1;

		memcpy(target, *byte == '\'' ? quote : byte, length);
		target += length;
	}
	*target++ = '\'';
	*target = '\0';
	return buffer->text;
}

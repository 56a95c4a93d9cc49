/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "helper/wrap.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"

#define INDENT 2
#define INDENT_MAXIMUM 24

static bool is_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	return strncmp(text, word, length) == 0 && (text[length] == ' ' || text[length] == '\0');
}

/* Other programs that a remedy names, behind a colon. */
static bool is_program(const char *text)
{
	static const char *const programs[] = {
		"apt-get", "chmod", "chown", "date", "export", "fusermount", "git", "head", "loginctl",
		"ls", "make", "man", "mv", "printf", "python3", "rm", "sed", "ssh", "ssh-add", "sudo",
		"systemctl", "timedatectl", "ulimit", "unset",
	};

	for (size_t i = 0; i < KT_COUNT(programs); i++)
		if (is_word(text, programs[i]))
			return true;
	return false;
}

static bool is_command(const char *line, const char *text)
{
	/* Also one of double width, U+FF1A. */
	bool is_behind_colon = (text - line >= 2 && strncmp(text - 2, ": ", 2) == 0) ||
	                       (text - line >= 4 && strncmp(text - 4, "\357\274\232 ", 4) == 0);

	return is_word(text, "keyturn") || strncmp(text, "--", 2) == 0 ||
	       (is_behind_colon && (is_program(text) || strncmp(text, "KEYTURN_", 8) == 0)) ||
	       (text - line >= 5 && strncmp(text - 5, "run: ", 5) == 0);
}

/* One character, and what may not stand at the end or the beginning of a line. */
struct character {
	size_t length;
	bool is_wide;
	bool is_opening;
	bool is_closing;
};

static struct character read_character(const char *text)
{
	static const uint32_t opening[] = { 0x201c, 0x300a, 0x300c, 0xff08 };
	static const uint32_t closing[] = { 0x201d, 0x3001, 0x3002, 0x300b, 0x300d, 0xff01,
		                            0xff09, 0xff0c, 0xff1a, 0xff1b, 0xff1f };
	struct character character = { .length = 1 };
	char bytes[5] = "";
	uint32_t code = 0;
	size_t used = (unsigned char)*text < 0x80
		? 0 : kt_characters_decode(text, strlen(text), &code);

	if (used == 0 || used >= sizeof(bytes))
		return character;
	memcpy(bytes, text, used);
	character.length = used;
	character.is_wide = kt_characters_columns(bytes) == 2;
	for (size_t i = 0; i < KT_COUNT(opening); i++)
		character.is_opening = character.is_opening || code == opening[i];
	for (size_t i = 0; i < KT_COUNT(closing); i++)
		character.is_closing = character.is_closing || code == closing[i];
	return character;
}

/* A blank at which a command is over: behind a mark, before a bracket or between two columns. */
static bool is_end(const char *text, size_t i)
{
	return strchr("([ ", text[i + 1]) != NULL || (i > 0 && strchr(",;", text[i - 1]) != NULL);
}

/* Up to such a blank that no quote holds, or with a mark of double width behind a blank. */
static size_t command_length(const char *text)
{
	bool is_quoted = false;
	size_t i;

	for (i = 0; text[i]; i++) {
		struct character next;

		if (text[i] == '\'')
			is_quoted = !is_quoted;
		if (text[i] != ' ' || is_quoted)
			continue;
		if (is_end(text, i))
			break;
		next = read_character(text + i + 1);
		if (next.is_closing)
			return i + 1 + next.length;
	}
	return i;
}

/* A word, or in a script without blanks a character with the marks that stand by it. */
static size_t word_length(const char *text)
{
	struct character before = { .is_opening = true };
	size_t length = 0;

	while (text[length] && text[length] != ' ') {
		struct character next = read_character(text + length);

		if ((before.is_wide || next.is_wide) && !before.is_opening && !next.is_closing)
			break;
		length += next.length;
		before = next;
	}
	return length;
}

static size_t piece_length(const char *line, const char *text)
{
	return is_command(line, text) ? command_length(text) : word_length(text);
}

static size_t piece_columns(const char *text, size_t length)
{
	char piece[512];

	if (length >= sizeof(piece))
		return length;
	memcpy(piece, text, length);
	piece[length] = '\0';
	return kt_characters_columns(piece);
}

/* False: there is no room. */
static bool append(char *output, size_t size, size_t *used, const char *bytes, size_t length)
{
	if (length >= size - *used)
		return false;
	memcpy(output + *used, bytes, length);
	*used += length;
	output[*used] = '\0';
	return true;
}

static bool wrap(const char *line, size_t columns, char *output, size_t size, size_t *used)
{
	char next[INDENT_MAXIMUM + 2] = "\n";
	size_t indent = strspn(line, " ") + INDENT;
	size_t at = 0; /* the column */

	if (indent > INDENT_MAXIMUM)
		indent = INDENT_MAXIMUM;
	memset(next + 1, ' ', indent);
	for (const char *text = line; *text;) {
		size_t blanks = strspn(text, " ");
		size_t length = piece_length(line, text + blanks);
		size_t width = piece_columns(text + blanks, length);
		bool is_broken = text > line && at > indent && at + blanks + width > columns;

		if (!append(output, size, used, is_broken ? next : text,
		            is_broken ? indent + 1 : blanks) ||
		    !append(output, size, used, text + blanks, length))
			return false;
		at = (is_broken ? indent : at + blanks) + width;
		text += blanks + length;
	}
	return true;
}

size_t kt_wrap(const char *line, size_t columns, char *output, size_t size)
{
	size_t used = 0;

	output[0] = '\0';
	if (columns > 0 && wrap(line, columns, output, size, &used))
		return used;
	return (size_t)snprintf(output, size, "%s", line);
}

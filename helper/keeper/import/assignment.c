/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/assignment.h"
#include "keyring/cleanup.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define DIGITS "0123456789"

/* The rest of a line. Spans never go beyond its end, whose byte is none of theirs. */
struct rest {
	const char *line;
	size_t length;
	size_t place;
};

static size_t span(struct rest *rest, const char *bytes)
{
	size_t start = rest->place;

	while (rest->place < rest->length && strchr(bytes, rest->line[rest->place]))
		rest->place++;
	return rest->place - start;
}

static char look(const struct rest *rest)
{
	return rest->place < rest->length ? rest->line[rest->place] : '\0';
}

static bool is_word(const struct rest *rest, const char *word)
{
	size_t length = strlen(word);

	return rest->length - rest->place > length &&
	       memcmp(rest->line + rest->place, word, length) == 0 &&
	       strchr(" \t", rest->line[rest->place + length]);
}

/* export, declare -x, set -gx: and whether the value stands behind blanks, as in fish and csh. */
static bool skip_words(struct rest *rest)
{
	static const char *const words[] = { "export", "declare", "typeset", "readonly", "setenv",
		                             "set" };
	bool is_spaced = false;

	for (size_t i = 0; i < KT_COUNT(words); i++) {
		if (!is_word(rest, words[i]))
			continue;
		is_spaced = strncmp(words[i], "set", 3) == 0;
		rest->place += strlen(words[i]);
		span(rest, " \t");
		while (look(rest) == '-') {
			rest->place++;
			span(rest, LETTERS "-");
			span(rest, " \t");
		}
		break;
	}
	return is_spaced;
}

/* A text in quotes, or without any where no byte of it means something to a shell. */
static bool read_value(struct rest *rest, struct kt_import_assignment *assignment)
{
	char quote = look(rest);
	const char *end;

	if (quote != '"' && quote != '\'') {
		assignment->value = rest->place;
		assignment->value_length = span(rest, LETTERS DIGITS "-.~+/=:,@%");
		return true;
	}
	assignment->value = ++rest->place;
	end = memchr(rest->line + rest->place, quote, rest->length - rest->place);
	if (!end)
		return false;
	assignment->value_length = (size_t)(end - (rest->line + rest->place));
	rest->place += assignment->value_length + 1;
	for (size_t i = 0; i < assignment->value_length && quote == '"'; i++)
		if (strchr("$`\\", rest->line[assignment->value + i]))
			return false;
	return true;
}

/* Nothing but a semicolon and a comment. */
static bool is_end(struct rest *rest)
{
	size_t blanks = span(rest, " \t");

	if (look(rest) == ';') {
		rest->place++;
		blanks = 1 + span(rest, " \t");
	}
	return rest->place == rest->length || (look(rest) == '#' && blanks > 0);
}

bool kt_import_assignment_read(const char *line, size_t length,
                               struct kt_import_assignment *assignment)
{
	struct rest rest = { .line = line, .length = length };
	bool is_spaced;

	*assignment = (struct kt_import_assignment){ .start = span(&rest, " \t") };
	assignment->is_comment = span(&rest, "#") > 0;
	span(&rest, " \t");
	is_spaced = skip_words(&rest);
	assignment->name = rest.place;
	if (!span(&rest, LETTERS))
		return false;
	span(&rest, LETTERS DIGITS);
	assignment->name_length = rest.place - assignment->name;
	if (is_spaced ? !span(&rest, " \t") : look(&rest) != '=')
		return false;
	rest.place += !is_spaced;
	return read_value(&rest, assignment) && assignment->value_length > 0 && is_end(&rest);
}

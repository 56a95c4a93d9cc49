/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/login/dotenv.h"
#include "keyring/characters.h"
#include "keyring/text.h"

#define PEM_BEGIN "-----BEGIN "
#define PEM_END "-----END "

/* Borrowed from the text. The quote is NUL for a value without quotes. */
struct assignment {
	const char *name;
	size_t name_length;
	const char *value;
	size_t value_length;
	char quote;
};

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

static const char *line_end(const char *text)
{
	return strchrnul(text, '\n');
}

static const char *next_line(const char *text)
{
	const char *end = line_end(text);

	return *end ? end + 1 : end;
}

/* The quote that ends the value; NULL where there is none. */
static const char *closing_quote(const char *text, char quote)
{
	for (; *text; text++) {
		if (quote == '"' && text[0] == '\\' && text[1])
			text++;
		else if (*text == quote)
			return text;
	}
	return NULL;
}

/* An unquoted value ends with its line or before a comment; a PEM block with its last line. */
static const char *unquoted_end(const char *value)
{
	const char *end = line_end(value);
	const char *last = NULL;

	if (kt_text_has_prefix(value, PEM_BEGIN))
		last = strstr(value, PEM_END);
	if (last)
		return line_end(last);
	for (const char *byte = value; byte + 1 < end; byte++)
		if ((*byte == ' ' || *byte == '\t') && byte[1] == '#')
			return byte;
	return end;
}

/* A quote that nothing closes is a part of the value, which then ends with its line. */
static void read_value(struct assignment *assignment, const char *value)
{
	const char *end = NULL;

	if (*value && strchr("\"'`", *value))
		end = closing_quote(value + 1, *value);
	assignment->quote = end ? *value : '\0';
	if (end)
		value++;
	else
		end = unquoted_end(value);
	assignment->value = value;
	assignment->value_length = (size_t)(end - value);
}

/* Reads one assignment, and moves *text to the line behind it; false: this line has none. */
static bool read_line(const char **text, struct assignment *assignment)
{
	const char *name = skip_blanks(*text);
	const char *equals;

	*text = next_line(*text);
	if (kt_text_has_prefix(name, "export ") || kt_text_has_prefix(name, "export\t"))
		name = skip_blanks(name + 7);
	assignment->name = name;
	assignment->name_length = strcspn(name, " \t\r\n=#'\"");
	equals = skip_blanks(name + assignment->name_length);
	if (assignment->name_length == 0 || *equals != '=')
		return false;
	read_value(assignment, skip_blanks(equals + 1));
	*text = next_line(assignment->value + assignment->value_length);
	return true;
}

static bool unescape(const struct assignment *assignment, struct kt_secret *value,
                     struct kt_error *error)
{
	static const char escaped[] = "nrt\"\\$";
	static const char meant[] = "\n\r\t\"\\$";
	const char *end = assignment->value + assignment->value_length;

	for (const char *byte = assignment->value; byte < end; byte++) {
		const char *found = *byte == '\\' && byte + 1 < end ? strchr(escaped, byte[1]) : NULL;

		if (!kt_secret_append(value, found ? &meant[found - escaped] : byte, 1, error))
			return false;
		byte += found != NULL;
	}
	return true;
}

static bool take_value(const struct assignment *assignment, struct kt_secret *value,
                       struct kt_error *error)
{
	kt_secret_clear(value);
	if (assignment->quote == '"' ? !unescape(assignment, value, error)
	                             : !kt_secret_append(value, assignment->value,
	                                                 assignment->value_length, error))
		return false;
	kt_secret_trim(value);
	return true;
}

bool kt_dotenv_find(const char *text, const char *name, struct kt_secret *value,
                    struct kt_error *error)
{
	size_t length = strlen(name);

	kt_secret_clear(value);
	if (kt_text_has_prefix(text, KT_BYTE_ORDER_MARK))
		text += sizeof(KT_BYTE_ORDER_MARK) - 1;
	while (*text) {
		struct assignment assignment = { 0 };

		if (read_line(&text, &assignment) && assignment.name_length == length &&
		    memcmp(assignment.name, name, length) == 0 &&
		    !take_value(&assignment, value, error))
			return false;
	}
	return true;
}

bool kt_dotenv_next(const char *text, struct kt_dotenv_line *line)
{
	const char *place = text + line->next;

	if (line->next == 0 && kt_text_has_prefix(text, KT_BYTE_ORDER_MARK))
		place += sizeof(KT_BYTE_ORDER_MARK) - 1;
	while (*place) {
		struct assignment assignment = { 0 };
		const char *start = place;

		if (!read_line(&place, &assignment))
			continue;
		line->start = (size_t)(start - text);
		line->name = (size_t)(assignment.name - text);
		line->name_length = assignment.name_length;
		line->next = (size_t)(place - text);
		line->end = (size_t)(line_end(assignment.value + assignment.value_length) - text);
		return true;
	}
	return false;
}

bool kt_dotenv_value(const char *text, const struct kt_dotenv_line *line, struct kt_secret *value,
                     struct kt_error *error)
{
	struct assignment assignment = { 0 };
	const char *start = text + line->start;

	return read_line(&start, &assignment) && take_value(&assignment, value, error);
}

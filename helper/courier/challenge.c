/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "helper/courier/challenge.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/secret.h"
#include "keyring/text.h"

#define VALUE_MAXIMUM 2048

/* The rest of a header's value. */
struct rest {
	const char *bytes;
	size_t length;
};

static void skip(struct rest *rest, size_t count)
{
	rest->bytes += count;
	rest->length -= count;
}

static void skip_any(struct rest *rest, const char *bytes)
{
	while (rest->length > 0 && *rest->bytes && strchr(bytes, *rest->bytes))
		skip(rest, 1);
}

/* RFC 9110, 5.6.2; and the slash of a token68 (11.2). */
static bool is_token_byte(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') || (byte && strchr("!#$%&'*+-./^_`|~", byte));
}

static size_t token_length(const struct rest *rest)
{
	size_t length = 0;

	while (length < rest->length && is_token_byte(rest->bytes[length]))
		length++;
	return length;
}

/* RFC 9110, 5.6.4. False without a closing quote. */
static bool read_quoted(struct rest *rest, struct kt_secret *value, struct kt_error *error)
{
	skip(rest, 1);
	while (rest->length > 0 && *rest->bytes != '"') {
		if (*rest->bytes == '\\' && rest->length > 1)
			skip(rest, 1);
		if (!kt_secret_append(value, rest->bytes, 1, error))
			return false;
		skip(rest, 1);
	}
	if (rest->length == 0)
		return false;
	skip(rest, 1);
	return true;
}

/* An address without quotes is against the grammar, and taken nevertheless. */
static bool read_value(struct rest *rest, struct kt_secret *value, struct kt_error *error)
{
	size_t length = 0;

	if (*rest->bytes == '"')
		return read_quoted(rest, value, error);
	while (length < rest->length && !memchr(", \t", rest->bytes[length], 3))
		length++;
	if (!kt_secret_append(value, rest->bytes, length, error))
		return false;
	skip(rest, length);
	return true;
}

static bool is_name(const char *name, size_t length, const char *wanted)
{
	return length == strlen(wanted) && strncasecmp(name, wanted, length) == 0;
}

/* A value that cannot be one of these is none. */
static bool take(char **text, const struct kt_secret *value, bool has_blanks,
                 struct kt_error *error)
{
	const char *bytes = kt_secret_reveal(value);
	size_t length = kt_secret_length(value);

	if (*text || length == 0 || length > VALUE_MAXIMUM)
		return true;
	for (size_t i = 0; i < length; i++)
		if (bytes[i] < (has_blanks ? ' ' : '!') || bytes[i] > '~')
			return true;
	return kt_text_set(text, bytes, error);
}

/*
 * Reads one word: a parameter with its value, or a scheme, whose token68, where it has one, looks
 * like a parameter without a value. False where the grammar ends, or memory.
 */
static bool read_word(struct kt_challenge *challenge, struct rest *rest, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
	const char *name = rest->bytes;
	size_t length = token_length(rest);

	if (length == 0)
		return false;
	skip(rest, length);
	skip_any(rest, " \t");
	if (rest->length == 0 || *rest->bytes != '=')
		return true;
	skip(rest, 1);
	skip_any(rest, " \t");
	if (rest->length == 0 || *rest->bytes == ',' || *rest->bytes == '=') {
		skip_any(rest, "=");
		return true;
	}
	if (!read_value(rest, &value, error))
		return false;
	if (is_name(name, length, "resource_metadata"))
		return take(&challenge->resource_metadata, &value, false, error);
	return !is_name(name, length, "scope") || take(&challenge->scope, &value, true, error);
}

bool kt_challenge_read(struct kt_challenge *challenge, const char *value, size_t length,
                       struct kt_error *error)
{
	struct rest rest = { value, length };
	struct kt_error failure = { 0 };

	do {
		skip_any(&rest, ", \t");
	} while (rest.length > 0 && read_word(challenge, &rest, &failure));
	if (failure.code == KT_ERROR_NONE)
		return true;
	*error = failure;
	return false;
}

void kt_challenge_clear(struct kt_challenge *challenge)
{
	kt_text_free(&challenge->resource_metadata);
	kt_text_free(&challenge->scope);
}

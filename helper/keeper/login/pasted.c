/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "helper/keeper/login/pasted.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define LAYERS_MAXIMUM 8
#define NAME_MAXIMUM 64

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

/* The part of a secret between two places; both are moved inwards. */
struct part {
	const char *start;
	size_t length;
};

static bool begins(const struct part *part, const char *text)
{
	size_t length = strlen(text);

	return part->length >= length && strncasecmp(part->start, text, length) == 0;
}

static void skip(struct part *part, size_t length)
{
	part->start += length;
	part->length -= length;
}

/* The length in bytes of the last character. */
static size_t last_length(const struct part *part, uint32_t *character)
{
	for (size_t length = 1; length <= 4 && length <= part->length; length++)
		if (kt_characters_decode(part->start + part->length - length, length,
		                         character) == length)
			return length;
	*character = 0;
	return 0;
}

static void trim(struct part *part, unsigned int *removed)
{
	uint32_t character;
	size_t used;

	while (part->length > 0 &&
	       (used = kt_characters_decode(part->start, part->length, &character)) > 0 &&
	       kt_characters_is_blank(character)) {
		*removed |= character > 0x7f ? KT_PASTED_INVISIBLE : 0u;
		skip(part, used);
	}
	while (part->length > 0 && (used = last_length(part, &character)) > 0 &&
	       kt_characters_is_blank(character)) {
		*removed |= character > 0x7f ? KT_PASTED_INVISIBLE : 0u;
		part->length -= used;
	}
}

static bool is_quote(uint32_t character)
{
	return character == '"' || character == '\'' || character == '`' || character == 0xab ||
	       character == 0xbb || (character >= 0x2018 && character <= 0x201f) ||
	       character == 0xff02 || character == 0xff07 || character == 0x300c ||
	       character == 0x300d || character == 0x300e || character == 0x300f ||
	       character == '<' || character == '>';
}

/* A pair of quotes, and the comma or semicolon that a file of settings has behind it. */
static bool strip_quotes(struct part *part, unsigned int *removed)
{
	struct part inner = *part;
	uint32_t first;
	uint32_t last;
	size_t used = kt_characters_decode(inner.start, inner.length, &first);
	size_t end;

	if (used == 0 || !is_quote(first))
		return false;
	end = last_length(&inner, &last);
	if (last == ',' || last == ';') {
		inner.length -= end;
		end = last_length(&inner, &last);
	}
	if (end == 0 || !is_quote(last) || inner.length <= used + end)
		return false;
	skip(&inner, used);
	inner.length -= end;
	*part = inner;
	*removed |= KT_PASTED_QUOTES;
	return true;
}

/* Names of settings in small letters, which a value could otherwise begin with. */
static bool is_known_name(const char *name, size_t length)
{
	static const char *const names[] = {
		"token", "access_token", "api_key", "apikey", "api-key", "api_token", "api_base", "key",
		"authorization", "proxy-authorization", "client_id", "client-id", "clientid",
		"personal_access_token", "url", "base_url", "baseurl",
	};

	for (size_t i = 0; i < KT_COUNT(names); i++)
		if (strlen(names[i]) == length && strncasecmp(names[i], name, length) == 0)
			return true;
	return false;
}

/* The length of "=" or ":", full-width too, and of the blanks before it; 0: none is there. */
static size_t separator_length(const struct part *part, bool *is_colon)
{
	static const char *const separators[] = { "=", ":", "\357\274\235", "\357\274\232" };
	struct part rest = *part;

	while (rest.length > 0 && (*rest.start == ' ' || *rest.start == '\t'))
		skip(&rest, 1);
	for (size_t i = 0; i < KT_COUNT(separators); i++) {
		if (begins(&rest, separators[i])) {
			*is_colon = i == 1 || i == 3;
			return (size_t)(rest.start - part->start) + strlen(separators[i]);
		}
	}
	return 0;
}

/* NAME=, export NAME=, "name": and the same with the word that a Chinese page has before it. */
static bool strip_name(struct part *part, unsigned int *removed)
{
	static const char token[] = "\344\273\244\347\211\214"; /* U+4EE4 U+724C */
	struct part rest = *part;
	bool is_colon = false;
	bool is_quoted;
	size_t length;
	size_t separator;
	bool is_name;

	if (begins(&rest, "export "))
		skip(&rest, strlen("export "));
	is_quoted = rest.length > 0 && (*rest.start == '"' || *rest.start == '\'');
	if (is_quoted)
		skip(&rest, 1);
	length = begins(&rest, token) ? strlen(token) : strspn(rest.start, letters);
	if (length == 0 || length > NAME_MAXIMUM || length >= rest.length)
		return false;
	is_name = begins(&rest, token) || is_known_name(rest.start, length) ||
	          (strspn(rest.start, capitals) >= length && length > 3);
	skip(&rest, length);
	if (is_quoted && *rest.start != '"' && *rest.start != '\'')
		return false;
	if (is_quoted)
		skip(&rest, 1);
	separator = separator_length(&rest, &is_colon);
	if (separator == 0 || separator >= rest.length || (!is_name && !(is_quoted && is_colon)))
		return false;
	skip(&rest, separator);
	/* HTTPS://HOST has no name before it. */
	if (is_colon && *rest.start == '/')
		return false;
	*part = rest;
	*removed |= KT_PASTED_NAME;
	return true;
}

static bool strip_scheme(struct part *part, unsigned int *removed)
{
	static const char *const schemes[] = { "bearer ", "bearer\t", "bearer\302\240",
		                               "bearer\343\200\200" };

	for (size_t i = 0; i < KT_COUNT(schemes); i++) {
		if (!begins(part, schemes[i]) || part->length == strlen(schemes[i]))
			continue;
		skip(part, strlen(schemes[i]));
		*removed |= KT_PASTED_SCHEME;
		return true;
	}
	return false;
}

bool kt_pasted_strip(struct kt_secret *value, unsigned int *removed, struct kt_error *error)
{
	struct part part = { kt_secret_reveal(value), kt_secret_length(value) };
	size_t whole = part.length;

	for (int layer = 0; layer < LAYERS_MAXIMUM; layer++) {
		trim(&part, removed);
		if (part.length == 0 || (!strip_scheme(&part, removed) &&
		                         !strip_name(&part, removed) &&
		                         !strip_quotes(&part, removed)))
			break;
	}
	return part.length == whole || kt_secret_set(value, part.start, part.length, error);
}

bool kt_pasted_strip_text(char **text, unsigned int *removed, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };

	if (!*text)
		return true;
	return kt_secret_append_text(&value, *text, error) &&
	       kt_pasted_strip(&value, removed, error) &&
	       kt_text_set(text, kt_secret_is_empty(&value) ? NULL : kt_secret_reveal(&value),
	                   error);
}

void kt_pasted_tell(unsigned int removed)
{
	if (removed & KT_PASTED_QUOTES)
		kt_report_note("the quotes around it are taken off");
	if (removed & KT_PASTED_NAME)
		kt_report_note("the name before it is taken off");
	if (removed & KT_PASTED_SCHEME)
		kt_report_note("the word Bearer before it is taken off");
	if (removed & KT_PASTED_INVISIBLE)
		kt_report_note("characters around it that cannot be seen are taken off");
}

static bool is_dash(uint32_t character)
{
	return (character >= 0x2010 && character <= 0x2015) || character == 0x2212 ||
	       character == 0xfe58 || character == 0xfe63 || character == 0xff0d;
}

static bool fail_character(uint32_t character, size_t place, const char *thing,
                           struct kt_error *error)
{
	unsigned int code = (unsigned int)character;

	if (character == ' ')
		kt_fail(error, KT_ERROR_USAGE, "%s has a blank as its character "
		                               "%zu", kt_translate(thing), place);
	else if (character == '\n' || character == '\r')
		kt_fail(error, KT_ERROR_USAGE, "%s has a line end as its character "
		                               "%zu", kt_translate(thing),
		        place);
	else if (character < 0x20 || (character >= 0x7f && character < 0xa0))
		kt_fail(error, KT_ERROR_USAGE, "%s has a control character as its character %zu: "
		        "U+%04X", kt_translate(thing), place, code);
	else if (kt_characters_is_blank(character))
		kt_fail(error, KT_ERROR_USAGE, "%s has as its character %zu one that cannot be seen: "
		        "U+%04X", kt_translate(thing), place, code);
	else if (is_dash(character))
		kt_fail(error, KT_ERROR_USAGE, "%s has as its character %zu a dash that is not '-': "
		        "U+%04X", kt_translate(thing), place, code);
	else if (character >= 0xff01 && character <= 0xff5e)
		kt_fail(error, KT_ERROR_USAGE, "%s has a full-width character as its character %zu: "
		        "U+%04X", kt_translate(thing), place, code);
	else
		kt_fail(error, KT_ERROR_USAGE, "%s has as its character %zu one that is not ASCII: "
		        "U+%04X", kt_translate(thing), place, code);
	return kt_advise(error, "copy it again, alone and whole, from the page where it is shown");
}

static bool fail_not_utf8(size_t place, const char *thing, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "%s is not UTF-8 at its character "
	                               "%zu", kt_translate(thing), place);
	return kt_advise(error, "copy it again, alone and whole, from the page where it is shown");
}

bool kt_pasted_check(const char *value, size_t length, const char *thing, struct kt_error *error)
{
	size_t place = 0;

	for (size_t at = 0; at < length;) {
		uint32_t character = 0;
		size_t used = kt_characters_decode(value + at, length - at, &character);

		place++;
		if (used == 0)
			return fail_not_utf8(place, thing, error);
		if (character < 0x21 || character > 0x7e)
			return fail_character(character, place, thing, error);
		at += used;
	}
	return true;
}

/* A rest of one letter alone, four times and more: pat_xxxx. */
static bool is_placeholder(const char *token)
{
	const char *rest = strchr(token, '_');
	size_t length;

	rest = rest ? rest + 1 : token;
	length = strlen(rest);
	return length >= 4 && strspn(rest, (const char[]){ *rest, '\0' }) == length;
}

static bool has_mask(const char *text)
{
	static const char *const masks[] = {
		"**", "...", "\342\200\246", "\342\200\242\342\200\242",
		"\342\227\217\342\227\217",
	};

	for (size_t i = 0; i < KT_COUNT(masks); i++)
		if (strstr(text, masks[i]))
			return true;
	return false;
}

static bool fail_masked(const char *thing, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "%s is masked: a part of it is stars or "
	                               "dots", kt_translate(thing));
	return kt_advise(error, "copy it again, alone and whole, from the page where it is shown");
}

bool kt_pasted_check_id(const char *id, const char *thing, struct kt_error *error)
{
	return has_mask(id) ? fail_masked(thing, error)
	                    : kt_pasted_check(id, strlen(id), thing, error);
}

/* A host may be of any script, so that only what no address has is refused. */
bool kt_pasted_check_address(const char *address, const char *thing, struct kt_error *error)
{
	size_t place = 0;

	for (size_t at = 0; address[at];) {
		uint32_t character = 0;
		size_t used = kt_characters_decode(address + at, strlen(address + at), &character);

		place++;
		if (used == 0)
			return fail_not_utf8(place, thing, error);
		if (character < 0x21 || character == 0x7f || kt_characters_is_blank(character) ||
		    (is_dash(character) && character != 0xff0d))
			return fail_character(character, place, thing, error);
		at += used;
	}
	return !has_mask(address) || fail_masked(thing, error);
}

bool kt_pasted_check_whole(const struct kt_secret *token, struct kt_error *error)
{
	const char *text = kt_secret_reveal(token);

	if (!is_placeholder(text) && !has_mask(text))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "the token is masked: a part of it is stars, dots or a "
	        "placeholder");
	return kt_advise(error, "the console shows a token whole only when it is made: make a new "
	                        "one there and copy that");
}

bool kt_pasted_is_coze_token(const char *token)
{
	static const char *const prefixes[] = { "pat_", "sat_", "cztei_", "czu_", "czs_" };
	/* RFC 6750, 2.1: the characters of a Bearer token. */
	static const char others[] = "~+/=";

	for (size_t i = 0; i < KT_COUNT(prefixes); i++) {
		const char *rest = token + strlen(prefixes[i]);

		if (!kt_text_has_prefix(token, prefixes[i]) || *rest == '\0')
			continue;
		while (*rest && (strchr(letters, *rest) || strchr(others, *rest)))
			rest++;
		return *rest == '\0';
	}
	return false;
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "helper/protocol/json_text.h"
#include "keyring/characters.h"

/* RFC 8259, 7: a quotation mark, a backslash and control characters are written otherwise. */
static size_t plain_span(const char *text, size_t length)
{
	size_t used = 0;

	while (used < length && (unsigned char)text[used] >= 0x20 && text[used] != '"' &&
	       text[used] != '\\')
		used++;
	return used;
}

static bool append_escape(struct kt_secret *bytes, char character, struct kt_error *error)
{
	char escape[8];

	if ((unsigned char)character < 0x20)
		snprintf(escape, sizeof(escape), "\\u%04x", (unsigned int)(unsigned char)character);
	else
		snprintf(escape, sizeof(escape), "\\%c", character);
	return kt_secret_append_text(bytes, escape, error);
}

bool kt_json_text_escape(struct kt_secret *bytes, const char *text, size_t length,
                         struct kt_error *error)
{
	size_t before = kt_secret_length(bytes);

	if (!kt_characters_are_utf8(text, length))
		return kt_fail(error, KT_ERROR_USAGE,
		               "the login holds bytes that are not UTF-8, which JSON cannot have");
	while (length > 0) {
		size_t used = plain_span(text, length);
		size_t taken = used + (used < length);

		if (!kt_secret_append(bytes, text, used, error) ||
		    (used < length && !append_escape(bytes, text[used], error))) {
			kt_secret_truncate(bytes, before);
			return false;
		}
		text += taken;
		length -= taken;
	}
	return true;
}

/* NAME is of the caller's own words, so it needs no escape. */
static bool begin_member(struct kt_secret *bytes, const char *name, struct kt_error *error)
{
	size_t length = kt_secret_length(bytes);
	bool is_first = length == 0 || kt_secret_reveal(bytes)[length - 1] == '{';

	return (is_first || kt_secret_append(bytes, ",", 1, error)) &&
	       kt_secret_append(bytes, "\"", 1, error) &&
	       kt_secret_append_text(bytes, name, error) && kt_secret_append(bytes, "\":", 2, error);
}

bool kt_json_text_open(struct kt_secret *bytes, const char *name, struct kt_error *error)
{
	return (!name || begin_member(bytes, name, error)) && kt_secret_append(bytes, "{", 1, error);
}

static bool add(struct kt_secret *bytes, const char *name, const char *text, size_t length,
                struct kt_error *error)
{
	return begin_member(bytes, name, error) && kt_secret_append(bytes, "\"", 1, error) &&
	       kt_json_text_escape(bytes, text, length, error) &&
	       kt_secret_append(bytes, "\"", 1, error);
}

bool kt_json_text_add(struct kt_secret *bytes, const char *name, const char *text,
                      struct kt_error *error)
{
	return add(bytes, name, text, strlen(text), error);
}

bool kt_json_text_add_secret(struct kt_secret *bytes, const char *name,
                             const struct kt_secret *secret, struct kt_error *error)
{
	return add(bytes, name, kt_secret_reveal(secret), kt_secret_length(secret), error);
}

bool kt_json_text_add_number(struct kt_secret *bytes, const char *name, int64_t number,
                             struct kt_error *error)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, number);
	return begin_member(bytes, name, error) && kt_secret_append_text(bytes, digits, error);
}

/*
 * The C library's own way reads the file of the local time zone first, and the door opens no file.
 * Years of 400 repeat; they begin with March here, so that a leap day ends one.
 */
static void write_time(char text[128], int64_t seconds)
{
	int64_t day = seconds / 86400 + 719468;
	int64_t second = seconds % 86400;
	int64_t era;
	int64_t year;
	int64_t month;

	if (second < 0) {
		second += 86400;
		day--;
	}
	era = (day >= 0 ? day : day - 146096) / 146097;
	day -= era * 146097;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	year += era * 400 + (month >= 10);
	snprintf(text, 128,
	         "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64 "Z",
	         year, month < 10 ? month + 3 : month - 9, day + 1, second / 3600,
	         second / 60 % 60, second % 60);
}

bool kt_json_text_add_time(struct kt_secret *bytes, const char *name, int64_t seconds,
                           struct kt_error *error)
{
	char text[128];

	write_time(text, seconds);
	return kt_json_text_add(bytes, name, text, error);
}

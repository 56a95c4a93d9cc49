/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "helper/keeper/account/moment.h"
#include "helper/keeper/account/secret_word.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define DAYS_MAXIMUM 36500
#define DAY (INT64_C(24) * 60 * 60)
/* The characters of year, month, day, and the units of time in Chinese. */
#define YEAR "\345\271\264"
#define MONTH "\346\234\210"
#define DAY_OF_MONTH "\346\227\245"
#define DIGITS "0123456789"

/* The typed text, if it may be shown: letters could be those of a secret. */
static const char *shown(const char *text)
{
	static const char letters[] = DIGITS "-/.:+, TZ";

	return strspn(text, letters) == strlen(text) && !kt_secret_word_is_likely(text)
	               ? text : kt_translate("the end");
}

static bool refuse(struct kt_error *error)
{
	return kt_fail(error, KT_ERROR_USAGE, "the end of a token is a number of days (30 or 30d), a "
	               "date to come (2027-01-31) or never");
}

/* Punctuation and quotes that are copied with a date, or typed around it. */
static bool is_wrapping(uint32_t character)
{
	return kt_characters_is_blank(character) || character == '"' || character == '\'' ||
	       character == ',' || character == '.' || character == ';' || character == '(' ||
	       character == ')' || (character >= 0x2018 && character <= 0x201f) ||
	       character == 0x3001 || character == 0x3002 || character == 0xff0c ||
	       character == 0xff08 || character == 0xff09;
}

static bool has_no_width(uint32_t character)
{
	return character == 0xad || (character >= 0x200b && character <= 0x200f) ||
	       character == 0x2060 || character == 0xfeff;
}

bool kt_moment_tidy(const char *typed, char text[static KT_MOMENT_MAXIMUM])
{
	size_t length = 0;
	size_t end = 0;

	for (size_t at = 0; typed[at];) {
		uint32_t character = 0;
		size_t used = kt_characters_decode(typed + at, strlen(typed + at), &character);
		bool is_dash = (character >= 0x2010 && character <= 0x2015) || character == 0x2212;
		bool is_space = character > 0x7f && kt_characters_is_blank(character);
		const char *bytes = is_dash ? "-" : is_space ? " " : typed + at;
		size_t count = is_dash || is_space ? 1 : used;

		if (used == 0 || length + count >= KT_MOMENT_MAXIMUM)
			return false;
		at += used;
		if ((is_wrapping(character) && length == 0) || has_no_width(character))
			continue;
		memcpy(text + length, bytes, count);
		length += count;
		if (!is_wrapping(character))
			end = length;
	}
	text[end] = '\0';
	kt_characters_fold_width(text);
	return true;
}

/* Skips one of the words, which are parted by blanks. */
static bool skip(const char **text, const char *words)
{
	while (*words) {
		size_t length = strcspn(words, " ");

		if (strncmp(*text, words, length) == 0) {
			*text += length;
			return true;
		}
		words += length + (words[length] == ' ');
	}
	return false;
}

static bool skip_separator(const char **text, const char *words)
{
	bool is_there = skip(text, words);

	*text += strspn(*text, " ");
	return is_there;
}

/* A number of at most so many digits; its value is looked at by the caller. */
static bool read_number(const char **text, size_t most, int64_t *number)
{
	size_t digits = strspn(*text, DIGITS);

	if (digits == 0 || digits > most || !kt_text_to_number(*text, digits, 0, INT32_MAX, number))
		return false;
	*text += digits;
	return true;
}

/* The last second of the day, or the time of day; mktime turns 31 June into 1 July. */
static bool to_moment(struct tm *date, const int64_t *offset, const char *text, int64_t *moment,
                      struct kt_error *error)
{
	const struct tm typed = *date;

	*moment = offset ? timegm(date) - *offset : mktime(date);
	if (date->tm_mon == typed.tm_mon && date->tm_mday == typed.tm_mday)
		return true;
	return kt_fail(error, KT_ERROR_USAGE, "%s: that month has no day %d", shown(text),
	               typed.tm_mday);
}

/* 08:00, 08:00:00, 08:00:00.000 */
static bool read_time(const char **text, struct tm *date)
{
	int64_t hour;
	int64_t minute;
	int64_t second = 0;

	if (!read_number(text, 2, &hour) || hour > 23 || !skip(text, ":") ||
	    !read_number(text, 2, &minute) || minute > 59 ||
	    (skip(text, ":") && (!read_number(text, 2, &second) || second > 59)))
		return false;
	if (skip(text, "."))
		*text += strspn(*text, DIGITS);
	date->tm_hour = (int)hour;
	date->tm_min = (int)minute;
	date->tm_sec = (int)second;
	return true;
}

/* Z, UTC, GMT, +08:00, +0800, -05; nothing is local time. */
static bool read_zone(const char *text, int64_t *offset, bool *found)
{
	int64_t hours;
	int64_t minutes = 0;
	bool is_west = *text == '-';
	size_t digits;

	*found = *text != '\0';
	*offset = 0;
	if (!*found || strcasecmp(text, "Z") == 0 || strcasecmp(text, "UTC") == 0 ||
	    strcasecmp(text, "GMT") == 0)
		return true;
	if (!skip(&text, "UTC GMT") && *text != '+' && *text != '-')
		return false;
	is_west = *text == '-';
	digits = strspn(text + 1, DIGITS);
	if ((*text != '+' && *text != '-') || digits == 0 || digits == 3 || digits > 4 ||
	    !kt_text_to_number(text + 1, digits > 2 ? 2 : digits, 0, 14, &hours))
		return false;
	text += 1 + (digits > 2 ? 2 : digits);
	if ((skip(&text, ":") || *text) && (!read_number(&text, 2, &minutes) || minutes > 59))
		return false;
	*offset = (hours * 60 + minutes) * (is_west ? -60 : 60);
	return *text == '\0';
}

/* Behind the date: a time of day and a zone, or nothing. */
static bool read_rest(const char *rest, struct tm *date, const char *text, int64_t *moment,
                      struct kt_error *error)
{
	int64_t offset;
	bool has_zone;

	rest += strspn(rest, " Tt");
	if (*rest == '\0')
		return to_moment(date, NULL, text, moment, error);
	if (*rest != 'Z' && *rest != '+' && !read_time(&rest, date))
		return kt_fail(error, KT_ERROR_USAGE, "%s: the time of day is HH:MM or HH:MM:SS, from "
		               "00:00 to 23:59", shown(text));
	rest += strspn(rest, " ");
	if (!read_zone(rest, &offset, &has_zone))
		return kt_fail(error, KT_ERROR_USAGE, "%s: the zone behind the time is Z or like +08:00",
		               shown(text));
	return to_moment(date, has_zone ? &offset : NULL, text, moment, error);
}

static bool set_date(struct tm *date, int64_t year, int64_t month, int64_t day, const char *text,
                     struct kt_error *error)
{
	if (year < 1970 || year > 9999)
		return kt_fail(error, KT_ERROR_USAGE, "%s: the year is from 1970 to 9999", shown(text));
	if (month < 1 || month > 12)
		return kt_fail(error, KT_ERROR_USAGE, "%s: there is no month %lld", shown(text),
		               (long long)month);
	if (day < 1 || day > 31)
		return kt_fail(error, KT_ERROR_USAGE, "%s: that month has no day %lld", shown(text),
		               (long long)day);
	*date = (struct tm){ .tm_year = (int)year - 1900, .tm_mon = (int)month - 1,
		             .tm_mday = (int)day, .tm_hour = 23, .tm_min = 59, .tm_sec = 59,
		             .tm_isdst = -1 };
	return true;
}

/* Three numbers of which the last is the year: nobody can tell day and month apart. */
static bool is_year_last(const char *text)
{
	int64_t number;

	return read_number(&text, 2, &number) && skip(&text, "- / .") &&
	       read_number(&text, 2, &number) && skip(&text, "- / .") &&
	       strspn(text, DIGITS) >= 2 && strspn(text, DIGITS) <= 4;
}

static bool read_date(const char *text, int64_t *moment, struct kt_error *error)
{
	const char *rest = text;
	struct tm date;
	int64_t year;
	int64_t month;
	int64_t day;

	if (is_year_last(text))
		return kt_fail(error, KT_ERROR_USAGE, "%s: the year goes first, as in 2027-01-31",
		               shown(text));
	if (strspn(text, DIGITS) != 4 || !read_number(&rest, 4, &year) ||
	    !skip_separator(&rest, "- / . " YEAR) || !read_number(&rest, 2, &month) ||
	    !skip_separator(&rest, "- / . " MONTH) || !read_number(&rest, 2, &day))
		return refuse(error);
	skip(&rest, DAY_OF_MONTH);
	return set_date(&date, year, month, day, text, error) &&
	       read_rest(rest, &date, text, moment, error);
}

/* Digits alone: days, a date (20270131), or the time since 1970. */
static bool read_digits(const char *text, int64_t *moment, struct kt_error *error)
{
	size_t length = strlen(text);
	struct tm date;
	int64_t number;

	if (length > 15 || !kt_text_to_number(text, length, 0, INT64_MAX, &number))
		return refuse(error);
	if (length == 8)
		return set_date(&date, number / 10000, number / 100 % 100, number % 100, text, error) &&
		       to_moment(&date, NULL, text, moment, error);
	if (length >= 9) {
		*moment = length >= 12 ? number / 1000 : number;
		return true;
	}
	if (number < 1 || number > DAYS_MAXIMUM)
		return kt_fail(error, KT_ERROR_USAGE, "%s: a number of days is from 1 to %d", text,
		               DAYS_MAXIMUM);
	*moment = kt_clock_wall() + number * DAY;
	return true;
}

/* 30d, "2 weeks", "6 months", "1 year": months and years by the calendar. */
static bool read_span(const char *text, int64_t *moment)
{
	static const struct {
		const char *words;
		int days;
		int months;
	} units[] = {
		{ "days day d \345\244\251", 1, 0 },
		{ "weeks week w \345\221\250", 7, 0 },
		{ "months month \344\270\252\346\234\210", 0, 1 },
		{ "years year y " YEAR, 0, 12 },
	};
	time_t now = kt_clock_wall();
	struct tm date;
	int64_t number;

	if (!read_number(&text, 5, &number) || number < 1 || !localtime_r(&now, &date))
		return false;
	text += strspn(text, " ");
	for (size_t i = 0; i < KT_COUNT(units); i++) {
		const char *rest = text;

		if (!skip(&rest, units[i].words) || *rest ||
		    number * (units[i].days + units[i].months * 30) > DAYS_MAXIMUM)
			continue;
		*moment = now + number * units[i].days * DAY;
		if (units[i].months == 0)
			return true;
		date.tm_mon += (int)number * units[i].months;
		date.tm_isdst = -1;
		*moment = mktime(&date);
		return true;
	}
	return false;
}

/* Jan 31, 2027: as a console in English writes it, by the C locale. */
static bool read_words(const char *text, int64_t *moment, struct kt_error *error)
{
	static const char *const forms[] = { "%b %d, %Y", "%b %d %Y", "%d %b %Y" };

	for (size_t i = 0; i < KT_COUNT(forms); i++) {
		struct tm date = { .tm_hour = 23, .tm_min = 59, .tm_sec = 59, .tm_isdst = -1 };
		const char *rest = strptime(text, forms[i], &date);

		if (rest && (*rest == '\0' || *rest == ' '))
			return read_rest(rest, &date, text, moment, error);
	}
	return read_date(text, moment, error);
}

bool kt_moment_read(const char *text, int64_t *moment, struct kt_error *error)
{
	if (*text && strspn(text, DIGITS) == strlen(text))
		return read_digits(text, moment, error);
	return read_span(text, moment) || read_words(text, moment, error);
}

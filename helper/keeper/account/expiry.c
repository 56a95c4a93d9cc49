/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "helper/keeper/account/expiry.h"
#include "helper/keeper/account/service.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/kernel_key.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define DAY (INT64_C(24) * 60 * 60)
#define HOUR (INT64_C(60) * 60)
#define DAYS_MAXIMUM 36500
#define WARNING_DAYS 7
#define TYPED_MAXIMUM 64
/* U+6C38 U+4E45, as the console in Chinese says it. */
#define FOR_EVER "\346\260\270\344\271\205"
/* Coze's console gives a PAT 30 days at most. */
#define UNKNOWN_PAT_DAYS 30

static bool refuse(struct kt_error *error)
{
	return kt_fail(error, KT_ERROR_USAGE, "--expires takes a number of days (30 or 30d), a "
	                                      "date to "
	               "come (YYYY-MM-DD) or never");
}

/* A number of at most so many digits and one of the separators, which are parted by blanks. */
static bool read_part(const char **text, size_t most, int64_t least, int64_t greatest,
                      const char *separators, int64_t *number)
{
	size_t digits = strspn(*text, "0123456789");
	const char *rest = *text + digits;

	if (digits == 0 || digits > most || !kt_text_to_number(*text, digits, least, greatest, number))
		return false;
	while (*separators) {
		size_t length = strcspn(separators, " ");

		if (strncmp(rest, separators, length) == 0) {
			*text = rest + length;
			return true;
		}
		separators += length + (separators[length] == ' ');
	}
	return false;
}

/* The time of day that a console shows behind the date, 08:00 or 08:00:00; without one it stays. */
static bool read_time(const char *text, struct tm *date)
{
	int64_t hour;
	int64_t minute;
	int64_t second = 0;

	text += strspn(text, " T");
	if (*text == '\0')
		return true;
	if (!read_part(&text, 2, 0, 23, ":", &hour) ||
	    !kt_text_to_number(text, strnlen(text, 2), 0, 59, &minute))
		return false;
	text += strnlen(text, 2);
	if (*text == ':' && !kt_text_to_number(text + 1, strlen(text + 1), 0, 59, &second))
		return false;
	if (*text && *text != ':')
		return false;
	date->tm_hour = (int)hour;
	date->tm_min = (int)minute;
	date->tm_sec = (int)second;
	return true;
}

/*
 * A date as Coze's consoles write it, by local time: 2027-01-31, 2027/1/31, 2027.1.31, and with the
 * characters of year, month and day. Without a time of day its last second.
 */
static bool read_date(const char *text, int64_t *end)
{
	int64_t year;
	int64_t month;
	int64_t day;
	struct tm date = { .tm_hour = 23, .tm_min = 59, .tm_sec = 59, .tm_isdst = -1 };
	time_t moment;
	size_t digits;

	if (strspn(text, "0123456789") != 4 ||
	    !read_part(&text, 4, 1970, 9999, "- / . \345\271\264", &year) ||
	    !read_part(&text, 2, 1, 12, "- / . \346\234\210", &month))
		return false;
	digits = strspn(text, "0123456789");
	if (digits > 2 || !kt_text_to_number(text, digits, 1, 31, &day))
		return false;
	text += digits;
	if (strncmp(text, "\346\227\245", 3) == 0)
		text += 3;
	if (!read_time(text, &date))
		return false;
	date.tm_year = (int)year - 1900;
	date.tm_mon = (int)month - 1;
	date.tm_mday = (int)day;
	moment = mktime(&date);
	*end = moment;
	/* mktime turns 31 June into 1 July. */
	return moment != (time_t)-1 && date.tm_mday == (int)day;
}

/* A number of days, with the word for it if there is one: 30, 30d, "30 days". */
static bool read_days(const char *text, int64_t *days)
{
	static const char *const words[] = { "", "d", "day", "days", "\345\244\251" };
	size_t digits = strspn(text, "0123456789");
	const char *word = text + digits + strspn(text + digits, " ");

	for (size_t i = 0; i < KT_COUNT(words); i++)
		if (strcasecmp(word, words[i]) == 0)
			return kt_text_to_number(text, digits, 1, DAYS_MAXIMUM, days);
	return false;
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

/*
 * Copies what was pasted: digits of double width are folded, as an input method that is left on
 * makes them; dashes of a web page are hyphens; blanks and quotes around it are left out. False: it
 * does not fit.
 */
static bool tidy(const char *typed, char text[static TYPED_MAXIMUM])
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

		if (used == 0 || length + count >= TYPED_MAXIMUM)
			return false;
		at += used;
		if (is_wrapping(character) && length == 0)
			continue;
		if (has_no_width(character))
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

/* Jan 31, 2027: as a console in English writes it, by the C locale. */
static bool read_words(const char *text, int64_t *end)
{
	static const char *const forms[] = { "%b %d, %Y", "%b %d %Y", "%d %b %Y" };

	for (size_t i = 0; i < KT_COUNT(forms); i++) {
		struct tm date = { .tm_isdst = -1 };
		const char *rest = strptime(text, forms[i], &date);
		int day = date.tm_mday;
		time_t moment;

		if (!rest || *rest)
			continue;
		date.tm_hour = 23;
		date.tm_min = 59;
		date.tm_sec = 59;
		moment = mktime(&date);
		*end = moment;
		return moment != (time_t)-1 && date.tm_mday == day;
	}
	return false;
}

bool kt_expiry_set(struct kt_credential *credential, const char *typed, struct kt_error *error)
{
	char text[TYPED_MAXIMUM];
	int64_t days;
	int64_t end = 0;

	if (!tidy(typed, text))
		return refuse(error);
	if (strcasecmp(text, "never") == 0 || strcmp(text, FOR_EVER) == 0) {
		credential->never_expires = true;
		credential->expires = 0;
		return true;
	}
	if (read_days(text, &days))
		end = kt_clock_wall() + days * DAY;
	else if (!read_date(text, &end) && !read_words(text, &end))
		return refuse(error);
	if (end <= kt_clock_wall()) {
		kt_fail(error, KT_ERROR_USAGE, "the end of the token is past: %s", text);
		return kt_advise(error, "give a day to come, or make a new token in the console");
	}
	credential->never_expires = false;
	credential->expires = end;
	return true;
}

bool kt_expiry_format(int64_t moment, char **text, struct kt_error *error)
{
	time_t seconds = (time_t)moment;
	struct tm local;
	char buffer[64];

	if (!moment)
		return kt_text_set(text, "-", error);
	if (!localtime_r(&seconds, &local) ||
	    strftime(buffer, sizeof(buffer), "%Y-%m-%d %H:%M", &local) == 0)
		return kt_text_set(text, "?", error);
	return kt_text_set(text, buffer, error);
}

bool kt_expiry_format_relative(int64_t moment, char **text, struct kt_error *error)
{
	int64_t left = moment - kt_clock_wall();
	int64_t days = (left + DAY / 2) / DAY;
	int64_t hours = (left + HOUR / 2) / HOUR;
	int64_t minutes = (left + 30) / 60;

	if (left <= 0)
		return kt_text_set(text, left > -DAY ? kt_translate("today") : kt_translate("over"), error);
	if (hours >= 48)
		return kt_text_format(text, error, kt_translate("in %lld days"), (long long)days);
	if (minutes >= 120)
		return kt_text_format(text, error, kt_translate("in %lld hours"), (long long)hours);
	return kt_text_format(text, error, minutes == 1 ? kt_translate("in %lld minute")
	                                                : kt_translate("in %lld minutes"),
	                      (long long)(minutes ? minutes : 1));
}

int64_t kt_expiry_expected(const struct kt_credential *credential)
{
	if (!kt_kind_is_fixed(credential->kind) || credential->never_expires)
		return 0;
	if (credential->expires)
		return credential->expires;
	if (credential->kind == KT_KIND_PAT && credential->created)
		return credential->created + UNKNOWN_PAT_DAYS * DAY;
	return 0;
}

void kt_expiry_warn(const struct kt_credential *credential)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *marker = NULL;
	struct kt_error ignored = { 0 };
	int64_t end = kt_expiry_expected(credential);
	int64_t left = end - kt_clock_wall();
	struct kt_shell_word word;
	const char *account;

	if (end == 0 || left > WARNING_DAYS * DAY || !isatty(STDERR_FILENO))
		return;
	if (!kt_service_full_name(&credential->identity, &name, &ignored) ||
	    !kt_text_format(&marker, &ignored, "keyturn:warned:%s", name))
		return;
	if (kt_kernel_key_is_usable() && !kt_kernel_key_claim(marker, (unsigned int)DAY))
		return;
	account = kt_shell_word(&word, name, "ACCOUNT");
	if (left <= 0)
		kt_report_note("the token of %s should have ended by now: keyturn login %s --with-token "
		               "replaces it", name, account);
	else if (left <= DAY)
		kt_report_note("the token of %s ends within a day: keyturn login %s --with-token "
		               "replaces it", name, account);
	else
		kt_report_note("the token of %s ends in %lld days: keyturn login %s --with-token "
		               "replaces it", name, (long long)((left + DAY - 1) / DAY), account);
}

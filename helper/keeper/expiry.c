/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <time.h>

#include "helper/keeper/expiry.h"
#include "keyring/clock.h"
#include "keyring/text.h"

#define DAY (INT64_C(24) * 60 * 60)
#define DAYS_MAXIMUM 36500

static bool refuse(struct kt_error *error)
{
	return kt_fail(error, KT_ERROR_USAGE, "--expires takes a number of days, a date to come "
	               "(YYYY-MM-DD) or never");
}

/* The last second of the day, by local time. */
static bool read_date(const char *text, int64_t *end)
{
	int64_t year;
	int64_t month;
	int64_t day;
	struct tm date = { .tm_hour = 23, .tm_min = 59, .tm_sec = 59, .tm_isdst = -1 };
	time_t moment;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' ||
	    !kt_text_to_number(text, 4, 1970, 9999, &year) ||
	    !kt_text_to_number(text + 5, 2, 1, 12, &month) ||
	    !kt_text_to_number(text + 8, 2, 1, 31, &day))
		return false;
	date.tm_year = (int)year - 1900;
	date.tm_mon = (int)month - 1;
	date.tm_mday = (int)day;
	moment = mktime(&date);
	*end = moment;
	/* mktime turns 31 June into 1 July. */
	return moment != (time_t)-1 && date.tm_mday == (int)day;
}

bool kt_expiry_set(struct kt_credential *credential, const char *text, struct kt_error *error)
{
	int64_t days;
	int64_t end = 0;

	if (strcmp(text, "never") == 0) {
		credential->never_expires = true;
		credential->expires = 0;
		return true;
	}
	if (kt_text_to_number(text, strlen(text), 1, DAYS_MAXIMUM, &days))
		end = kt_clock_wall() + days * DAY;
	else if (!read_date(text, &end) || end <= kt_clock_wall())
		return refuse(error);
	credential->never_expires = false;
	credential->expires = end;
	return true;
}

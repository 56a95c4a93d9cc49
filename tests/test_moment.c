/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "helper/keeper/account/moment.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"

#define DAY (24 * 60 * 60)
/* 2027-01-31 00:00:00 UTC */
#define MIDNIGHT INT64_C(1801353600)
/* Local time in these tests: UTC+8. */
#define OFFSET (8 * 60 * 60)

static bool parse(const char *typed, int64_t *moment, struct kt_error *error)
{
	char text[KT_MOMENT_MAXIMUM];

	assert_true(kt_moment_tidy(typed, text));
	return kt_moment_read(text, moment, error);
}

static void expect(const char *typed, int64_t expected)
{
	struct kt_error error = { 0 };
	int64_t moment = 0;

	if (!parse(typed, &moment, &error))
		fail_msg("%s: %s", typed, error.message);
	if (moment != expected)
		fail_msg("%s is %lld, not %lld", typed, (long long)moment, (long long)expected);
}

static void expect_refused(const char *typed, const char *message)
{
	struct kt_error error = { 0 };
	int64_t moment;

	if (parse(typed, &moment, &error))
		fail_msg("%s is taken", typed);
	assert_int_equal(error.code, KT_ERROR_USAGE);
	if (!strstr(error.message, message))
		fail_msg("%s: %s", typed, error.message);
}

static void a_day_ends_with_its_last_second_here(void **state)
{
	static const char *const forms[] = {
		"2027-01-31", "2027/1/31", "2027.1.31", "2027-1-31", "20270131", "\"2027-01-31\"",
		"2027\345\271\2641\346\234\21031\346\227\245",
		"2027\345\271\264 1\346\234\210 31\346\227\245",
		"\357\274\222\357\274\220\357\274\222\357\274\227\357\274\21701\357\274\21731",
		"Jan 31, 2027", "31 Jan 2027", "January 31 2027",
	};

	(void)state;
	for (size_t i = 0; i < KT_COUNT(forms); i++)
		expect(forms[i], MIDNIGHT + DAY - 1 - OFFSET);
}

static void a_time_of_day_is_local(void **state)
{
	(void)state;
	expect("2027-01-31 08:00", MIDNIGHT);
	expect("2027-01-31T08:00:01", MIDNIGHT + 1);
	expect("2027/1/31 8:00:00", MIDNIGHT);
	expect("2027-01-31 08:00:00.999", MIDNIGHT);
	expect("Jan 31, 2027 08:00", MIDNIGHT);
}

static void a_zone_is_honoured(void **state)
{
	(void)state;
	expect("2027-01-31T00:00:00Z", MIDNIGHT);
	expect("2027-01-31t00:00:00z", MIDNIGHT);
	expect("2027-01-31T00:00:00.000Z", MIDNIGHT);
	expect("2027-01-31T08:00:00+08:00", MIDNIGHT);
	expect("2027-01-31T08:00:00+0800", MIDNIGHT);
	expect("2027-01-31 08:00 +0800", MIDNIGHT);
	expect("2027-01-30T19:00:00-05", MIDNIGHT);
	expect("2027-01-31 05:30 UTC+5:30", MIDNIGHT);
	expect("2027-01-31 00:00:00 UTC", MIDNIGHT);
	expect("2027-01-31 00:00:00 GMT", MIDNIGHT);
}

static void digits_alone_are_days_or_the_time_since_1970(void **state)
{
	int64_t now = kt_clock_wall();
	int64_t moment;
	struct kt_error error = { 0 };

	(void)state;
	expect("1801353600", MIDNIGHT);
	expect("1801353600000", MIDNIGHT);
	expect("1801353600999", MIDNIGHT);
	assert_true(parse("30", &moment, &error));
	assert_in_range(moment, now + 30 * DAY, now + 30 * DAY + 5);
	expect_refused("0", "a number of days is from 1 to 36500");
	expect_refused("36501", "a number of days is from 1 to 36500");
	expect_refused("1801353600000000000", "a number of days");
}

static void spans_are_by_the_calendar(void **state)
{
	int64_t now = kt_clock_wall();
	int64_t moment = 0;
	struct kt_error error = { 0 };

	(void)state;
	assert_true(parse("2 weeks", &moment, &error));
	assert_in_range(moment, now + 14 * DAY, now + 14 * DAY + 5);
	assert_true(parse("90d", &moment, &error));
	assert_in_range(moment, now + 90 * DAY, now + 90 * DAY + 5);
	assert_true(parse("1 year", &moment, &error));
	assert_in_range(moment, now + 365 * DAY, now + 366 * DAY + 5);
	assert_true(parse("6\344\270\252\346\234\210", &moment, &error));
	assert_in_range(moment, now + 181 * DAY, now + 185 * DAY);
	expect_refused("200 years", "a number of days");
}

static void a_refusal_names_what_is_wrong(void **state)
{
	(void)state;
	expect_refused("2027-13-01", "2027-13-01: there is no month 13");
	expect_refused("2027-02-30", "2027-02-30: that month has no day 30");
	expect_refused("2027-02-29T00:00:00Z", "that month has no day 29");
	expect_refused("20270231", "20270231: that month has no day 31");
	expect_refused("2027-01-32", "that month has no day 32");
	expect_refused("31/1/2027", "31/1/2027: the year goes first, as in 2027-01-31");
	expect_refused("1-31-27", "the year goes first");
	expect_refused("2027-01-31 24:00", "the time of day is HH:MM");
	expect_refused("2027-01-31 8", "the time of day is HH:MM");
	expect_refused("2027-01-31T00:00:00+08:0x", "the zone behind the time is Z");
	expect_refused("2027-01-31T00:00:00+15", "the zone behind the time is Z");
	expect_refused("1969-01-01", "the year is from 1970 to 9999");
	expect_refused("tomorrow", "a number of days (30 or 30d), a date to come");
	expect_refused("", "a number of days");
}

static void words_stand_in_no_message(void **state)
{
	int64_t moment;
	struct kt_error error = { 0 };

	(void)state;
	assert_false(parse("2027-13-01 hunter2", &moment, &error));
	assert_null(strstr(error.message, "hunter2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_ends_with_its_last_second_here),
		cmocka_unit_test(a_time_of_day_is_local),
		cmocka_unit_test(a_zone_is_honoured),
		cmocka_unit_test(digits_alone_are_days_or_the_time_since_1970),
		cmocka_unit_test(spans_are_by_the_calendar),
		cmocka_unit_test(a_refusal_names_what_is_wrong),
		cmocka_unit_test(words_stand_in_no_message),
	};

	setenv("TZ", "CST-8", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

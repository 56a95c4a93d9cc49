/* SPDX-License-Identifier: MIT */
#pragma once

/* A point in time as people type it and consoles and servers show it. No I/O but for the clock. */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/error.h"

/* The longest text that can be a point in time, with what is copied with it. */
#define KT_MOMENT_MAXIMUM 64

/*
 * Copies what was pasted: digits of double width are folded, dashes of a web page are hyphens, and
 * blanks and quotes around it are left out. False: it does not fit.
 */
bool kt_moment_tidy(const char *typed, char text[static KT_MOMENT_MAXIMUM]);

/*
 * Reads a tidied text: a number of days, weeks, months or years from now ("30", "30d", "2 weeks");
 * a date, by local time and to its last second unless it has a time of day ("2027-01-31",
 * "2027/1/31 08:00", "Jan 31, 2027", with the characters of year, month and day); the form of RFC
 * 3339 with its zone ("2027-01-31T00:00:00Z", "+0800"); or seconds or milliseconds since 1970.
 * Anything else is KT_ERROR_USAGE, which names what is wrong with it.
 */
bool kt_moment_read(const char *text, int64_t *moment, struct kt_error *error);

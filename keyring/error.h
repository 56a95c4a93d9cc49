/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Errors: a code, a sentence that says what happened and one that says what to do. The caller
 * owns the struct; a zeroed one is "no error". The lowest function that knows writes the
 * sentence; the first one written is kept.
 */

#include <stdarg.h>
#include <stdbool.h>

enum kt_error_code {
	KT_ERROR_NONE,
	KT_ERROR_USAGE,
	KT_ERROR_ACCOUNT_NEEDED,
	KT_ERROR_NOT_FOUND,
	KT_ERROR_DEAD,
	KT_ERROR_REFUSED,
	KT_ERROR_LOCKED,
	KT_ERROR_UNAVAILABLE,
	KT_ERROR_DISMISSED,
	KT_ERROR_CORRUPT,
	KT_ERROR_BUSY,
	KT_ERROR_NETWORK,
	KT_ERROR_SERVER,
	KT_ERROR_UNSAFE,
	KT_ERROR_INTERNAL,
};

#define KT_ERROR_SENTENCE 300

struct kt_error {
	enum kt_error_code code;
	char message[KT_ERROR_SENTENCE];
	char remedy[KT_ERROR_SENTENCE];
};

/* Writes code and sentence, unless an earlier one stands there. Always returns false. */
bool kt_fail(struct kt_error *error, enum kt_error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds what to do about it, unless that is said already. Always returns false. */
bool kt_advise(struct kt_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Writes a sentence as kt_fail() does: printable, and cut at a whole character where it is too
 * long.
 */
void kt_error_write(char sentence[static KT_ERROR_SENTENCE], const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* kt_fail() for an allocation that failed. */
bool kt_fail_memory(struct kt_error *error);

/* Back to "no error". */
void kt_error_clear(struct kt_error *error);

/* The exit status that the interface gives this code: 0 to 6, or 70. */
int kt_error_exit_status(enum kt_error_code code);

/* The code's name in JSON: "usage", "not_found", ... */
const char *kt_error_name(enum kt_error_code code);

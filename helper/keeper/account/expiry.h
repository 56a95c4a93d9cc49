/* SPDX-License-Identifier: MIT */
#pragma once

/* The end of a token as its user typed it: read, written, and warned of. */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/credential.h"

/*
 * Sets expires and never_expires from what kt_moment_read() takes, or "never". A moment that is
 * past, or anything else, is KT_ERROR_USAGE.
 */
bool kt_expiry_set(struct kt_credential *credential, const char *text, struct kt_error *error);

/* "2026-12-24 08:00", "never", "-" when unknown. */
bool kt_expiry_format(int64_t time, char **text, struct kt_error *error);

/* How long until then: "in 30 days", "in 3 hours", "today" and "over" once it is past. */
bool kt_expiry_format_relative(int64_t time, char **text, struct kt_error *error);

/* When a typed expiry is due, or the day a PAT of unknown expiry is old; 0 for neither. */
int64_t kt_expiry_expected(const struct kt_credential *credential);

/* Warns at a terminal, once a day, of a PAT or SAT that ends within a week or has ended. */
void kt_expiry_warn(const struct kt_credential *credential);

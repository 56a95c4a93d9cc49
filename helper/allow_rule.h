/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Rules of --allow: which requests a lent token serves. "METHOD /path", where METHOD may be * and a
 * path that ends in / and * stands for all below it. The query does not count. libc alone.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"

/* Refuses a text that is no rule (KT_ERROR_USAGE). */
bool kt_allow_rule_check(const char *rule, struct kt_error *error);

/* A rule that was checked lets this request pass. */
bool kt_allow_rule_is_match(const char *rule, const char *method, size_t method_length,
                            const char *path, size_t path_length);

/* The rule names this path by itself: not as one of many. */
bool kt_allow_rule_names(const char *rule, const char *path, size_t path_length);

/* SPDX-License-Identifier: MIT */
#pragma once

/* Columns of the tables that people read: a character of double width fills two. */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* Appends the text, and blanks until it fills so many columns. */
bool kt_column_append(struct kt_secret *output, const char *text, size_t columns,
                      struct kt_error *error);

/* Appends a line of a label, in the person's language, and a value; nothing where it has none. */
bool kt_column_append_line(struct kt_secret *output, const char *label, size_t columns,
                           const char *value, struct kt_error *error);

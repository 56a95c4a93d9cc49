/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * .env files as people write them: NAME=VALUE lines with "export", quotes, comments, CR LF and a
 * byte order mark. A quoted value may go over several lines, and so may an unquoted PEM block. In
 * double quotes \n, \r, \t and an escaped quote, backslash or dollar are read; nothing is expanded.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* Replaces value by that of the last line that sets the name; empty where none does. */
bool kt_dotenv_find(const char *text, const char *name, struct kt_secret *value,
                    struct kt_error *error);

/* One assignment, as places in the text. A zeroed one is where a walk begins. */
struct kt_dotenv_line {
	size_t start; /* of its line */
	size_t name;
	size_t name_length;
	size_t end;   /* of the last line of its value, without the line end */
	size_t next;  /* the line behind */
};

/* Moves on to the next assignment; false: there is none. */
bool kt_dotenv_next(const char *text, struct kt_dotenv_line *line);

/* Replaces value by that of the assignment. */
bool kt_dotenv_value(const char *text, const struct kt_dotenv_line *line, struct kt_secret *value,
                     struct kt_error *error);

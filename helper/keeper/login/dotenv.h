/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * .env files as people write them: NAME=VALUE lines with "export", quotes, comments, CR LF and a
 * byte order mark. A quoted value may go over several lines, and so may an unquoted PEM block. In
 * double quotes \n, \r, \t and an escaped quote, backslash or dollar are read; nothing is expanded.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* Replaces value by that of the last line that sets the name; empty where none does. */
bool kt_dotenv_find(const char *text, const char *name, struct kt_secret *value,
                    struct kt_error *error);

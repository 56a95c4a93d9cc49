/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Credentials in plain text: the files in which shells, SDKs and tools keep them. They are read and
 * nothing else; no secret leaves this file.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"

/* One line with a secret. */
struct kt_plain_place {
	const char *source; /* "shell", "dotenv", ...: the table's own name */
	char *path;
	size_t line;        /* from 1 */
};

/* A zeroed struct is an empty list. */
struct kt_plain_places {
	struct kt_plain_place *items;
	size_t count;
};

/* Adds what the files have that lie at a known place below home, which is an absolute path. */
bool kt_plain_look_at_home(const char *home, struct kt_plain_places *places,
                           struct kt_error *error);

/*
 * Adds what the files below the directory have that are known by their names. Links are not
 * followed, and version control's own files and installed packages are passed over. KT_ERROR_USAGE
 * if there is no such directory. What cannot be read is told on stderr and passed over.
 */
bool kt_plain_look_below(const char *directory, struct kt_plain_places *places,
                         struct kt_error *error);

/* For KT_CLEANUP. */
void kt_plain_places_clear(struct kt_plain_places *places);

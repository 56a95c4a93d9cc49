/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Credentials in plain text: the files in which shells, SDKs and tools keep them. They are read and
 * nothing else.
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/keeper/plain/plain_source.h"
#include "keyring/error.h"
#include "keyring/secret.h"
#include "keyring/shell_word.h"

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

/* Whom a walk calls with each file of a source; false ends the walk. */
struct kt_plain_visitor {
	bool (*visit)(void *context, const struct kt_plain_source *source, const char *path,
	              struct kt_error *error);
	void *context;
};

/* Visits the files that lie at a known place below home, which is an absolute path. */
bool kt_plain_walk_home(const char *home, const struct kt_plain_visitor *visitor,
                        struct kt_error *error);

/* The same of one source alone. */
bool kt_plain_walk_source(const struct kt_plain_source *source, const char *home,
                          const struct kt_plain_visitor *visitor, struct kt_error *error);

/*
 * Visits the files below the directory that are known by their names. Links are not followed, and
 * version control's own files and installed packages are passed over. KT_ERROR_USAGE if there is
 * no such directory, or it cannot be read. One below it that cannot be is told on stderr and passed
 * over.
 */
bool kt_plain_walk_below(const char *directory, const struct kt_plain_visitor *visitor,
                         struct kt_error *error);

/* The source that a file of this path is of; NULL: none. */
const struct kt_plain_source *kt_plain_source_of(const char *path);

/* Adds each line of the text that has a secret. */
bool kt_plain_look_at_text(const struct kt_plain_source *source, const char *path,
                           const struct kt_secret *text, struct kt_plain_places *places,
                           struct kt_error *error);

/*
 * Visits for a struct kt_plain_places: adds each line of the file that has a secret. A file that
 * cannot be read, or is no text, is told on stderr and passed over.
 */
bool kt_plain_look_at_file(void *places, const struct kt_plain_source *source, const char *path,
                           struct kt_error *error);

/* A name that would draw on the terminal, or is no text, is shown as a shell takes it. */
const char *kt_plain_show_path(const char *path, struct kt_shell_word *word);

/* For KT_CLEANUP. */
void kt_plain_places_clear(struct kt_plain_places *places);

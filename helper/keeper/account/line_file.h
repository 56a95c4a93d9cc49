/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A file of the configuration that holds nothing secret: of each line a word, then " =" and a
 * percent-encoded part, several times. Lines of another form are left out by those that read them.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* Takes one line, which ends at end. False stops the reading, with the error. */
typedef bool (*kt_line_file_taker)(void *context, const char *line, const char *end,
                                   struct kt_error *error);

/* Hands each line of the file NAME, of at most so many bytes, to take. No file has no lines. */
bool kt_line_file_read(const char *name, size_t most, kt_line_file_taker take, void *context,
                       struct kt_error *error);

/*
 * Reads so many times " =PART" off the line, from cursor on; false where one is not there. Only a
 * path, which the first one may be, has control characters.
 */
bool kt_line_file_read_parts(const char *cursor, const char *end, char **const *parts,
                             size_t count, bool has_path, struct kt_error *error);

/* Appends a line. A part that is NULL is an empty one. */
bool kt_line_file_append(struct kt_secret *content, const char *word, const char *const *parts,
                         size_t count, struct kt_error *error);

/* Replaces the file NAME by this content, and makes its directory if need be. */
bool kt_line_file_write(const char *name, const struct kt_secret *content, struct kt_error *error);

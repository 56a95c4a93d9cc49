/* SPDX-License-Identifier: MIT */
#pragma once

/* Changes of a text, collected in any order and then made at once. */

#include <stddef.h>

#include "keyring/error.h"
#include "keyring/secret.h"

struct kt_edit {
	size_t start;  /* in the text as it was */
	size_t length; /* bytes that go */
	char *text;    /* comes in their place */
};

struct kt_edits {
	struct kt_edit *edits;
	size_t count;
};

/*
 * At start, length bytes give way to a copy of text. Edits do not overlap; those of one place are
 * made in the order in which they were added.
 */
bool kt_edits_add(struct kt_edits *edits, size_t start, size_t length, const char *text,
                  struct kt_error *error);

/* How lines of the text end: CR LF where its first one does, else LF. */
const char *kt_edits_line_end(const struct kt_secret *text);

/*
 * Adds whole lines, each ended by LF, at the beginning of a line or at the end of the text: they
 * get the line ends that the text has, and a last line without one stays so.
 */
bool kt_edits_add_lines(struct kt_edits *edits, const struct kt_secret *text, size_t place,
                        const char *lines, struct kt_error *error);

/* Appends the text with all changes to target. */
bool kt_edits_apply(const struct kt_edits *edits, const struct kt_secret *text,
                    struct kt_secret *target, struct kt_error *error);

/* For KT_CLEANUP. */
void kt_edits_clear(struct kt_edits *edits);

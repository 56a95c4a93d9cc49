/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A line of a shell that sets one variable to a text, and does nothing else: NAME=VALUE, with
 * export, declare or set in front, and a comment behind. A comment of that form counts too.
 */

#include <stdbool.h>
#include <stddef.h>

/* Places in the line. */
struct kt_import_assignment {
	size_t start; /* behind the blanks at the beginning */
	size_t name;
	size_t name_length;
	size_t value; /* without its quotes */
	size_t value_length;
	bool is_comment;
};

/* Reads a line of so many bytes, in a text that ends in NUL. */
bool kt_import_assignment_read(const char *line, size_t length,
                               struct kt_import_assignment *assignment);

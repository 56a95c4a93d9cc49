/* SPDX-License-Identifier: MIT */
#pragma once

/* Lines for a terminal, broken between words. libc alone. */

#include <stddef.h>

/*
 * Writes the line into output, broken at the blanks at which it would not fit, and between
 * characters of double width, whose script has no blanks: the next line begins two columns behind
 * the place where this one did. Whatever is to be typed (a command to its end,
 * options with their values) is never broken: a terminal does that by itself, and copies it whole.
 * A line that output has no room for stays as it is. columns 0: nothing is known of the terminal.
 * Returns the length.
 */
size_t kt_wrap(const char *line, size_t columns, char *output, size_t size);

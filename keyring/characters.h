/* SPDX-License-Identifier: MIT */
#pragma once

/* Characters from elsewhere: which bytes may stand where. libc alone, below errors. */

#include <stdbool.h>
#include <stddef.h>

/* No byte below 0x20 and no 0x7f. */
bool kt_characters_are_clean(const char *bytes, size_t length);

/* Well-formed UTF-8 (no surrogate, nothing overlong). */
bool kt_characters_are_utf8(const char *bytes, size_t length);

/*
 * True for bytes 0x21 to 0x7e alone, and at least one: they may stand in an Authorization
 * header.
 */
bool kt_characters_are_visible_ascii(const char *bytes, size_t length);

/*
 * The bytes of text, at most limit, that end with a whole character: for "%.*s" in a message.
 * Bytes that are not UTF-8 count as characters.
 */
int kt_characters_fit(const char *text, size_t limit);

/*
 * Puts '?' in place of every character that could steer a terminal or deceive a reader:
 * control characters (C0, C1), bidirectional and zero-width ones, bytes that are not UTF-8.
 */
void kt_characters_make_printable(char *text);

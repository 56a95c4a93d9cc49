/* SPDX-License-Identifier: MIT */
#pragma once

/* Characters from elsewhere: which bytes may stand where. libc alone, below errors. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No byte below 0x20 and no 0x7f. */
bool kt_characters_are_clean(const char *bytes, size_t length);

/* The value of a hexadecimal digit; -1 for any other byte. */
int kt_characters_hex_value(char digit);

/* The byte that "%XX" at the beginning of these stands for (RFC 3986, 2.1); -1: there is none. */
int kt_characters_percent_value(const char *bytes, size_t length);

/* Reads one character of UTF-8; returns its length in bytes, 0 if it is not well-formed. */
size_t kt_characters_decode(const char *bytes, size_t length, uint32_t *character);

/* A blank of any script, or a character that cannot be seen (zero-width, byte order mark). */
bool kt_characters_is_blank(uint32_t character);

/* How many columns of a terminal the text takes: two for a character of double width. */
size_t kt_characters_columns(const char *text);

/*
 * Writes full-width forms (U+FF01 to U+FF5E, U+3002, U+3000), which an input method makes, as the
 * ASCII characters that they stand for.
 */
void kt_characters_fold_width(char *text);

/* Some editors begin a text in UTF-8 with it; it is no part of the text. */
#define KT_BYTE_ORDER_MARK "\xef\xbb\xbf"

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

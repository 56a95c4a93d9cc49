/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Text from elsewhere: checked numbers, base64url and percent-encoding. Input is pointer and
 * length until it is known to be clean (characters.h). libc alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* free() for KT_CLEANUP and for fields. Sets the pointer to NULL. */
void kt_text_free(char **text);

/* Replaces *target by a copy of text (NULL: by NULL). On failure *target is as it was. */
bool kt_text_set(char **target, const char *text, struct kt_error *error);

/* The same from bytes, which hold no NUL. */
bool kt_text_set_bytes(char **target, const char *bytes, size_t length, struct kt_error *error);

/* Replaces *target by what printf would print. */
bool kt_text_format(char **target, struct kt_error *error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* text, or "" for NULL. */
const char *kt_text_or_empty(const char *text);

bool kt_text_is_equal(const char *text, const char *other);
bool kt_text_has_prefix(const char *text, const char *prefix);

/* Reads a decimal number: digits alone, no sign, no blank, within minimum and maximum. */
bool kt_text_to_number(const char *bytes, size_t length, int64_t minimum, int64_t maximum,
                       int64_t *number);

/* Appends base64url without padding (RFC 4648, 5). */
bool kt_text_append_base64url(struct kt_secret *target, const void *bytes, size_t length,
                              struct kt_error *error);

/* Appends base64 with padding (RFC 4648, 4). */
bool kt_text_append_base64(struct kt_secret *target, const void *bytes, size_t length,
                           struct kt_error *error);

/* Appends the bytes of base64 (RFC 4648, 4), whose padding may be absent; false: it is none. */
bool kt_text_append_base64_decoded(struct kt_secret *target, const char *text, size_t length,
                                   struct kt_error *error);

/* Appends bytes percent-encoded but for unreserved characters (RFC 3986, 2.3). */
bool kt_text_append_percent(struct kt_secret *target, const char *bytes, size_t length,
                            struct kt_error *error);

/* Appends bytes with %XX decoded; a broken escape or a decoded control character is refused. */
bool kt_text_append_unescaped(struct kt_secret *target, const char *bytes, size_t length,
                              struct kt_error *error);

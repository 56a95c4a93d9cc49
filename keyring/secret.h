/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Secrets: bounded bytes, wiped when they go out of use. A zeroed struct is an empty secret.
 * Only secret.c touches the fields.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"

struct kt_secret {
	char *bytes;
	size_t length;
	size_t capacity;
};

/* No secret grows beyond this many bytes: a request of 1 MiB and a little for its frame. */
#define KT_SECRET_MAXIMUM ((size_t)(1 << 20) + 65536)

/* Adds a copy of bytes. On failure the secret is as it was. */
bool kt_secret_append(struct kt_secret *secret, const void *bytes, size_t length,
                      struct kt_error *error);

/* Adds a copy of a text that ends in NUL, without its NUL. */
bool kt_secret_append_text(struct kt_secret *secret, const char *text, struct kt_error *error);

/* Replaces the content by a copy of bytes; bytes may lie inside the secret itself. */
bool kt_secret_set(struct kt_secret *secret, const void *bytes, size_t length,
                   struct kt_error *error);

/* Replaces the content by a copy of another secret's. */
bool kt_secret_copy(struct kt_secret *secret, const struct kt_secret *other,
                    struct kt_error *error);

/* Hands the content over; source is empty afterwards. */
void kt_secret_move(struct kt_secret *target, struct kt_secret *source);

/*
 * Appends the bytes that descriptor has. If it has none yet, waits, also if it is non-blocking;
 * *taken is 0 at its end. A failure to read is a refusal (usage).
 */
bool kt_secret_read_some(struct kt_secret *secret, int descriptor, size_t *taken,
                         struct kt_error *error);

/*
 * Appends what descriptor gives until its end. More than limit bytes, or an error on the way,
 * is a refusal (usage); the secret is then as it was.
 */
bool kt_secret_read(struct kt_secret *secret, int descriptor, size_t limit,
                    struct kt_error *error);

/* Shortens to length bytes (no effect if it is not longer) and wipes the rest. */
void kt_secret_truncate(struct kt_secret *secret, size_t length);

/* Removes blanks, tabs, CR and LF around the content. */
void kt_secret_trim(struct kt_secret *secret);

/* The bytes in the clear, ending in NUL; borrowed until the secret changes. */
const char *kt_secret_reveal(const struct kt_secret *secret);

size_t kt_secret_length(const struct kt_secret *secret);
bool kt_secret_is_empty(const struct kt_secret *secret);

/* Constant time for equal lengths. */
bool kt_secret_is_equal(const struct kt_secret *secret, const struct kt_secret *other);

/* Wipes and empties; safe to repeat. */
void kt_secret_clear(struct kt_secret *secret);

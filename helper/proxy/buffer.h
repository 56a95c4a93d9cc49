/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Buffers: bytes on their way through the room, taken from the front and added behind. Memory that
 * was used is wiped before it is freed. A zeroed buffer is an empty one.
 */

#include <stdbool.h>
#include <stddef.h>

struct kt_buffer {
	char *memory;
	size_t start;
	size_t end;
	size_t capacity;
};

/* Adds a copy of the bytes; false where there is no memory, and nothing is added then. */
bool kt_buffer_append(struct kt_buffer *buffer, const void *bytes, size_t length);

bool kt_buffer_append_text(struct kt_buffer *buffer, const char *text);

/* Place for so many bytes behind those that wait; NULL: there is no memory. */
char *kt_buffer_reserve(struct kt_buffer *buffer, size_t length);

/* So many bytes, perhaps none, were put into the place that was reserved just before. */
void kt_buffer_extend(struct kt_buffer *buffer, size_t length);

/* The bytes that wait, borrowed until the buffer changes. */
const char *kt_buffer_bytes(const struct kt_buffer *buffer);

size_t kt_buffer_length(const struct kt_buffer *buffer);

/* Takes that many bytes from the front. A buffer that is empty then has no memory. */
void kt_buffer_drop(struct kt_buffer *buffer, size_t length);

/* Wipes and frees; safe to repeat. */
void kt_buffer_clear(struct kt_buffer *buffer);

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/proxy/buffer.h"

#define SMALLEST ((size_t)1024)

static bool grow(struct kt_buffer *buffer, size_t wanted)
{
	size_t length = kt_buffer_length(buffer);
	size_t capacity = SMALLEST;
	char *memory;

	while (capacity < wanted && capacity <= SIZE_MAX / 4)
		capacity *= 2;
	memory = capacity >= wanted ? malloc(capacity) : NULL;
	if (!memory)
		return false;
	if (length > 0)
		memcpy(memory, buffer->memory + buffer->start, length);
	kt_buffer_clear(buffer);
	*buffer = (struct kt_buffer){ .memory = memory, .end = length, .capacity = capacity };
	return true;
}

char *kt_buffer_reserve(struct kt_buffer *buffer, size_t length)
{
	size_t held = kt_buffer_length(buffer);

	if (buffer->capacity - buffer->end < length && buffer->capacity - held >= length) {
		memmove(buffer->memory, buffer->memory + buffer->start, held);
		buffer->start = 0;
		buffer->end = held;
	}
	if (buffer->capacity - buffer->end < length &&
	    (length > SIZE_MAX / 4 || !grow(buffer, held + length)))
		return NULL;
	return buffer->memory + buffer->end;
}

void kt_buffer_extend(struct kt_buffer *buffer, size_t length)
{
	buffer->end += length;
	kt_buffer_drop(buffer, 0);
}

bool kt_buffer_append(struct kt_buffer *buffer, const void *bytes, size_t length)
{
	char *place;

	if (length == 0)
		return true;
	place = kt_buffer_reserve(buffer, length);
	if (!place)
		return false;
	memcpy(place, bytes, length);
	buffer->end += length;
	return true;
}

bool kt_buffer_append_text(struct kt_buffer *buffer, const char *text)
{
	return kt_buffer_append(buffer, text, strlen(text));
}

const char *kt_buffer_bytes(const struct kt_buffer *buffer)
{
	return buffer->memory ? buffer->memory + buffer->start : "";
}

size_t kt_buffer_length(const struct kt_buffer *buffer)
{
	return buffer->end - buffer->start;
}

void kt_buffer_drop(struct kt_buffer *buffer, size_t length)
{
	buffer->start += length;
	if (buffer->start == buffer->end)
		kt_buffer_clear(buffer);
}

void kt_buffer_clear(struct kt_buffer *buffer)
{
	if (buffer->memory)
		explicit_bzero(buffer->memory, buffer->capacity);
	free(buffer->memory);
	*buffer = (struct kt_buffer){ 0 };
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "keyring/wiping.h"

/* These libraries free without a size, so each block carries its own in front. */
struct block {
	_Alignas(max_align_t) size_t size;
};

void *kt_wiping_malloc(size_t size)
{
	struct block *block;
	size_t total;

	if (__builtin_add_overflow(size, sizeof(*block), &total))
		return NULL;
	block = malloc(total);
	if (!block)
		return NULL;
	block->size = size;
	return block + 1;
}

static struct block *block_of(void *bytes)
{
	return (struct block *)bytes - 1;
}

void kt_wiping_free(void *bytes)
{
	if (!bytes)
		return;
	explicit_bzero(bytes, block_of(bytes)->size);
	free(block_of(bytes));
}

void *kt_wiping_realloc(void *bytes, size_t size)
{
	void *larger = kt_wiping_malloc(size);

	if (!larger || !bytes)
		return larger;
	memcpy(larger, bytes, block_of(bytes)->size < size ? block_of(bytes)->size : size);
	kt_wiping_free(bytes);
	return larger;
}

void *kt_wiping_calloc(size_t count, size_t size)
{
	size_t total;
	void *bytes;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	bytes = kt_wiping_malloc(total);
	return bytes ? memset(bytes, 0, total) : NULL;
}

char *kt_wiping_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = kt_wiping_malloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}

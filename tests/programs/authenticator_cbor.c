/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/programs/authenticator_cbor.h"

bool item_take_head(struct item *rest, unsigned *type, size_t *number)
{
	unsigned char first;
	size_t more = 0;

	if (rest->length == 0)
		return false;
	first = *rest->bytes++;
	rest->length--;
	*type = first >> 5;
	*number = first & 31;
	if (*number >= 24) {
		more = (size_t)1 << (*number - 24);
		*number = 0;
	}
	if (more > 4 || more > rest->length)
		return false;
	for (; more > 0; more--, rest->length--)
		*number = *number << 8 | *rest->bytes++;
	return true;
}

bool item_take(struct item *rest, struct item *taken)
{
	size_t number;
	unsigned type;

	*taken = *rest;
	if (!item_take_head(rest, &type, &number))
		return false;
	if (type == 2 || type == 3) {
		if (number > rest->length)
			return false;
		rest->bytes += number;
		rest->length -= number;
	}
	if (type == 4 || type == 5)
		for (size_t i = 0; i < (type == 5 ? 2 * number : number); i++) {
			struct item inner;

			if (!item_take(rest, &inner))
				return false;
		}
	taken->length = (size_t)(rest->bytes - taken->bytes);
	return true;
}

/* The value of a map behind this key, as it is encoded. */
static struct item find(struct item map, const unsigned char *key, size_t length)
{
	size_t count;
	unsigned type;

	if (!map.bytes || !item_take_head(&map, &type, &count) || type != 5)
		return (struct item){ 0 };
	for (; count > 0; count--) {
		struct item name;
		struct item value;

		if (!item_take(&map, &name) || !item_take(&map, &value))
			break;
		if (name.length == length && memcmp(name.bytes, key, length) == 0)
			return value;
	}
	return (struct item){ 0 };
}

struct item item_find_number(struct item map, int number)
{
	unsigned char key = (unsigned char)(number >= 0 ? number : 0x20 | (-1 - number));

	return find(map, &key, 1);
}

struct item item_find_text(struct item map, const char *text)
{
	unsigned char key[32];

	key[0] = (unsigned char)(0x60 | strlen(text));
	memcpy(key + 1, text, strlen(text));
	return find(map, key, 1 + strlen(text));
}

struct item item_content(struct item item)
{
	size_t length;
	unsigned type;

	if (!item.bytes || !item_take_head(&item, &type, &length) || (type != 2 && type != 3))
		return (struct item){ 0 };
	return item;
}

int item_number(struct item item, int otherwise)
{
	size_t number;
	unsigned type;

	return item.bytes && item_take_head(&item, &type, &number) && type == 0 ? (int)number
	                                                                        : otherwise;
}

void buffer_put(struct buffer *buffer, const void *bytes, size_t length)
{
	if (length > sizeof(buffer->bytes) - buffer->length)
		abort();
	if (length > 0)
		memcpy(buffer->bytes + buffer->length, bytes, length);
	buffer->length += length;
}

void buffer_put_head(struct buffer *buffer, unsigned type, size_t number)
{
	const unsigned char head[] = { (unsigned char)(type << 5 | 25),
		                       (unsigned char)(number >> 8), (unsigned char)number };
	const unsigned char byte[] = { (unsigned char)(type << 5 | 24), (unsigned char)number };
	unsigned char small = (unsigned char)(type << 5 | (number & 31));

	if (number < 24)
		buffer_put(buffer, &small, 1);
	else if (number < 256)
		buffer_put(buffer, byte, sizeof(byte));
	else
		buffer_put(buffer, head, sizeof(head));
}

void buffer_put_int(struct buffer *buffer, int number)
{
	buffer_put_head(buffer, number < 0, (size_t)(number < 0 ? -1 - number : number));
}

void buffer_put_bytes(struct buffer *buffer, const void *bytes, size_t length)
{
	buffer_put_head(buffer, 2, length);
	buffer_put(buffer, bytes, length);
}

void buffer_put_text(struct buffer *buffer, const char *text)
{
	buffer_put_head(buffer, 3, strlen(text));
	buffer_put(buffer, text, strlen(text));
}

void buffer_put_truth(struct buffer *buffer, bool truth)
{
	buffer_put(buffer, truth ? "\xf5" : "\xf4", 1);
}

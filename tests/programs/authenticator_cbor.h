/* SPDX-License-Identifier: MIT */
#pragma once

/* CBOR (RFC 8949), as much of it as CTAP has, for authenticator.c. */

#include <stdbool.h>
#include <stddef.h>

#define MESSAGE 4096

/* A part of a message; empty (NULL): there is none. */
struct item {
	const unsigned char *bytes;
	size_t length;
};

struct buffer {
	unsigned char bytes[MESSAGE];
	size_t length;
};

/* The type of what rest begins with, and its number or length; rest goes behind that head. */
bool item_take_head(struct item *rest, unsigned *type, size_t *number);

/* The next item of rest, which goes behind it. */
bool item_take(struct item *rest, struct item *taken);

/* The value of a map behind this key, as it is encoded. */
struct item item_find_number(struct item map, int number);
struct item item_find_text(struct item map, const char *text);

/* The bytes of a text or string, the number of a number. */
struct item item_content(struct item item);
int item_number(struct item item, int otherwise);

/* Bytes as they are. */
void buffer_put(struct buffer *buffer, const void *bytes, size_t length);

void buffer_put_head(struct buffer *buffer, unsigned type, size_t number);
void buffer_put_int(struct buffer *buffer, int number);
void buffer_put_bytes(struct buffer *buffer, const void *bytes, size_t length);
void buffer_put_text(struct buffer *buffer, const char *text);
void buffer_put_truth(struct buffer *buffer, bool truth);

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/secret.h"

static bool reserve(struct kt_secret *secret, size_t wanted, struct kt_error *error)
{
	size_t capacity = secret->capacity ? secret->capacity : 64;
	char *bytes;

	if (wanted <= secret->capacity)
		return true;
	if (wanted > KT_SECRET_MAXIMUM)
		return kt_fail(error, KT_ERROR_USAGE, "a value is larger than 1 MiB");
	while (capacity < wanted)
		capacity *= 2;
	bytes = malloc(capacity);
	if (!bytes)
		return kt_fail_memory(error);
	if (secret->bytes) {
		memcpy(bytes, secret->bytes, secret->length);
		explicit_bzero(secret->bytes, secret->capacity);
		free(secret->bytes);
	}
	secret->bytes = bytes;
	secret->capacity = capacity;
	return true;
}

bool kt_secret_append(struct kt_secret *secret, const void *bytes, size_t length,
                      struct kt_error *error)
{
	size_t total;

	if (__builtin_add_overflow(secret->length, length, &total) || total == SIZE_MAX)
		return kt_fail_memory(error);
	if (!reserve(secret, total + 1, error))
		return false;
	if (length)
		memcpy(secret->bytes + secret->length, bytes, length);
	secret->bytes[total] = '\0';
	secret->length = total;
	return true;
}

bool kt_secret_append_text(struct kt_secret *secret, const char *text, struct kt_error *error)
{
	return kt_secret_append(secret, text, strlen(text), error);
}

bool kt_secret_set(struct kt_secret *secret, const void *bytes, size_t length,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret fresh = { 0 };

	if (!kt_secret_append(&fresh, bytes, length, error))
		return false;
	kt_secret_move(secret, &fresh);
	return true;
}

bool kt_secret_copy(struct kt_secret *secret, const struct kt_secret *other,
                    struct kt_error *error)
{
	return kt_secret_set(secret, kt_secret_reveal(other), other->length, error);
}

void kt_secret_move(struct kt_secret *target, struct kt_secret *source)
{
	struct kt_secret content = *source;

	*source = (struct kt_secret){ 0 };
	kt_secret_clear(target);
	*target = content;
}

/* Until the descriptor has something to read, or an end or an error to tell. */
static bool await_input(int descriptor)
{
	struct pollfd entry = { .fd = descriptor, .events = POLLIN };

	return poll(&entry, 1, -1) >= 0 || errno == EINTR || errno == EAGAIN;
}

/* A caller's pipe may be non-blocking: EAGAIN is no end, nor is a signal. */
bool kt_secret_read_some(struct kt_secret *secret, int descriptor, size_t *taken,
                         struct kt_error *error)
{
	ssize_t got;

	*taken = 0;
	if (!reserve(secret, secret->length + 4096, error))
		return false;
	do {
		got = read(descriptor, secret->bytes + secret->length,
		           secret->capacity - secret->length - 1);
	} while (got < 0 && (errno == EINTR || (errno == EAGAIN && await_input(descriptor))));
	if (got < 0) {
		kt_fail(error, KT_ERROR_USAGE, "the input cannot be read: %s", strerror(errno));
		return kt_advise(error, "see where the input comes from, then run it again");
	}
	secret->length += (size_t)got;
	secret->bytes[secret->length] = '\0';
	*taken = (size_t)got;
	return true;
}

bool kt_secret_read(struct kt_secret *secret, int descriptor, size_t limit,
                    struct kt_error *error)
{
	size_t before = secret->length;
	size_t taken = 1;

	while (taken > 0) {
		bool is_read = kt_secret_read_some(secret, descriptor, &taken, error);

		if (is_read && secret->length - before <= limit)
			continue;
		kt_secret_truncate(secret, before);
		return is_read ? kt_fail(error, KT_ERROR_USAGE,
		                         "the input is longer than %zu bytes", limit)
		               : false;
	}
	return true;
}

void kt_secret_truncate(struct kt_secret *secret, size_t length)
{
	if (!secret->bytes || length >= secret->length)
		return;
	explicit_bzero(secret->bytes + length, secret->length - length);
	secret->length = length;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

void kt_secret_trim(struct kt_secret *secret)
{
	size_t blanks = 0;
	size_t length = secret->length;

	while (length > 0 && is_blank(secret->bytes[length - 1]))
		length--;
	kt_secret_truncate(secret, length);
	while (blanks < length && is_blank(secret->bytes[blanks]))
		blanks++;
	if (blanks == 0)
		return;
	memmove(secret->bytes, secret->bytes + blanks, length - blanks);
	kt_secret_truncate(secret, length - blanks);
}

const char *kt_secret_reveal(const struct kt_secret *secret)
{
	return secret->bytes ? secret->bytes : "";
}

size_t kt_secret_length(const struct kt_secret *secret)
{
	return secret->length;
}

bool kt_secret_is_empty(const struct kt_secret *secret)
{
	return secret->length == 0;
}

bool kt_secret_is_equal(const struct kt_secret *secret, const struct kt_secret *other)
{
	unsigned char difference = 0;

	if (secret->length != other->length)
		return false;
	for (size_t i = 0; i < secret->length; i++)
		difference |= (unsigned char)(secret->bytes[i] ^ other->bytes[i]);
	return difference == 0;
}

void kt_secret_clear(struct kt_secret *secret)
{
	if (secret->bytes) {
		explicit_bzero(secret->bytes, secret->capacity);
		free(secret->bytes);
	}
	*secret = (struct kt_secret){ 0 };
}

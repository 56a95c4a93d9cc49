/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "helper/errand.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

static bool add_bytes(struct kt_errand *errand, const char *name, size_t name_length,
                      const char *bytes, size_t length, struct kt_error *error)
{
	struct kt_errand_field *fields;
	struct kt_errand_field field = { 0 };

	if (!kt_characters_are_visible_ascii(name, name_length))
		return kt_fail(error, KT_ERROR_INTERNAL, "an errand has a field without a good name");
	if (errand->count == KT_ERRAND_FIELDS)
		return kt_fail(error, KT_ERROR_INTERNAL, "an errand has more than %d fields",
		               KT_ERRAND_FIELDS);
	if (!kt_text_set_bytes(&field.name, name, name_length, error))
		return false;
	if (kt_errand_secret(errand, field.name)) {
		kt_text_free(&field.name);
		return kt_fail(error, KT_ERROR_INTERNAL, "an errand has a field twice");
	}
	/* The array holds no secret, only where secrets are: it may be moved. */
	fields = reallocarray(errand->fields, errand->count + 1, sizeof(field));
	if (!fields) {
		kt_text_free(&field.name);
		return kt_fail_memory(error);
	}
	errand->fields = fields;
	if (!kt_secret_append(&field.value, bytes, length, error)) {
		kt_text_free(&field.name);
		return false;
	}
	errand->fields[errand->count++] = field;
	return true;
}

bool kt_errand_add(struct kt_errand *errand, const char *name, const char *value,
                   struct kt_error *error)
{
	return add_bytes(errand, name, strlen(name), value, strlen(value), error);
}

bool kt_errand_add_number(struct kt_errand *errand, const char *name, int64_t number,
                          struct kt_error *error)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, number);
	return kt_errand_add(errand, name, digits, error);
}

bool kt_errand_add_secret(struct kt_errand *errand, const char *name,
                          const struct kt_secret *value, struct kt_error *error)
{
	return add_bytes(errand, name, strlen(name), kt_secret_reveal(value),
	                 kt_secret_length(value), error);
}

const struct kt_secret *kt_errand_secret(const struct kt_errand *errand, const char *name)
{
	for (size_t i = 0; i < errand->count; i++)
		if (strcmp(errand->fields[i].name, name) == 0)
			return &errand->fields[i].value;
	return NULL;
}

bool kt_errand_copy_secret(const struct kt_errand *errand, const char *name,
                           struct kt_secret *value, struct kt_error *error)
{
	const struct kt_secret *found = kt_errand_secret(errand, name);

	if (!found)
		return kt_fail(error, KT_ERROR_INTERNAL, "the courier's answer lacks its %s", name);
	return kt_secret_copy(value, found, error);
}

const char *kt_errand_text(const struct kt_errand *errand, const char *name)
{
	const struct kt_secret *value = kt_errand_secret(errand, name);
	const char *text = value ? kt_secret_reveal(value) : NULL;

	return text && strlen(text) == kt_secret_length(value) ? text : NULL;
}

bool kt_errand_number(const struct kt_errand *errand, const char *name, int64_t *number)
{
	const struct kt_secret *value = kt_errand_secret(errand, name);

	return value && kt_text_to_number(kt_secret_reveal(value), kt_secret_length(value), 0,
	                                  INT64_MAX, number);
}

bool kt_errand_is(const struct kt_errand *errand, const char *name, const char *text)
{
	const char *value = kt_errand_text(errand, name);

	return value && strcmp(value, text) == 0;
}

/* Waits until the descriptor has events, or a hang-up to report. */
static bool await(int descriptor, short events, int64_t deadline, struct kt_error *error)
{
	for (;;) {
		struct pollfd entry = { .fd = descriptor, .events = events };
		int64_t left = deadline ? deadline - kt_clock_monotonic() : -1;
		int ready;

		if (deadline && left <= 0)
			return kt_fail(error, KT_ERROR_NETWORK, "an errand took too long");
		ready = poll(&entry, 1, left > INT_MAX ? INT_MAX : (int)left);
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return kt_fail(error, KT_ERROR_INTERNAL, "cannot wait for an errand: %s",
			               strerror(errno));
	}
}

static bool may_try_again(void)
{
	return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
}

static bool send_bytes(int descriptor, const char *bytes, size_t length, int64_t deadline,
                       struct kt_error *error)
{
	while (length > 0) {
		ssize_t sent = send(descriptor, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && !may_try_again())
			return kt_fail(error, KT_ERROR_NETWORK, "cannot send an errand: %s",
			               strerror(errno));
		if (sent < 0 && !await(descriptor, POLLOUT, deadline, error))
			return false;
		if (sent > 0) {
			bytes += sent;
			length -= (size_t)sent;
		}
	}
	return true;
}

static bool receive_bytes(int descriptor, char *bytes, size_t length, int64_t deadline,
                          struct kt_error *error)
{
	while (length > 0) {
		ssize_t got = recv(descriptor, bytes, length, MSG_DONTWAIT);

		if (got == 0)
			return kt_fail(error, KT_ERROR_NETWORK, "the other end of an errand is gone");
		if (got < 0 && !may_try_again())
			return kt_fail(error, KT_ERROR_NETWORK, "cannot receive an errand: %s",
			               strerror(errno));
		if (got < 0 && !await(descriptor, POLLIN, deadline, error))
			return false;
		if (got > 0) {
			bytes += got;
			length -= (size_t)got;
		}
	}
	return true;
}

static bool append_number(struct kt_secret *message, size_t number, struct kt_error *error)
{
	uint32_t value = (uint32_t)number;

	if (number > KT_ERRAND_MAXIMUM)
		return kt_fail(error, KT_ERROR_INTERNAL, "an errand is larger than %zu bytes",
		               KT_ERRAND_MAXIMUM);
	return kt_secret_append(message, &value, sizeof(value), error);
}

static bool append_field(struct kt_secret *message, const struct kt_errand_field *field,
                         struct kt_error *error)
{
	return append_number(message, strlen(field->name), error) &&
	       append_number(message, kt_secret_length(&field->value), error) &&
	       kt_secret_append_text(message, field->name, error) &&
	       kt_secret_append(message, kt_secret_reveal(&field->value),
	                        kt_secret_length(&field->value), error);
}

bool kt_errand_send(const struct kt_errand *errand, int descriptor, int64_t deadline,
                    struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret body = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret message = { 0 };

	if (!append_number(&body, errand->count, error))
		return false;
	for (size_t i = 0; i < errand->count; i++)
		if (!append_field(&body, &errand->fields[i], error))
			return false;
	return append_number(&message, kt_secret_length(&body), error) &&
	       kt_secret_append(&message, kt_secret_reveal(&body), kt_secret_length(&body), error) &&
	       send_bytes(descriptor, kt_secret_reveal(&message), kt_secret_length(&message),
	                  deadline, error);
}

/* The rest of a message that is being taken apart. */
struct reader {
	const char *bytes;
	size_t left;
};

static const char *take(struct reader *reader, size_t length)
{
	const char *bytes = reader->bytes;

	if (length > reader->left)
		return NULL;
	reader->bytes += length;
	reader->left -= length;
	return bytes;
}

static bool take_number(struct reader *reader, uint32_t *number)
{
	const char *bytes = take(reader, sizeof(*number));

	if (bytes)
		memcpy(number, bytes, sizeof(*number));
	return bytes != NULL;
}

static bool take_field(struct reader *reader, struct kt_errand *errand, struct kt_error *error)
{
	uint32_t name_length = 0;
	uint32_t length = 0;
	const char *name = NULL;
	const char *value = NULL;

	if (take_number(reader, &name_length) && take_number(reader, &length)) {
		name = take(reader, name_length);
		value = name ? take(reader, length) : NULL;
	}
	if (!value)
		return kt_fail(error, KT_ERROR_INTERNAL, "an errand ends within a field");
	return add_bytes(errand, name, name_length, value, length, error);
}

static bool take_message(struct reader *reader, struct kt_errand *errand, struct kt_error *error)
{
	uint32_t count;

	if (!take_number(reader, &count))
		return kt_fail(error, KT_ERROR_INTERNAL, "an errand has no count of its fields");
	for (uint32_t i = 0; i < count; i++)
		if (!take_field(reader, errand, error))
			return false;
	return reader->left == 0 ||
	       kt_fail(error, KT_ERROR_INTERNAL, "an errand has bytes behind its last field");
}

bool kt_errand_receive(struct kt_errand *errand, int descriptor, int64_t deadline,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret message = { 0 };
	char chunk[4096];
	uint32_t length = 0;
	size_t left;
	bool done;

	kt_errand_clear(errand);
	done = receive_bytes(descriptor, (char *)&length, sizeof(length), deadline, error);
	if (done && length > KT_ERRAND_MAXIMUM)
		return kt_fail(error, KT_ERROR_INTERNAL, "an errand is larger than %zu bytes",
		               KT_ERRAND_MAXIMUM);
	for (left = length; done && left > 0;) {
		size_t part = left < sizeof(chunk) ? left : sizeof(chunk);

		done = receive_bytes(descriptor, chunk, part, deadline, error) &&
		       kt_secret_append(&message, chunk, part, error);
		left -= part;
	}
	explicit_bzero(chunk, sizeof(chunk));
	if (done) {
		struct reader reader = { kt_secret_reveal(&message), kt_secret_length(&message) };

		done = take_message(&reader, errand, error);
	}
	if (!done)
		kt_errand_clear(errand);
	return done;
}

void kt_errand_clear(struct kt_errand *errand)
{
	for (size_t i = 0; i < errand->count; i++) {
		kt_text_free(&errand->fields[i].name);
		kt_secret_clear(&errand->fields[i].value);
	}
	free(errand->fields);
	*errand = (struct kt_errand){ 0 };
}

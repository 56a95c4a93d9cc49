/* SPDX-License-Identifier: MIT */
#include "config.h"

/* Fuzz target: a message between keeper and courier. One that is taken is sent on unchanged. */

#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/errand.h"
#include "keyring/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_same(const struct kt_errand *errand, const struct kt_errand *other)
{
	check(errand->count == other->count);
	for (size_t i = 0; i < errand->count; i++) {
		const struct kt_secret *value;

		check(errand->fields && other->fields);
		value = kt_errand_secret(other, errand->fields[i].name);
		check(value && kt_secret_is_equal(&errand->fields[i].value, value));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	KT_CLEANUP(kt_errand_clear) struct kt_errand again = { 0 };
	struct kt_error error = { 0 };
	int pair[2];

	/* More than this would wait for room in the socket. */
	if (size > 65536)
		return 0;
	check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	check(send(pair[0], data, size, 0) == (ssize_t)size);
	shutdown(pair[0], SHUT_WR);
	if (kt_errand_receive(&errand, pair[1], 0, &error)) {
		check(kt_errand_send(&errand, pair[1], 0, &error) &&
		      kt_errand_receive(&again, pair[0], 0, &error));
		check_same(&errand, &again);
	} else {
		check(errand.count == 0 && error.code != KT_ERROR_NONE);
	}
	close(pair[0]);
	close(pair[1]);
	return 0;
}

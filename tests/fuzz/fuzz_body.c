/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Fuzz target: the body of a server's answer. A body that is taken fits into a message to the
 * keeper, under names that are the courier's own. One that is refused leaves nothing.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/courier/body.h"
#include "keyring/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret body = { 0 };
	struct kt_error error = { 0 };
	bool is_taken;

	if (size > 65536)
		return 0;
	check(kt_secret_append(&body, data, size, &error));
	is_taken = kt_body_flatten(&answer, &body, false, &error);
	check(is_taken == (error.code == KT_ERROR_NONE));
	check(is_taken || answer.count == 0);
	check(answer.count <= KT_BODY_FIELDS);
	for (size_t i = 0; i < answer.count; i++) {
		const char *name = answer.fields[i].name;

		check(strchr("snbl", name[0]) && name[1] == '.');
		check(!strchr(name + 2, '.') || strncmp(name + 2, "data.", 5) == 0 ||
		      strncmp(name + 2, "detail.", 7) == 0);
	}
	return 0;
}

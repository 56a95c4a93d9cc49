/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Fuzz target: the value of a WWW-Authenticate header. What is taken of it can stand in a request
 * and in a message.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/courier/challenge.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	KT_CLEANUP(kt_challenge_clear) struct kt_challenge challenge = { 0 };
	const char *metadata;
	const char *scope;
	struct kt_error error = { 0 };

	check(kt_challenge_read(&challenge, (const char *)data, size, &error));
	metadata = challenge.resource_metadata;
	scope = challenge.scope;
	check(!metadata || kt_characters_are_visible_ascii(metadata, strlen(metadata)));
	check(!scope || (*scope && kt_characters_are_clean(scope, strlen(scope))));
	return 0;
}

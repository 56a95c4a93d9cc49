/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Fuzz target: the loopback server's HTTP request. The bytes are those of a browser. Without
 * the state nothing of it is taken, and the verdict on a whole request is not changed by bytes
 * behind it.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/courier/redirect.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_result(enum kt_redirect_verdict verdict,
                         const struct kt_redirect_result *result)
{
	const char *code = kt_secret_reveal(&result->code);

	check(kt_secret_is_empty(&result->code) == (verdict != KT_REDIRECT_CODE));
	check(kt_secret_is_empty(&result->error) == (verdict != KT_REDIRECT_DENIED));
	check(kt_characters_are_clean(code, kt_secret_length(&result->code)));
	check(verdict == KT_REDIRECT_DENIED || kt_secret_is_empty(&result->description));
}

/* A verdict against all of a request that has a state nobody can know. */
static void check_without_state(struct kt_redirect redirect, const char *bytes, size_t size)
{
	KT_CLEANUP(kt_redirect_result_clear) struct kt_redirect_result result = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret none = { 0 };
	enum kt_redirect_verdict verdict;

	redirect.state = &none;
	verdict = kt_redirect_judge(&redirect, bytes, size, &result);
	check(verdict != KT_REDIRECT_CODE && verdict != KT_REDIRECT_DENIED);
}

/* Bytes behind the blank line are not looked at. */
static void check_with_more(const struct kt_redirect *redirect, const char *bytes, size_t size,
                            enum kt_redirect_verdict verdict)
{
	KT_CLEANUP(kt_redirect_result_clear) struct kt_redirect_result result = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret longer = { 0 };
	struct kt_error error = { 0 };

	check(kt_secret_append(&longer, bytes, size, &error) &&
	      kt_secret_append_text(&longer, "GET / HTTP/1.1\r\n\r\n", &error));
	check(kt_redirect_judge(redirect, kt_secret_reveal(&longer), kt_secret_length(&longer),
	                        &result) == verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	KT_CLEANUP(kt_redirect_result_clear) struct kt_redirect_result result = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret state = { 0 };
	struct kt_redirect redirect = { .state = &state, .issuer = "https://a" };
	struct kt_error error = { 0 };
	enum kt_redirect_verdict verdict;

	check(size < 1 << 19);
	check(kt_secret_append_text(&state, "s1", &error) &&
	      kt_redirect_parse_uri(&redirect.address, "http://127.0.0.1:80/c", &error));
	verdict = kt_redirect_judge(&redirect, (const char *)data, size, &result);
	check_result(verdict, &result);
	check_without_state(redirect, (const char *)data, size);
	if (verdict != KT_REDIRECT_INCOMPLETE && verdict != KT_REDIRECT_TOO_LARGE)
		check_with_more(&redirect, (const char *)data, size, verdict);
	kt_redirect_address_clear(&redirect.address);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Fuzz target: git's request. The bytes are a request. One that is taken must be clean and in
 * its one form, and must give an answer whose lines are the encoder's own.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/protocol/protocol.h"
#include "helper/url.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_text(const char *text)
{
	check(!text || (kt_characters_are_clean(text, strlen(text)) &&
	                kt_characters_are_utf8(text, strlen(text))));
}

/* The normal form of a host is its own normal form. */
static void check_host(const struct kt_identity *pattern)
{
	KT_CLEANUP(kt_text_free) char *host = NULL;
	struct kt_error error = { 0 };

	check(pattern->protocol && pattern->protocol[0] && pattern->host && pattern->host[0]);
	check(kt_url_normal_host(&host, pattern->protocol, pattern->host,
	                         strlen(pattern->host), &error));
	check(kt_text_is_equal(host, pattern->host));
}

static void check_answer(const struct kt_request *request)
{
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };
	const char *line;
	size_t lines = 0;

	check(kt_text_set(&answer.username, "work", &error) &&
	      kt_text_set(&answer.account, "work", &error) &&
	      kt_secret_append_text(&answer.secret, "pat_ex", &error) &&
	      kt_protocol_git_answer(request, &answer, &bytes, &error));
	for (line = kt_secret_reveal(&bytes); *line; line = strchr(line, '\n') + 1)
		lines++;
	check(lines == 2u + request->can_authtype + 2u * request->can_state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
	struct kt_error error = { 0 };
	bool is_taken = kt_request_parse_git(&request, (const char *)data, size, &error);

	check(is_taken == (error.code == KT_ERROR_NONE));
	if (!is_taken)
		return 0;
	check_host(&request.pattern);
	check_text(request.pattern.path);
	check_text(request.pattern.username);
	check_text(request.authtype);
	check_text(request.state);
	check_text(request.kind);
	check(!request.has_expiry || request.expiry > 0);
	check_answer(&request);
	return 0;
}

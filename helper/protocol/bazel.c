/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/text.h"

/* Bazel uses headers up to the second that is named: it hears of the end a minute early. */
#define MARGIN 60

static bool open_question(struct kt_tool_question *question, int count, char **words,
                          struct kt_error *error)
{
	question->verb = KT_TOOL_GET;
	question->reads_input = true;
	if (count == 1 && strcmp(words[0], "get") == 0)
		return true;
	kt_fail(error, KT_ERROR_USAGE, "bazel-credential-keyturn takes one word: get");
	return kt_advise(error, "see keyturn-protocols(7) for the line of a .bazelrc");
}

static bool read_question(struct kt_tool_question *question, const struct kt_secret *input,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	const char *uri;

	if (!kt_tool_parse_json(&json, kt_secret_reveal(input), kt_secret_length(input), error))
		return false;
	uri = kt_json_text(json, "uri");
	if (!uri || !strstr(uri, "://"))
		return kt_fail(error, KT_ERROR_USAGE, "the request has no uri");
	return kt_tool_service(&question->request.pattern, "bazel", uri, strlen(uri), error);
}

static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_json_free) struct kt_json *headers = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
	char time[KT_TOOL_TIME_SIZE];

	(void)question;
	return kt_json_create(&json, error) && kt_json_create(&headers, error) &&
	       kt_tool_append_header_value(&value, answer, error) &&
	       kt_json_append_text(headers, "Authorization", kt_secret_reveal(&value), error) &&
	       kt_json_add_object(json, "headers", &headers, error) &&
	       (answer->expires == 0 ||
	        kt_json_add_text(json, "expires", kt_tool_time(time, answer->expires - MARGIN),
	                         error)) &&
	       kt_json_print(json, bytes, error) && kt_secret_append_text(bytes, "\n", error);
}

const struct kt_tool kt_tool_bazel = {
	.name = "bazel",
	.program = "bazel-credential-keyturn",
	.open = open_question,
	.read = read_question,
	.answer = write_answer,
};

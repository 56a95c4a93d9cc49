/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/json_text.h"
#include "helper/protocol/tool.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"

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

/* A JSON string of these characters is its own content (RFC 8259, 7). */
static bool is_plain(const char *bytes, size_t length)
{
	return kt_characters_are_visible_ascii(bytes, length) && !memchr(bytes, '"', length) &&
	       !memchr(bytes, '\\', length);
}

/*
 * Bazel's own writing, which the door can read as well: {"uri":"https://..."} byte for byte.
 * Another one is JSON.
 */
static bool read_question(struct kt_tool_question *question, const struct kt_secret *input,
                          struct kt_error *error)
{
	static const char head[] = "{\"uri\":\"https://";
	static const char tail[] = "\"}";
	const size_t key = strlen("{\"uri\":\"");
	const char *bytes = kt_secret_reveal(input);
	size_t length = kt_secret_length(input);

	length -= length > 0 && bytes[length - 1] == '\n';
	question->is_json = length < sizeof(head) + sizeof(tail) ||
	                    memcmp(bytes, head, sizeof(head) - 1) != 0 ||
	                    memcmp(bytes + length - 2, tail, 2) != 0 ||
	                    !is_plain(bytes + key, length - key - 2);
	return question->is_json || kt_tool_service(&question->request.pattern, "bazel", bytes + key,
	                                            length - key - 2, error);
}

static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };

	(void)question;
	return kt_tool_append_header_value(&value, answer, error) &&
	       kt_secret_append_text(bytes, "{\"headers\":{\"Authorization\":[\"", error) &&
	       kt_json_text_escape(bytes, kt_secret_reveal(&value), kt_secret_length(&value), error) &&
	       kt_secret_append_text(bytes, "\"]}", error) &&
	       (answer->expires == 0 ||
	        kt_json_text_add_time(bytes, "expires", answer->expires - MARGIN, error)) &&
	       kt_secret_append_text(bytes, "}\n", error);
}

const struct kt_tool kt_tool_bazel = {
	.name = "bazel",
	.program = "bazel-credential-keyturn",
	.seconds = 10,
	.open = open_question,
	.read = read_question,
	.answer = write_answer,
};

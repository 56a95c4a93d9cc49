/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/json_text.h"
#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* client-go's exec credential plugin: the request is a variable, because stdin is a person's. */
static bool open_question(struct kt_tool_question *question, int count, char **words,
                          struct kt_error *error)
{
	question->reads_input = true;
	return kt_tool_open_account(question, count, words, error);
}

/*
 * client-go's own writing where no cluster is named, which the door can read as well: these texts
 * byte for byte. Another one is JSON.
 */
static bool read_question(struct kt_tool_question *question, const struct kt_secret *input,
                          struct kt_error *error)
{
	static const char *const versions[] = {
		"client.authentication.k8s.io/v1",
		"client.authentication.k8s.io/v1beta1",
	};
	static const char *const ends[] = {
		"\",\"spec\":{\"interactive\":false}}\n",
		"\",\"spec\":{\"interactive\":true}}\n",
	};
	static const char head[] = "{\"kind\":\"ExecCredential\",\"apiVersion\":\"";
	const char *text = kt_secret_reveal(input);

	question->is_json = !kt_text_has_prefix(text, head);
	if (question->is_json)
		return true;
	text += sizeof(head) - 1;
	for (size_t i = 0; i < KT_COUNT(versions); i++) {
		size_t length = strlen(versions[i]);

		for (size_t j = 0; j < KT_COUNT(ends); j++)
			if (strncmp(text, versions[i], length) == 0 && strcmp(text + length, ends[j]) == 0)
				return kt_text_set(&question->name, versions[i], error);
	}
	question->is_json = true;
	return true;
}

static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	return kt_tool_check_token(answer, error) && kt_json_text_open(bytes, NULL, error) &&
	       kt_json_text_add(bytes, "apiVersion", question->name, error) &&
	       kt_json_text_add(bytes, "kind", "ExecCredential", error) &&
	       kt_json_text_open(bytes, "status", error) &&
	       kt_json_text_add_secret(bytes, "token", &answer->secret, error) &&
	       (answer->expires == 0 ||
	        kt_json_text_add_time(bytes, "expirationTimestamp", answer->expires, error)) &&
	       kt_secret_append_text(bytes, "}}\n", error);
}

const struct kt_tool kt_tool_kubernetes = {
	.name = "kubernetes",
	.variable = "KUBERNETES_EXEC_INFO",
	.open = open_question,
	.read = read_question,
	.answer = write_answer,
};

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/json_text.h"
#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* The user name of the tokens that terraform login brings. */
#define NAME "terraform"

/*
 * Terraform's and OpenTofu's credentials helper: "get", "store" or "forget" and a host. Arguments
 * of the configuration would stand before them.
 */
static bool open_question(struct kt_tool_question *question, int count, char **words,
                          struct kt_error *error)
{
	static const struct {
		const char *word;
		enum kt_tool_verb verb;
		bool reads_input;
	} verbs[] = {
		{ "get", KT_TOOL_GET, false },
		{ "store", KT_TOOL_STORE, true },
		{ "forget", KT_TOOL_ERASE, false },
	};
	struct kt_identity *pattern = &question->request.pattern;

	for (size_t i = 0; i < KT_COUNT(verbs) && count == 2; i++) {
		if (strcmp(words[0], verbs[i].word) != 0)
			continue;
		question->verb = verbs[i].verb;
		question->reads_input = verbs[i].reads_input;
		if (strchr(words[1], '/'))
			return kt_fail(error, KT_ERROR_USAGE, "the host is not a host name");
		question->request.tool = NAME;
		return kt_tool_service(pattern, "terraform", words[1], strlen(words[1]), error) &&
		       (question->verb == KT_TOOL_GET ||
		        (kt_text_set(&pattern->path, "", error) &&
		         kt_text_set(&pattern->username, NAME, error)));
	}
	kt_fail(error, KT_ERROR_USAGE,
	        "terraform-credentials-keyturn takes get, store or forget, and a host");
	return kt_advise(error, "leave args out of the block credentials_helper \"keyturn\"");
}

static bool read_question(struct kt_tool_question *question, const struct kt_secret *input,
                          struct kt_error *error)
{
	(void)input;
	(void)error;
	question->is_json = true;
	return true;
}

static bool write_none(const struct kt_tool_question *question, struct kt_secret *bytes,
                       struct kt_error *error)
{
	(void)question;
	return kt_secret_append_text(bytes, "{}\n", error);
}

/* A password of git's is no token of this service. */
static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	if (!answer->is_token && !kt_text_is_equal(answer->account, NAME))
		return write_none(question, bytes, error);
	return kt_json_text_open(bytes, NULL, error) &&
	       kt_json_text_add_secret(bytes, "token", &answer->secret, error) &&
	       kt_secret_append_text(bytes, "}\n", error);
}

const struct kt_tool kt_tool_terraform = {
	.name = "terraform",
	.program = "terraform-credentials-keyturn",
	.open = open_question,
	.read = read_question,
	.answer = write_answer,
	.none = write_none,
};

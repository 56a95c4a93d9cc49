/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* The initial response of a SASL mechanism, in base64, as mail programs send it. */
static bool open_question(struct kt_tool_question *question, int count, char **words,
                          struct kt_error *error)
{
	if (count < 1 || (strcmp(words[0], "xoauth2") != 0 && strcmp(words[0], "oauthbearer") != 0))
		return kt_fail(error, KT_ERROR_USAGE, "sasl takes xoauth2 or oauthbearer first");
	return kt_text_set(&question->name, words[0], error) &&
	       kt_tool_open_account(question, count - 1, words + 1, error);
}

/*
 * RFC 7628, 3.1, and the older XOAUTH2 of mail providers. RFC 5801, 4 writes "," and "=" of a user
 * name otherwise; no mailbox has them.
 */
static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret response = { 0 };
	const char *username = kt_tool_username(answer);
	bool is_xoauth2 = strcmp(question->name, "xoauth2") == 0;

	if (!kt_tool_check_token(answer, error))
		return false;
	if (!is_xoauth2 && strpbrk(username, ",="))
		return kt_fail(error, KT_ERROR_USAGE,
		               "the user name holds a character that OAUTHBEARER writes otherwise");
	return kt_secret_append_text(&response, is_xoauth2 ? "user=" : "n,a=", error) &&
	       kt_secret_append_text(&response, username, error) &&
	       kt_secret_append_text(&response, is_xoauth2 ? "\1" : ",\1", error) &&
	       kt_secret_append_text(&response, "auth=Bearer ", error) &&
	       kt_secret_append(&response, kt_secret_reveal(&answer->secret),
	                        kt_secret_length(&answer->secret), error) &&
	       kt_secret_append_text(&response, "\1\1", error) &&
	       kt_text_append_base64(bytes, kt_secret_reveal(&response),
	                             kt_secret_length(&response), error) &&
	       kt_secret_append_text(bytes, "\n", error);
}

const struct kt_tool kt_tool_sasl = {
	.name = "sasl",
	.open = open_question,
	.answer = write_answer,
};

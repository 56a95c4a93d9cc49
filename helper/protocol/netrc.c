/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/tool.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* netrc(5) of one server, for a pipe: curl --netrc-file <(keyturn netrc URL). */
static bool open_question(struct kt_tool_question *question, int count, char **words,
                          struct kt_error *error)
{
	question->verb = KT_TOOL_GET;
	question->request.tool = "netrc";
	question->request.is_of_host = true;
	if (count != 1 || words[0][0] == '-')
		return kt_fail(error, KT_ERROR_USAGE, "netrc takes one word, a host or a URL");
	return kt_tool_service(&question->request.pattern, "netrc", words[0], strlen(words[0]),
	                       error);
}

/* A word in quotes is read by curl 7.84 and later; one that needs none by everything. */
static bool add_word(struct kt_secret *bytes, const char *name, const char *word,
                     struct kt_error *error)
{
	if (!kt_characters_are_visible_ascii(word, strlen(word)) || strpbrk(word, "\"\\#"))
		return kt_fail(error, KT_ERROR_USAGE,
		               "the %s holds a character that not every reader of a netrc takes", name);
	return kt_secret_append_text(bytes, name, error) &&
	       kt_secret_append_text(bytes, " ", error) &&
	       kt_secret_append_text(bytes, word, error);
}

/* A netrc knows no port: the line is for whoever reads it now, and asks this server. */
static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *host = NULL;
	const char *asked = question->request.pattern.host;

	if (asked[0] == '[')
		return kt_fail(error, KT_ERROR_USAGE, "a netrc names no IPv6 address");
	return kt_text_set_bytes(&host, asked, strcspn(asked, ":"), error) &&
	       add_word(bytes, "machine", host, error) &&
	       kt_secret_append_text(bytes, "\n", error) &&
	       add_word(bytes, "login", kt_tool_username(answer), error) &&
	       kt_secret_append_text(bytes, "\n", error) &&
	       add_word(bytes, "password", kt_secret_reveal(&answer->secret), error) &&
	       kt_secret_append_text(bytes, "\n", error);
}

const struct kt_tool kt_tool_netrc = {
	.name = "netrc",
	.open = open_question,
	.answer = write_answer,
};

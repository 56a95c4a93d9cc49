/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * go's GOAUTH command ("go help goauth"). It is run once without a URL, and with one as its last
 * word after a response that refused; the response on stdin is not looked at.
 */
static bool open_question(struct kt_tool_question *question, int count, char **words,
                          struct kt_error *error)
{
	static const char scheme[] = "https://";
	const char *url = count > 0 ? words[count - 1] : NULL;

	question->verb = KT_TOOL_SAY;
	if (url && strstr(url, "://")) {
		count--;
		/* go sends credentials over TLS alone. */
		if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
			return true;
		question->verb = KT_TOOL_GET;
		question->request.tool = "goauth";
		question->request.is_of_host = true;
		if (!kt_tool_service(&question->request.pattern, "goauth", url, strlen(url), error))
			return false;
	}
	return count == 0 || kt_tool_open_account(question, count, words, error);
}

/* One set: the URL without a path, which all versions of go match, and its header. */
static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity service = { 0 };
	const char *asked = question->request.pattern.host;
	const char *url = kt_text_or_empty(answer->service);

	if (!kt_tool_service(&service, "goauth", url, strlen(url), error))
		return false;
	/* The account that was named is of another server, or of one without TLS. */
	if ((asked && strcmp(asked, service.host) != 0) || strcmp(service.protocol, "https") != 0)
		return true;
	return kt_secret_append_text(bytes, "https://", error) &&
	       kt_secret_append_text(bytes, service.host, error) &&
	       kt_secret_append_text(bytes, "\n\nAuthorization: ", error) &&
	       kt_tool_append_header_value(bytes, answer, error) &&
	       kt_secret_append_text(bytes, "\n\n", error);
}

static bool write_none(const struct kt_tool_question *question, struct kt_secret *bytes,
                       struct kt_error *error)
{
	(void)question;
	(void)bytes;
	(void)error;
	return true;
}

const struct kt_tool kt_tool_goauth = {
	.name = "goauth",
	.open = open_question,
	.answer = write_answer,
	.none = write_none,
};

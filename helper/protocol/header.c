/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/protocol/protocol.h"

/* A header line of curl -H @- ends where the token says, so the token is checked first. */
bool kt_protocol_header_answer(const struct kt_request *request, const struct kt_answer *answer,
                               struct kt_secret *bytes, struct kt_error *error)
{
	size_t before = kt_secret_length(bytes);

	if (kt_secret_append_text(bytes, "Authorization: Bearer ", error) &&
	    kt_protocol_token_answer(request, answer, bytes, error))
		return true;
	kt_secret_truncate(bytes, before);
	return false;
}

/* JSON escapes two of the characters that a token may have (RFC 8259, 7). */
static bool append_text(struct kt_secret *bytes, const struct kt_secret *token,
                        struct kt_error *error)
{
	const char *text = kt_secret_reveal(token);

	for (size_t i = 0; i < kt_secret_length(token); i++)
		if (((text[i] == '"' || text[i] == '\\') &&
		     !kt_secret_append(bytes, "\\", 1, error)) ||
		    !kt_secret_append(bytes, text + i, 1, error))
			return false;
	return true;
}

bool kt_protocol_header_answer_json(const struct kt_request *request,
                                    const struct kt_answer *answer, struct kt_secret *bytes,
                                    struct kt_error *error)
{
	size_t before = kt_secret_length(bytes);

	(void)request;
	if (!kt_answer_is_token(&answer->secret))
		return kt_fail(error, KT_ERROR_INTERNAL,
		               "the token holds a character that no header may hold");
	if (kt_secret_append_text(bytes, "{\"Authorization\":\"Bearer ", error) &&
	    append_text(bytes, &answer->secret, error) &&
	    kt_secret_append_text(bytes, "\"}\n", error))
		return true;
	kt_secret_truncate(bytes, before);
	return false;
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/protocol/json_text.h"
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
	    kt_json_text_escape(bytes, kt_secret_reveal(&answer->secret),
	                        kt_secret_length(&answer->secret), error) &&
	    kt_secret_append_text(bytes, "\"}\n", error))
		return true;
	kt_secret_truncate(bytes, before);
	return false;
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/protocol/protocol.h"

bool kt_protocol_token_answer(const struct kt_request *request, const struct kt_answer *answer,
                              struct kt_secret *bytes, struct kt_error *error)
{
	const struct kt_secret *token = &answer->secret;

	(void)request;
	if (!kt_answer_is_token(token))
		return kt_fail(error, KT_ERROR_INTERNAL,
		               "the token holds a character that no header may hold");
	return kt_secret_append(bytes, kt_secret_reveal(token), kt_secret_length(token), error) &&
	       kt_secret_append(bytes, "\n", 1, error);
}

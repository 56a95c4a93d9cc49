/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/protocol/json_text.h"
#include "helper/protocol/tool.h"

/*
 * AWS's credential_process, version 1: one compact object, because an early SDK reads 1 KiB. The
 * account's user name is the key id and its token the secret, as services that speak AWS's
 * signature take them. An SDK runs the command again before Expiration.
 */
static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	(void)question;
	return kt_json_text_open(bytes, NULL, error) &&
	       kt_json_text_add_number(bytes, "Version", 1, error) &&
	       kt_json_text_add(bytes, "AccessKeyId", kt_tool_username(answer), error) &&
	       kt_json_text_add_secret(bytes, "SecretAccessKey", &answer->secret, error) &&
	       (answer->expires == 0 ||
	        kt_json_text_add_time(bytes, "Expiration", answer->expires, error)) &&
	       kt_secret_append_text(bytes, "}\n", error);
}

const struct kt_tool kt_tool_aws = {
	.name = "aws",
	.open = kt_tool_open_account,
	.answer = write_answer,
};

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/text.h"

/*
 * AWS's credential_process, version 1: one compact object, because an early SDK reads 1 KiB. The
 * account's user name is the key id and its token the secret, as services that speak AWS's
 * signature take them. An SDK runs the command again before Expiration.
 */
static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	const char *username = kt_text_or_empty(answer->username);
	char time[KT_TOOL_TIME_SIZE];

	(void)question;
	return kt_json_create(&json, error) && kt_json_add_number(json, "Version", 1, error) &&
	       kt_json_add_text(json, "AccessKeyId", *username ? username : answer->account, error) &&
	       kt_json_add_text(json, "SecretAccessKey", kt_secret_reveal(&answer->secret), error) &&
	       (answer->expires == 0 ||
	        kt_json_add_text(json, "Expiration", kt_tool_time(time, answer->expires), error)) &&
	       kt_json_print(json, bytes, error) && kt_secret_append_text(bytes, "\n", error);
}

const struct kt_tool kt_tool_aws = {
	.name = "aws",
	.open = kt_tool_open_account,
	.answer = write_answer,
};

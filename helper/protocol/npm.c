/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/protocol/tool.h"

/* pnpm's tokenHelper: the value of the header. Version 10 sends it as it is. */
static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	(void)question;
	return kt_tool_check_token(answer, error) &&
	       kt_tool_append_header_value(bytes, answer, error) &&
	       kt_secret_append_text(bytes, "\n", error);
}

const struct kt_tool kt_tool_npm = {
	.name = "npm",
	.open = kt_tool_open_account,
	.answer = write_answer,
};

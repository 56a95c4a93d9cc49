/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/command/command.h"
#include "helper/protocol/protocol.h"
#include "keyring/cleanup.h"

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };

	(void)keeper;
	(void)argc;
	(void)argv;
	return kt_protocol_git_capabilities(&output, error) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

const struct kt_command kt_command_capability = {
	.name = "capability",
	.synopsis = "",
	.summary = "tell git which parts of its protocol are spoken",
	.details = "",
	.run = run,
};

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/token_lookup.h"
#include "helper/protocol/protocol.h"
#include "keyring/cleanup.h"

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	struct kt_token_lookup lookup = { 0 };
	const struct kt_option options[] = {
		KT_TOKEN_LOOKUP_OPTIONS(&lookup),
		KT_OPTION_JSON(keeper),
	};

	return kt_command_read_account(options, KT_COUNT(options), argc, argv, &lookup.account,
	                               error) &&
	       kt_token_lookup_answer(keeper, &lookup, &credential, &answer, error) &&
	       (keeper->wants_json
	        ? kt_protocol_header_answer_json(NULL, &answer, &output, error)
	        : kt_protocol_header_answer(NULL, &answer, &output, error)) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

const struct kt_command kt_command_header = {
	.name = "header",
	.synopsis = "[ACCOUNT] [--min-valid SECONDS] [--json] [--session-name NAME] "
	            "[--duration SECONDS] "
	            "[--scope-file FILE] [--from-env | --env-file FILE | --config FILE] "
	            "[--kind KIND]",
	.summary = "print the Authorization header, for curl -H @-",
	.details = "The line goes to curl by its standard input: keyturn header | curl -H @- URL\n"
	           "--json  an object of headers, for programs that take them from a command:\n"
	           "        {\"Authorization\":\"Bearer ...\"}\n",
	.run = run,
};

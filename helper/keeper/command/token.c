/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/token_lookup.h"
#include "helper/protocol/protocol.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"

static bool add_time(struct kt_json *json, const char *name, int64_t time,
                     struct kt_error *error)
{
	return time ? kt_json_add_number(json, name, time, error)
	            : kt_json_add_null(json, name, error);
}

static bool print_json(const struct kt_credential *credential, const struct kt_answer *answer,
                       struct kt_secret *output, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	int64_t expires = answer->expires ? answer->expires : credential->expires;

	return kt_json_create(&json, error) && kt_json_add_number(json, "version", 1, error) &&
	       kt_json_add_text(json, "account", answer->account, error) &&
	       (answer->service ? kt_json_add_text(json, "service", answer->service, error)
	                        : kt_json_add_null(json, "service", error)) &&
	       kt_json_add_text(json, "kind", answer->kind, error) &&
	       kt_json_add_text(json, "access_token", kt_secret_reveal(&answer->secret), error) &&
	       kt_json_add_text(json, "token_type", "Bearer", error) &&
	       add_time(json, "expires_at", expires, error) &&
	       add_time(json, "obtained_at", answer->obtained, error) &&
	       kt_json_print(json, output, error) && kt_secret_append_text(output, "\n", error);
}

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

	if (!kt_command_read_account(options, KT_COUNT(options), argc, argv, &lookup.account,
	                             error) ||
	    !kt_token_lookup_answer(keeper, &lookup, &credential, &answer, error))
		return false;
	return (keeper->wants_json ? print_json(&credential, &answer, &output, error)
	                           : kt_protocol_token_answer(NULL, &answer, &output, error)) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

const struct kt_command kt_command_token = {
	.name = "token",
	.synopsis = "[ACCOUNT] [--min-valid SECONDS] [--json] [--session-name NAME] "
	            "[--duration SECONDS] "
	            "[--scope-file FILE] [--from-env | --env-file FILE | --config FILE] "
	            "[--kind KIND]",
	.summary = "print the access token and a newline, nothing else",
	.details = "--min-valid SECONDS  it must be good for that long; renewed first if it is not\n"
	           "--json               with account, service, kind and times\n"
	           "--session-name NAME, --duration SECONDS, --scope-file FILE\n"
	           "                     of a service app: each combination has its own token\n"
	           "--from-env           take COZE_API_TOKEN, or a service app's COZE_JWT_OAUTH_...,\n"
	           "                     and COZE_API_BASE; touch no keyring\n"
	           "--env-file FILE      the same from a file of NAME=VALUE lines\n"
	           "--config FILE        the same from coze_oauth_config.json\n"
	           "--kind KIND          which of several apps that are described there\n",
	.run = run,
};

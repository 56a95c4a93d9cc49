/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/cache_key.h"
#include "helper/door/call.h"
#include "helper/door/hot.h"
#include "helper/door/tool.h"
#include "helper/protocol/protocol.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * A request that cannot be read whole is refused here: the keeper would take its first half for
 * a whole one.
 */
static bool read_request(const struct kt_call *call, struct kt_request *request,
                         struct kt_error *error)
{
	struct kt_error ignored = { 0 };

	return call->count == 2 && kt_request_read_git(call->input, STDIN_FILENO, error) &&
	       kt_request_parse_git(request, kt_secret_reveal(call->input),
	                            kt_secret_length(call->input), &ignored);
}

static bool answer_request(const struct kt_call *call, const struct kt_protocol *protocol,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
	KT_CLEANUP(kt_call_found_clear) struct kt_call_found found = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error ignored = { 0 };
	struct kt_cache_key key;

	if (!read_request(call, &request, error))
		return false;
	if (request.is_foreign)
		return true;
	key = kt_cache_key_of_get(&request, call->account);
	if (!kt_call_find(call, &key, 0, &found))
		return false;
	if (found.is_none)
		return true;
	if (!protocol->answer(&request, &found.answer, &bytes, &ignored) ||
	    !kt_call_send(&bytes, error))
		return false;
	kt_call_renew_ahead(call, &found);
	return true;
}

/* True if the request repeats our own answer, as git does, and a program added nothing to it. */
static bool is_same(const struct kt_request *request, const struct kt_answer *answer)
{
	const struct kt_secret *secret = request->authtype ? &request->credential
	                                                   : &request->password;

	return !request->kind && !request->client_id && !request->token_endpoint &&
	       !request->session_name && kt_secret_is_empty(&request->client_secret) &&
	       kt_secret_is_empty(&request->oauth_refresh_token) &&
	       (!request->has_expiry || request->expiry == answer->expires) &&
	       (request->authtype || kt_text_is_equal(request->pattern.username, answer->username)) &&
	       !kt_secret_is_empty(secret) && kt_secret_is_equal(secret, &answer->secret);
}

/*
 * git sends a store after every use of an answer. A store of our own answer changes nothing,
 * and an ephemeral one is never kept.
 */
static bool answer_store(const struct kt_call *call, struct kt_error *error)
{
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
	struct kt_cache_key key;

	if (!read_request(call, &request, error))
		return false;
	if (request.is_ephemeral || request.is_foreign)
		return true;
	key = kt_cache_key_of_get(&request, call->account);
	for (int with_username = 1; with_username >= 0; with_username--) {
		KT_CLEANUP(kt_call_found_clear) struct kt_call_found found = { 0 };

		if (!with_username)
			key.username = NULL;
		if (kt_call_find(call, &key, 0, &found) && !found.is_none &&
		    is_same(&request, &found.answer))
			return true;
	}
	return false;
}

/* [ACCOUNT] [--min-valid SECONDS] [--json] in any order, and nothing else. */
static bool read_token_arguments(const struct kt_call *call, const char **account, int64_t *valid,
                                 const char **json)
{
	static const char option[] = "--min-valid";

	for (int i = 2; i < call->count; i++) {
		const char *argument = call->arguments[i];
		const char *value = NULL;

		if (strcmp(argument, option) == 0)
			value = call->arguments[++i];
		else if (kt_text_has_prefix(argument, option) && argument[sizeof(option) - 1] == '=')
			value = argument + sizeof(option);
		else if (strcmp(argument, "--json") == 0)
			*json = argument;
		else if (argument[0] == '-' || argument[0] == '\0' || *account)
			return false;
		else
			*account = argument;
		if (value && !kt_text_to_number(value, strlen(value), 0, INT32_MAX, valid))
			return false;
		if (i >= call->count)
			return false;
	}
	return true;
}

static bool answer_account(const struct kt_call *call, struct kt_error *error)
{
	const struct kt_protocol *protocol;
	KT_CLEANUP(kt_call_found_clear) struct kt_call_found found = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error ignored = { 0 };
	struct kt_cache_key key;
	const char *account = NULL;
	const char *json = NULL;
	int64_t valid = 0;

	if (!read_token_arguments(call, &account, &valid, &json))
		return false;
	protocol = kt_protocol_of_verb(call->arguments[1], json);
	if (!protocol)
		return false;
	key = kt_cache_key_of_token(account, call->account);
	if (!kt_call_find(call, &key, valid, &found) || found.is_none || !found.answer.is_token ||
	    !protocol->answer(NULL, &found.answer, &bytes, &ignored) || !kt_call_send(&bytes, error))
		return false;
	kt_call_renew_ahead(call, &found);
	return true;
}

bool kt_hot_answer(int count, char **arguments, char *const environment[],
                   struct kt_secret *input, struct kt_error *error)
{
	struct kt_call call = {
		.count = count, .arguments = arguments, .environment = environment, .input = input,
	};
	const struct kt_tool *tool;
	const struct kt_protocol *protocol;

	/* Only the keeper writes a trace. */
	if (count < 2 || kt_call_variable(environment, "KEYTURN_TRACE"))
		return false;
	kt_cache_open(&call.cache, environment);
	if (call.cache.seconds == 0)
		return false;
	call.account = kt_call_variable(environment, "KEYTURN_ACCOUNT");
	tool = kt_tool_of_program(arguments[0]);
	if (tool)
		return kt_door_tool_answer(&call, tool, count - 1, arguments + 1, error);
	if (strcmp(arguments[1], "store") == 0)
		return answer_store(&call, error);
	protocol = kt_protocol_of_verb(arguments[1], NULL);
	if (protocol)
		return protocol->reads_request ? answer_request(&call, protocol, error)
		                               : answer_account(&call, error);
	tool = kt_tool_of_name(arguments[1]);
	return tool && kt_door_tool_answer(&call, tool, count - 2, arguments + 2, error);
}

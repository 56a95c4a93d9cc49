/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/cache_key.h"
#include "helper/door/tool.h"
#include "keyring/cleanup.h"

/*
 * Tells a failure where this tool reads it. The error then has no words left, and the code of exit
 * status 1.
 */
static bool tell(const struct kt_tool *tool, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error unsaid = { 0 };

	if (error->message[0] == '\0')
		return false;
	if (!tool->fails_on_stdout)
		return kt_advise(error, "see keyturn-protocols(7)");
	if (kt_tool_append_failure(&bytes, error, &unsaid) &&
	    kt_call_send(&bytes, &unsaid))
		*error = (struct kt_error){ .code = KT_ERROR_NOT_FOUND };
	return false;
}

/*
 * Reads and parses what does not stand in the words. False without an error: the keeper's. A
 * request that cannot be read whole is refused here: the keeper would take its first half for a
 * whole one.
 */
static bool read_question(const struct kt_call *call, const struct kt_tool *tool,
                          struct kt_tool_question *question, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret variable = { 0 };
	const struct kt_secret *input = tool->variable ? &variable : call->input;
	const char *text = NULL;
	struct kt_error ignored = { 0 };

	if (!question->reads_input)
		return true;
	if (tool->variable)
		text = kt_call_variable(call->environment, tool->variable);
	if (tool->variable && (!text || !kt_secret_append_text(&variable, text, &ignored)))
		return false;
	if (!tool->variable &&
	    !kt_secret_read(call->input, STDIN_FILENO, KT_TOOL_INPUT_MAXIMUM, error))
		return tell(tool, error);
	return tool->read(question, input, &ignored) && !question->is_json;
}

/* Nothing is stored, as the cache knows: the tool's own word for that, where it has one. */
static bool answer_none(const struct kt_tool *tool, const struct kt_tool_question *question,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };

	if (!tool->none)
		return false;
	if (!tool->none(question, &bytes, error))
		return tell(tool, error);
	return kt_secret_is_empty(&bytes) || kt_call_send(&bytes, error);
}

/* An answer for the whole host comes first: there is no other of its paths then. */
static bool find_service(const struct kt_call *call, const struct kt_request *request,
                         struct kt_call_found *found)
{
	struct kt_cache_key key;

	if (kt_cache_key_of_host(request, call->account, &key) && kt_call_find(call, &key, 0, found))
		return true;
	key = kt_cache_key_of_get(request, call->account);
	return kt_call_find(call, &key, 0, found);
}

static bool find_account(const struct kt_call *call, const char *account,
                         struct kt_call_found *found)
{
	const struct kt_cache_key key = kt_cache_key_of_token(account, call->account);

	return kt_call_find(call, &key, 0, found);
}

static bool answer_question(const struct kt_call *call, const struct kt_tool *tool,
                            const struct kt_tool_question *question, struct kt_error *error)
{
	KT_CLEANUP(kt_call_found_clear) struct kt_call_found found = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	bool is_account = question->verb == KT_TOOL_TOKEN;
	struct kt_error ignored = { 0 };

	if (is_account ? !find_account(call, question->account, &found)
	               : !find_service(call, &question->request, &found))
		return false;
	if (found.is_none)
		return !is_account && answer_none(tool, question, error);
	if ((is_account && !found.answer.is_token) ||
	    !tool->answer(question, &found.answer, &bytes, &ignored))
		return false;
	if (!kt_secret_is_empty(&bytes) && !kt_call_send(&bytes, error))
		return false;
	kt_call_renew_ahead(call, &found);
	return true;
}

bool kt_door_tool_answer(const struct kt_call *call, const struct kt_tool *tool, int count,
                         char **words, struct kt_error *error)
{
	KT_CLEANUP(kt_tool_question_clear) struct kt_tool_question question = { 0 };
	struct kt_error ignored = { 0 };

	/* Among the options of a command, which are the keeper's, is --help. */
	for (int i = 0; i < count && !tool->program; i++)
		if (words[i][0] == '-')
			return false;
	if (!tool->open(&question, count, words, &ignored))
		return false;
	switch (question.verb) {
	case KT_TOOL_SAY:
		return kt_secret_is_empty(&question.said) || kt_call_send(&question.said, error);
	case KT_TOOL_GET:
	case KT_TOOL_TOKEN:
		return read_question(call, tool, &question, error) &&
		       answer_question(call, tool, &question, error);
	case KT_TOOL_STORE:
	case KT_TOOL_ERASE:
	case KT_TOOL_LIST:
		break;
	}
	return false;
}

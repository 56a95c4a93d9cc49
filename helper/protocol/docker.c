/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/text.h"

/*
 * Docker's credential helpers: one word, and the server on stdin. Failures are texts on stdout, of
 * which Docker knows these.
 */
#define NOT_FOUND "credentials not found in native keychain"
#define NO_SERVER "no credentials server URL"
#define NO_USERNAME "no credentials username"

static bool open_question(struct kt_tool_question *question, int count, char **words,
                          struct kt_error *error)
{
	static const struct {
		const char *word;
		enum kt_tool_verb verb;
		bool reads_input;
	} verbs[] = {
		{ "get", KT_TOOL_GET, true },     { "store", KT_TOOL_STORE, true },
		{ "erase", KT_TOOL_ERASE, true }, { "list", KT_TOOL_LIST, false },
		{ "version", KT_TOOL_SAY, false },
	};

	for (size_t i = 0; i < KT_COUNT(verbs) && count == 1; i++) {
		if (strcmp(words[0], verbs[i].word) != 0)
			continue;
		question->verb = verbs[i].verb;
		question->reads_input = verbs[i].reads_input;
		return question->verb != KT_TOOL_SAY ||
		       kt_secret_append_text(&question->said,
		                             "docker-credential-keyturn (keyturn) "
		                             PACKAGE_VERSION "\n", error);
	}
	return kt_fail(error, KT_ERROR_USAGE,
	               "docker-credential-keyturn takes one word: get, store, erase, list, version");
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* A store keeps, and a logout drops, exactly the path that was named. */
static bool read_server(struct kt_tool_question *question, const char *bytes, size_t size,
                        struct kt_error *error)
{
	struct kt_identity *pattern = &question->request.pattern;

	while (size > 0 && is_blank(bytes[size - 1]))
		size--;
	while (size > 0 && is_blank(bytes[0])) {
		bytes++;
		size--;
	}
	if (size == 0)
		return kt_fail(error, KT_ERROR_USAGE, NO_SERVER);
	if (!kt_tool_service(pattern, "docker", bytes, size, error) ||
	    !kt_text_set_bytes(&question->name, bytes, size, error))
		return false;
	question->request.tool = "docker";
	return question->verb == KT_TOOL_GET || pattern->path ||
	       kt_text_set(&pattern->path, "", error);
}

static bool read_login(struct kt_tool_question *question, const struct kt_secret *input,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	struct kt_request *request = &question->request;
	const char *server;
	const char *username;
	const char *secret;

	if (!kt_tool_parse_json(&json, kt_secret_reveal(input), kt_secret_length(input), error))
		return false;
	server = kt_text_or_empty(kt_json_text(json, "ServerURL"));
	username = kt_text_or_empty(kt_json_text(json, "Username"));
	secret = kt_json_text(json, "Secret");
	if (!read_server(question, server, strlen(server), error))
		return false;
	if (*username == '\0')
		return kt_fail(error, KT_ERROR_USAGE, NO_USERNAME);
	if (!secret || *secret == '\0')
		return kt_fail(error, KT_ERROR_USAGE, "the login to store has no Secret");
	request->has_password = true;
	return kt_text_set(&request->pattern.username, username, error) &&
	       kt_secret_append_text(&request->password, secret, error);
}

static bool read_question(struct kt_tool_question *question, const struct kt_secret *input,
                          struct kt_error *error)
{
	return question->verb == KT_TOOL_STORE
		? read_login(question, input, error)
		: read_server(question, kt_secret_reveal(input), kt_secret_length(input), error);
}

static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	const char *username = kt_text_or_empty(answer->username);

	return kt_json_create(&json, error) &&
	       kt_json_add_text(json, "ServerURL", question->name, error) &&
	       kt_json_add_text(json, "Username", *username ? username : answer->account, error) &&
	       kt_json_add_text(json, "Secret", kt_secret_reveal(&answer->secret), error) &&
	       kt_json_print(json, bytes, error) && kt_secret_append_text(bytes, "\n", error);
}

static bool write_none(const struct kt_tool_question *question, struct kt_secret *bytes,
                       struct kt_error *error)
{
	(void)question;
	(void)bytes;
	return kt_fail(error, KT_ERROR_NOT_FOUND, NOT_FOUND);
}

const struct kt_tool kt_tool_docker = {
	.name = "docker",
	.program = "docker-credential-keyturn",
	.fails_on_stdout = true,
	.open = open_question,
	.read = read_question,
	.answer = write_answer,
	.none = write_none,
};

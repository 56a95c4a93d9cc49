/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/json_text.h"
#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * Docker's credential helpers: one word, and the server on stdin. Failures are texts on stdout, of
 * which Docker knows these.
 */
#define NOT_FOUND "credentials not found in native keychain"
#define NO_SERVER "no credentials server URL"

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
bool kt_tool_docker_server(struct kt_tool_question *question, const char *bytes, size_t size,
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

static bool read_question(struct kt_tool_question *question, const struct kt_secret *input,
                          struct kt_error *error)
{
	question->is_json = question->verb == KT_TOOL_STORE;
	return question->is_json ||
	       kt_tool_docker_server(question, kt_secret_reveal(input), kt_secret_length(input), error);
}

static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	return kt_json_text_open(bytes, NULL, error) &&
	       kt_json_text_add(bytes, "ServerURL", question->name, error) &&
	       kt_json_text_add(bytes, "Username", kt_tool_username(answer), error) &&
	       kt_json_text_add_secret(bytes, "Secret", &answer->secret, error) &&
	       kt_secret_append_text(bytes, "}\n", error);
}

static bool write_none(const struct kt_tool_question *question, struct kt_secret *bytes,
                       struct kt_error *error)
{
	(void)question;
	(void)bytes;
	return kt_fail(error, KT_ERROR_NOT_FOUND, NOT_FOUND);
}

/* A builder looks the hub up by this word alone, another server by its host (docker-login(1)). */
static bool name_server(const struct kt_identity *service, char **name, struct kt_error *error)
{
	if (strcmp(service->host, "index.docker.io") != 0 || service->path[0] != '\0')
		return true;
	return kt_text_set(name, "https://index.docker.io/v1/", error);
}

const struct kt_tool kt_tool_docker = {
	.name = "docker",
	.program = "docker-credential-keyturn",
	.fails_on_stdout = true,
	.open = open_question,
	.read = read_question,
	.answer = write_answer,
	.none = write_none,
	.name_service = name_server,
};

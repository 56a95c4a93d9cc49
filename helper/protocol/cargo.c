/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/json_request.h"
#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/text.h"

/* The user name of the tokens that cargo login brings. */
#define NAME "cargo"
#define REGISTRY_OF_RUST "crates.io"

static bool open_question(struct kt_tool_question *question, int count, char **words,
                          struct kt_error *error)
{
	(void)question;
	(void)words;
	return count == 0 || kt_fail(error, KT_ERROR_USAGE, "cargo starts this command without words");
}

/* A failure by the kind that cargo acts on: it asks its next provider for the first two. */
static bool refuse(struct kt_tool_question *question, const char *kind, const char *sentence,
                   struct kt_error *error)
{
	return kt_text_set(&question->name, kind, error) &&
	       kt_fail(error, KT_ERROR_USAGE, "%s", sentence);
}

/*
 * The token goes to the API that the index names. A sparse index is of the server that gets it; an
 * index in git may lie on another one, so crates.io's alone is known.
 */
static bool read_registry(struct kt_tool_question *question, const struct kt_json *json,
                          struct kt_error *error)
{
	const struct kt_json *registry = kt_json_object(json, "registry");
	const char *url = registry ? kt_json_text(registry, "index-url") : NULL;
	struct kt_identity *pattern = &question->request.pattern;

	if (!url)
		return refuse(question, "url-not-supported", "the request has no index-url", error);
	if (!kt_tool_service(pattern, "cargo", url, strlen(url), error))
		return kt_text_set(&question->name, "url-not-supported", error) && false;
	if (!kt_text_has_prefix(url, "sparse+") && strcmp(pattern->host, REGISTRY_OF_RUST) != 0)
		return refuse(question, "url-not-supported",
		              "an index in git may lie on another server than its registry", error);
	return true;
}

static bool read_question(struct kt_tool_question *question, const struct kt_secret *input,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	struct kt_request *request = &question->request;
	const char *kind;
	const char *token;

	if (!kt_json_request_parse(&json, input, error))
		return false;
	kind = kt_text_or_empty(kt_json_text(json, "kind"));
	if (strcmp(kind, "get") == 0)
		return read_registry(question, json, error);
	if (strcmp(kind, "login") != 0 && strcmp(kind, "logout") != 0)
		return refuse(question, "operation-not-supported", "cargo asks for an unknown kind",
		              error);
	request->tool = NAME;
	question->verb = strcmp(kind, "login") == 0 ? KT_TOOL_STORE : KT_TOOL_ERASE;
	if (!read_registry(question, json, error) ||
	    (!request->pattern.path && !kt_text_set(&request->pattern.path, "", error)) ||
	    !kt_text_set(&request->pattern.username, NAME, error))
		return false;
	if (question->verb == KT_TOOL_ERASE)
		return true;
	token = kt_json_text(json, "token");
	request->has_password = true;
	return token && *token ? kt_secret_append_text(&request->password, token, error)
	                       : refuse(question, "operation-not-supported",
	                                "cargo login brings no token: run keyturn login", error);
}

/* {"Ok":{"kind":KIND}} */
static bool write_done(const struct kt_tool_question *question, struct kt_secret *bytes,
                       struct kt_error *error)
{
	return kt_secret_append_text(bytes, question->verb == KT_TOOL_STORE
	                             ? "{\"Ok\":{\"kind\":\"login\"}}\n"
	                             : "{\"Ok\":{\"kind\":\"logout\"}}\n", error);
}

static bool write_none(const struct kt_tool_question *question, struct kt_secret *bytes,
                       struct kt_error *error)
{
	(void)question;
	return kt_secret_append_text(bytes, "{\"Err\":{\"kind\":\"not-found\"}}\n", error);
}

/* crates.io's own tokens, and those of cargo login, are the whole header. */
static bool write_value(const struct kt_tool_question *question, const struct kt_answer *answer,
                        struct kt_secret *value, struct kt_error *error)
{
	if (answer->is_token && strcmp(question->request.pattern.host, REGISTRY_OF_RUST) != 0)
		return kt_tool_append_header_value(value, answer, error);
	return kt_secret_copy(value, &answer->secret, error);
}

static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_json_free) struct kt_json *done = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };

	/* A password of git's is no token of this registry. */
	if (!answer->is_token && !kt_text_is_equal(answer->account, NAME))
		return write_none(question, bytes, error);
	return write_value(question, answer, &value, error) && kt_json_create(&json, error) &&
	       kt_json_create(&done, error) && kt_json_add_text(done, "kind", "get", error) &&
	       kt_json_add_text(done, "token", kt_secret_reveal(&value), error) &&
	       kt_json_add_text(done, "cache", answer->expires ? "expires" : "session", error) &&
	       (answer->expires == 0 ||
	        kt_json_add_number(done, "expiration", answer->expires, error)) &&
	       kt_json_add_boolean(done, "operation_independent", true, error) &&
	       kt_json_add_object(json, "Ok", &done, error) && kt_json_print(json, bytes, error) &&
	       kt_secret_append_text(bytes, "\n", error);
}

static bool write_failure(const struct kt_tool_question *question, const struct kt_error *failure,
                          struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_json_free) struct kt_json *body = NULL;
	const char *kind = question->name ? question->name : "other";

	return kt_json_create(&json, error) && kt_json_create(&body, error) &&
	       kt_json_add_text(body, "kind", kind, error) &&
	       (question->name ||
	        (kt_json_add_text(body, "message", failure->message, error) &&
	         kt_json_add_list(body, "caused-by", error) &&
	         (failure->remedy[0] == '\0' ||
	          kt_json_append_text(body, "caused-by", failure->remedy, error)))) &&
	       kt_json_add_object(json, "Err", &body, error) && kt_json_print(json, bytes, error) &&
	       kt_secret_append_text(bytes, "\n", error);
}

const struct kt_tool kt_tool_cargo = {
	.name = "cargo",
	.greeting = "{\"v\":[1]}\n",
	.open = open_question,
	.read = read_question,
	.answer = write_answer,
	.none = write_none,
	.done = write_done,
	.fail = write_failure,
};

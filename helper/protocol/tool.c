/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/tool.h"
#include "helper/url.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static const struct kt_tool *const tools[] = {
	&kt_tool_aws, &kt_tool_bazel, &kt_tool_docker, &kt_tool_goauth, &kt_tool_keyring,
	&kt_tool_kubernetes, &kt_tool_netrc, &kt_tool_npm, &kt_tool_sasl, &kt_tool_terraform,
};

const struct kt_tool *kt_tool_of_name(const char *name)
{
	for (size_t i = 0; i < KT_COUNT(tools); i++)
		if (!tools[i]->program && strcmp(tools[i]->name, name) == 0)
			return tools[i];
	return NULL;
}

const struct kt_tool *kt_tool_of_program(const char *path)
{
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < KT_COUNT(tools); i++)
		if (kt_text_is_equal(tools[i]->program, slash ? slash + 1 : path))
			return tools[i];
	return NULL;
}

/*
 * Names that a tool has for a registry beside its own. Each is whole: nothing is matched by its
 * end. Another tool, which connects to the very host, does not have them.
 */
static bool name_registry(struct kt_identity *identity, const char *tool, struct kt_error *error)
{
	static const struct {
		const char *tool;
		const char *host;
		const char *path;
		const char *service;
	} aliases[] = {
		/* Docker's own words for one registry (docker-login(1)). */
		{ "docker", "index.docker.io", "v1", "index.docker.io" },
		{ "docker", "docker.io", "", "index.docker.io" },
		{ "docker", "registry-1.docker.io", "", "index.docker.io" },
		/* cargo names crates.io by the place of its index (cargo-login(1)). */
		{ "cargo", "github.com", "rust-lang/crates.io-index", "crates.io" },
		{ "cargo", "index.crates.io", "", "crates.io" },
	};

	if (!kt_text_is_equal(identity->protocol, "https"))
		return true;
	for (size_t i = 0; i < KT_COUNT(aliases); i++)
		if (strcmp(aliases[i].tool, tool) == 0 &&
		    strcmp(identity->host, aliases[i].host) == 0 &&
		    strcmp(kt_text_or_empty(identity->path), aliases[i].path) == 0) {
			kt_text_free(&identity->path);
			return kt_text_set(&identity->host, aliases[i].service, error);
		}
	return true;
}

bool kt_tool_service(struct kt_identity *identity, const char *tool, const char *bytes,
                     size_t length, struct kt_error *error)
{
	static const char sparse[] = "sparse+";
	KT_CLEANUP(kt_secret_clear) struct kt_secret url = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	KT_CLEANUP(kt_identity_clear) struct kt_identity parts = { 0 };

	if (strcmp(tool, "cargo") == 0 && length > sizeof(sparse) - 1 &&
	    memcmp(bytes, sparse, sizeof(sparse) - 1) == 0) {
		bytes += sizeof(sparse) - 1;
		length -= sizeof(sparse) - 1;
	}
	if (!kt_characters_are_clean(bytes, length))
		return kt_fail(error, KT_ERROR_USAGE, "the service's name holds a control character");
	length = kt_url_span(bytes, length, "?#");
	if (!memmem(bytes, length, "://", 3) && !kt_secret_append_text(&url, "https://", error))
		return false;
	if (!kt_secret_append(&url, bytes, length, error) ||
	    !kt_url_parse(&parts, &password, kt_secret_reveal(&url), kt_secret_length(&url), error))
		return false;
	if (!kt_secret_is_empty(&password))
		return kt_fail(error, KT_ERROR_UNSAFE, "the service's URL holds a password");
	if (!name_registry(&parts, tool, error))
		return false;
	kt_identity_clear(identity);
	*identity = parts;
	parts = (struct kt_identity){ 0 };
	return true;
}

bool kt_tool_open_account(struct kt_tool_question *question, int count, char **words,
                          struct kt_error *error)
{
	question->verb = KT_TOOL_TOKEN;
	if (count == 0)
		return true;
	if (count > 1 || words[0][0] == '-' || words[0][0] == '\0')
		return kt_fail(error, KT_ERROR_USAGE, "this protocol takes one word, an account");
	return kt_text_set(&question->account, words[0], error);
}

const char *kt_tool_username(const struct kt_answer *answer)
{
	const char *username = kt_text_or_empty(answer->username);

	return *username ? username : kt_text_or_empty(answer->account);
}

bool kt_tool_append_failure(struct kt_secret *bytes, const struct kt_error *failure,
                            struct kt_error *error)
{
	return kt_secret_append_text(bytes, failure->message, error) &&
	       (failure->remedy[0] == '\0' ||
	        (kt_secret_append(bytes, "\n", 1, error) &&
	         kt_secret_append_text(bytes, failure->remedy, error))) &&
	       kt_secret_append(bytes, "\n", 1, error);
}

bool kt_tool_check_token(const struct kt_answer *answer, struct kt_error *error)
{
	if (!answer->is_token)
		return kt_fail(error, KT_ERROR_NOT_FOUND, "the login is a password and no token");
	if (!kt_answer_is_token(&answer->secret))
		return kt_fail(error, KT_ERROR_INTERNAL,
		               "the token holds a character that no header may hold");
	return true;
}

/* RFC 7617, 2: a user name has no colon. */
static bool append_basic(struct kt_secret *value, const struct kt_answer *answer,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret pair = { 0 };
	const char *username = kt_text_or_empty(answer->username);

	if (strchr(username, ':'))
		return kt_fail(error, KT_ERROR_USAGE, "a user name with a colon fits no header");
	return kt_secret_append_text(&pair, username, error) &&
	       kt_secret_append(&pair, ":", 1, error) &&
	       kt_secret_append(&pair, kt_secret_reveal(&answer->secret),
	                        kt_secret_length(&answer->secret), error) &&
	       kt_secret_append_text(value, "Basic ", error) &&
	       kt_text_append_base64(value, kt_secret_reveal(&pair), kt_secret_length(&pair), error);
}

bool kt_tool_append_header_value(struct kt_secret *value, const struct kt_answer *answer,
                                 struct kt_error *error)
{
	if (!answer->is_token)
		return append_basic(value, answer, error);
	return kt_tool_check_token(answer, error) &&
	       kt_secret_append_text(value, "Bearer ", error) &&
	       kt_secret_append(value, kt_secret_reveal(&answer->secret),
	                        kt_secret_length(&answer->secret), error);
}

void kt_tool_question_clear(struct kt_tool_question *question)
{
	kt_request_clear(&question->request);
	kt_text_free(&question->account);
	kt_text_free(&question->name);
	kt_secret_clear(&question->said);
	*question = (struct kt_tool_question){ 0 };
}

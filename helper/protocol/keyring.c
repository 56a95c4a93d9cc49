/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/json_text.h"
#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * The command line of Python's keyring, which pip and uv start: options stand before the verb or
 * behind it. A service is the URL of an index or its host.
 */
#define NAME "keyring"

struct words {
	const char *places[3]; /* the verb, the service, the user name */
	int count;
	const char *mode;
	const char *output;
};

static const char usage[] =
	"usage: keyring [--mode password|creds] [--output plain|json] get SERVICE [USERNAME]\n"
	"       keyring set SERVICE USERNAME    the password comes on stdin\n"
	"       keyring del SERVICE USERNAME\n"
	"This is keyturn, by the name under which pip and uv start it: keyturn-protocols(7).\n";

/* The value of --NAME VALUE or --NAME=VALUE; NULL for any other word, and where it is the last. */
static const char *option_value(const char *name, int count, char **words, int *at)
{
	size_t length = strlen(name);

	if (strncmp(words[*at], name, length) != 0)
		return NULL;
	if (words[*at][length] == '=')
		return words[*at] + length + 1;
	if (words[*at][length] != '\0' || *at + 1 >= count)
		return NULL;
	return words[++*at];
}

static bool read_words(struct words *read, int count, char **words, struct kt_error *error)
{
	bool has_options = true;

	for (int i = 0; i < count; i++) {
		const char *value;

		if (has_options && strcmp(words[i], "--") == 0) {
			has_options = false;
		} else if (!has_options || words[i][0] != '-') {
			if (read->count == (int)KT_COUNT(read->places))
				return kt_fail(error, KT_ERROR_USAGE,
				               "keyring takes a verb, a service and a user name at the most");
			read->places[read->count++] = words[i];
		} else if ((value = option_value("--mode", count, words, &i))) {
			read->mode = value;
		} else if ((value = option_value("--output", count, words, &i))) {
			read->output = value;
		} else {
			return kt_fail(error, KT_ERROR_USAGE, "keyring has no option of that name here");
		}
	}
	return true;
}

/* The form of the answer is kept as "MODE/OUTPUT". */
static bool choose_form(struct kt_tool_question *question, const struct words *words,
                        struct kt_error *error)
{
	if ((strcmp(words->mode, "password") != 0 && strcmp(words->mode, "creds") != 0) ||
	    (strcmp(words->output, "plain") != 0 && strcmp(words->output, "json") != 0))
		return kt_fail(error, KT_ERROR_USAGE,
		               "keyring's mode is password or creds, its output plain or json");
	return kt_text_format(&question->name, error, "%s/%s", words->mode, words->output);
}

/* The answer is a login: the user name, too. */
static bool has_username(const struct kt_tool_question *question)
{
	return kt_text_has_prefix(question->name, "creds/");
}

static bool choose_verb(struct kt_tool_question *question, const struct words *words,
                        struct kt_error *error)
{
	static const struct {
		const char *word;
		enum kt_tool_verb verb;
	} verbs[] = {
		{ "get", KT_TOOL_GET },
		{ "set", KT_TOOL_STORE },
		{ "del", KT_TOOL_ERASE },
	};

	for (size_t i = 0; i < KT_COUNT(verbs) && words->count > 0; i++) {
		if (strcmp(words->places[0], verbs[i].word) != 0)
			continue;
		question->verb = verbs[i].verb;
		question->reads_input = question->verb == KT_TOOL_STORE;
		return true;
	}
	return kt_fail(error, KT_ERROR_USAGE, "keyring takes get, set or del, and a service");
}

static bool open_question(struct kt_tool_question *question, int count, char **words,
                          struct kt_error *error)
{
	struct words read = { .mode = "password", .output = "plain" };
	struct kt_identity *pattern = &question->request.pattern;
	const char *service;
	const char *username;

	if (count == 1 && (strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0)) {
		question->verb = KT_TOOL_SAY;
		return kt_secret_append_text(&question->said, usage, error);
	}
	if (!read_words(&read, count, words, error) || !choose_verb(question, &read, error) ||
	    !choose_form(question, &read, error))
		return false;
	service = read.places[1];
	username = read.places[2];
	if (!service)
		return kt_fail(error, KT_ERROR_USAGE, "keyring needs a service");
	if (!username && (question->verb != KT_TOOL_GET || !has_username(question)))
		return kt_fail(error, KT_ERROR_USAGE,
		               "keyring needs a user name, or --mode creds with get");
	question->request.tool = NAME;
	return kt_tool_service(pattern, NAME, service, strlen(service), error) &&
	       (!username || kt_text_set(&pattern->username, username, error)) &&
	       (question->verb == KT_TOOL_GET || pattern->path ||
	        kt_text_set(&pattern->path, "", error));
}

/* A caller ends the password with one newline, which is no part of it. */
static bool read_password(struct kt_tool_question *question, const struct kt_secret *input,
                          struct kt_error *error)
{
	const char *bytes = kt_secret_reveal(input);
	size_t length = kt_secret_length(input);

	if (length > 0 && bytes[length - 1] == '\n')
		length--;
	if (length == 0)
		return kt_fail(error, KT_ERROR_USAGE, "no password came on stdin");
	if (memchr(bytes, '\0', length) || memchr(bytes, '\n', length))
		return kt_fail(error, KT_ERROR_USAGE, "the password is of several lines or holds a NUL");
	question->request.has_password = true;
	return kt_secret_append(&question->request.password, bytes, length, error);
}

static bool write_json(const struct kt_tool_question *question, const char *username,
                       const struct kt_answer *answer, struct kt_secret *bytes,
                       struct kt_error *error)
{
	return kt_json_text_open(bytes, NULL, error) &&
	       (!has_username(question) ||
	        kt_json_text_add(bytes, "username", username, error)) &&
	       kt_json_text_add_secret(bytes, "password", &answer->secret, error) &&
	       kt_secret_append_text(bytes, "}\n", error);
}

static bool add_line(struct kt_secret *bytes, const char *line, size_t length,
                     struct kt_error *error)
{
	if (memchr(line, '\n', length))
		return kt_fail(error, KT_ERROR_USAGE, "the login holds a line end, which ends it here");
	return kt_secret_append(bytes, line, length, error) &&
	       kt_secret_append(bytes, "\n", 1, error);
}

static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	const char *username = kt_tool_username(answer);

	if (strcmp(strchr(question->name, '/'), "/json") == 0)
		return write_json(question, username, answer, bytes, error);
	return (!has_username(question) ||
	        add_line(bytes, username, strlen(username), error)) &&
	       add_line(bytes, kt_secret_reveal(&answer->secret), kt_secret_length(&answer->secret),
	                error);
}

/* pip and uv ask for the index and then for its host, and show what is said: a miss is silent. */
static bool write_none(const struct kt_tool_question *question, struct kt_secret *bytes,
                       struct kt_error *error)
{
	(void)question;
	(void)bytes;
	error->code = KT_ERROR_NOT_FOUND;
	return false;
}

const struct kt_tool kt_tool_keyring = {
	.name = NAME,
	.program = NAME,
	.open = open_question,
	.read = read_password,
	.answer = write_answer,
	.none = write_none,
};

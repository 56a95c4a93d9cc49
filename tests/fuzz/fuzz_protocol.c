/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Fuzz target: what tools beside git ask. The bytes are a line with the tool's name, its words, a
 * line each, a blank line, and what stands on stdin or in the tool's variable. A question that is
 * taken must name a service that stands in these bytes, change only what its verb says, and get an
 * answer in the tool's form. A refusal must not say a secret.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/protocol/json_request.h"
#include "helper/protocol/tool.h"
#include "helper/url.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define CANARY "c4n4ry"
#define WORDS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct asked {
	const struct kt_tool *tool;
	int count;
	char *words[WORDS];
	struct kt_secret input;
	struct kt_json *json; /* NULL: it is none */
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void clear_asked(struct asked *asked)
{
	for (int i = 0; i < asked->count; i++)
		kt_text_free(&asked->words[i]);
	kt_secret_clear(&asked->input);
	kt_json_free(&asked->json);
}

static const struct kt_tool *tool_of(const char *name)
{
	static const struct kt_tool *const tools[] = {
		&kt_tool_aws,    &kt_tool_bazel,   &kt_tool_cargo,      &kt_tool_docker,
		&kt_tool_goauth, &kt_tool_google,  &kt_tool_keyring,    &kt_tool_kubernetes,
		&kt_tool_netrc,  &kt_tool_npm,     &kt_tool_sasl,       &kt_tool_terraform,
	};

	for (size_t i = 0; i < KT_COUNT(tools); i++)
		if (strcmp(tools[i]->name, name) == 0)
			return tools[i];
	return NULL;
}

/* False: the bytes have no tool. A word ends at a NUL too, as an argument does. */
static bool split(struct asked *asked, const char *bytes, size_t length)
{
	struct kt_error error = { 0 };
	bool is_first = true;

	while (length > 0 && asked->count < WORDS) {
		const char *feed = memchr(bytes, '\n', length);
		size_t used = feed ? (size_t)(feed - bytes) : length;
		KT_CLEANUP(kt_text_free) char *word = NULL;

		check(kt_text_set_bytes(&word, bytes, strnlen(bytes, used), &error));
		bytes += used + (feed != NULL);
		length -= used + (feed != NULL);
		if (used == 0)
			break;
		if (is_first)
			asked->tool = tool_of(word);
		else
			asked->words[asked->count++] = word;
		if (!is_first)
			word = NULL;
		is_first = false;
	}
	check(kt_secret_set(&asked->input, bytes, length, &error));
	kt_json_parse(&asked->json, kt_secret_reveal(&asked->input), length, &error);
	return asked->tool != NULL;
}

/* The host that a URL or a bare host names, by rules of its own: see names_host(). */
static size_t find_host(const char **text, size_t length)
{
	static const char sparse[] = "sparse+";
	const char *scheme;
	size_t end = 0;

	if (length >= sizeof(sparse) - 1 && memcmp(*text, sparse, sizeof(sparse) - 1) == 0) {
		*text += sizeof(sparse) - 1;
		length -= sizeof(sparse) - 1;
	}

	while (end < length && !memchr("?#", (*text)[end], 2))
		end++;
	scheme = memmem(*text, end, "://", 3);
	if (scheme) {
		length = end - (size_t)(scheme + 3 - *text);
		*text = scheme + 3;
	}
	for (end = 0; end < length && !memchr("/?#", (*text)[end], 3);)
		end++;
	for (size_t i = end; i > 0; i--)
		if ((*text)[i - 1] == '@') {
			*text += i;
			return end - i;
		}
	return end;
}

static bool is_host(const char *found, size_t length, const char *host)
{
	for (size_t i = 0; i < length; i++)
		if (kt_url_to_lower(found[i]) != host[i])
			return false;
	return host[length] == '\0';
}

/* Docker takes blanks around a name. */
static void trim(const char **text, size_t *length)
{
	while (*length > 0 && memchr(" \t\r\n", (*text)[*length - 1], 4))
		--*length;
	for (; *length > 0 && memchr(" \t\r\n", (*text)[0], 4); --*length)
		++*text;
}

/* The same but for case, a final dot, an empty or the usual port; or one of the fixed aliases. */
static bool names_host(const char *text, size_t length, const char *host)
{
	static const char *const aliases[][2] = {
		{ "docker.io", "index.docker.io" },      { "registry-1.docker.io", "index.docker.io" },
		{ "index.crates.io", "crates.io" },      { "github.com", "crates.io" },
		{ "ws.coze.cn", "api.coze.cn" },         { "ws.coze.com", "api.coze.com" },
	};
	static const char *const tails[] = { ":443", ":80", ":", ":00443", ":0443", ":080", ":0080",
	                                     ":00080" };
	size_t found;

	trim(&text, &length);
	found = find_host(&text, length);
	if (found > 0 && text[0] == '[')
		return host[0] == '[';
	if (is_host(text, found, host))
		return true;
	for (size_t i = 0; i < KT_COUNT(tails); i++) {
		size_t tail = strlen(tails[i]);

		if (found > tail && memcmp(text + found - tail, tails[i], tail) == 0) {
			found -= tail;
			break;
		}
	}
	if (found > 1 && text[found - 1] == '.')
		found--;
	for (size_t i = 0; i < KT_COUNT(aliases); i++)
		if (strcmp(host, aliases[i][1]) == 0 && is_host(text, found, aliases[i][0]))
			return true;
	return is_host(text, found, host);
}

/* A port is written in more than one way: ":05000", "a.example.:5000". */
static bool is_odd(const char *host)
{
	return strchr(host, ':') != NULL;
}

static bool text_names(const char *text, const char *host)
{
	return text && names_host(text, strlen(text), host);
}

/* Somewhere in what was asked this host is named, as a whole. */
static bool is_named(const struct asked *asked, const char *host)
{
	const struct kt_json *registry = NULL;
	const struct kt_json *spec = NULL;
	const struct kt_json *cluster = NULL;

	for (int i = 0; i < asked->count; i++)
		if (text_names(asked->words[i], host))
			return true;
	if (names_host(kt_secret_reveal(&asked->input), kt_secret_length(&asked->input), host))
		return true;
	if (!asked->json)
		return false;
	registry = kt_json_object(asked->json, "registry");
	spec = kt_json_object(asked->json, "spec");
	cluster = spec ? kt_json_object(spec, "cluster") : NULL;
	return text_names(kt_json_text(asked->json, "uri"), host) ||
	       text_names(kt_json_text(asked->json, "ServerURL"), host) ||
	       (registry && text_names(kt_json_text(registry, "index-url"), host)) ||
	       (cluster && text_names(kt_json_text(cluster, "server"), host));
}

/* A change is one that the tool has a word for, and its pattern is whole. */
static void check_change(const struct asked *asked, const struct kt_tool_question *question)
{
	bool is_store = question->verb == KT_TOOL_STORE;
	const char *said = asked->count > 0 ? asked->words[0] : "";
	bool is_asked = false;

	if (asked->tool == &kt_tool_cargo && asked->json)
		said = kt_text_or_empty(kt_json_text(asked->json, "kind"));
	for (int i = 0; i < asked->count && asked->tool == &kt_tool_keyring; i++)
		if (strcmp(asked->words[i], is_store ? "set" : "del") == 0)
			said = asked->words[i];
	is_asked = is_store ? strcmp(said, "store") == 0 || strcmp(said, "login") == 0 ||
	                              strcmp(said, "set") == 0
	                    : strcmp(said, "erase") == 0 || strcmp(said, "forget") == 0 ||
	                              strcmp(said, "logout") == 0 || strcmp(said, "del") == 0;
	check(is_asked);
	check(question->request.pattern.path);
	check(!is_store || !kt_secret_is_empty(&question->request.password));
	check(asked->tool == &kt_tool_docker || question->request.pattern.username);
}

static void check_service(const struct asked *asked, const struct kt_tool_question *question)
{
	const struct kt_identity *pattern = &question->request.pattern;
	KT_CLEANUP(kt_text_free) char *host = NULL;
	struct kt_error error = { 0 };

	check(pattern->protocol && pattern->protocol[0] && pattern->host && pattern->host[0]);
	check(kt_url_normal_host(&host, pattern->protocol, pattern->host, strlen(pattern->host),
	                         &error));
	check(kt_text_is_equal(host, pattern->host));
	check(is_odd(pattern->host) || is_named(asked, pattern->host));
	check(!pattern->path || kt_characters_are_clean(pattern->path, strlen(pattern->path)));
	if (question->verb == KT_TOOL_STORE || question->verb == KT_TOOL_ERASE)
		check_change(asked, question);
}

/* One line of JSON, or lines of the tool's own. */
static void check_answer(const struct asked *asked, const struct kt_tool_question *question)
{
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = {
		.is_token = true, .expires = 1767230100,
	};
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	struct kt_error error = { 0 };
	const char *text;

	check(kt_text_set(&answer.account, "work", &error) &&
	      kt_text_set(&answer.service, "https://api.coze.cn", &error) &&
	      kt_secret_append_text(&answer.secret, "pat_\"\\ex", &error));
	if (!asked->tool->answer(question, &answer, &bytes, &error))
		return;
	text = kt_secret_reveal(&bytes);
	for (size_t i = 0; i < kt_secret_length(&bytes); i++)
		check(text[i] == '\n' || kt_characters_are_clean(text + i, 1));
	if (text[0] == '{')
		check(kt_json_parse(&json, text, kt_secret_length(&bytes), &error));
	if (asked->tool == &kt_tool_goauth && text[0] && question->request.pattern.host)
		check(strcmp(question->request.pattern.host, "api.coze.cn") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	KT_CLEANUP(clear_asked) struct asked asked = { 0 };
	KT_CLEANUP(kt_tool_question_clear) struct kt_tool_question question = { .verb = KT_TOOL_GET };
	struct kt_error error = { 0 };
	bool is_taken;

	if (!split(&asked, (const char *)data, size))
		return 0;
	is_taken = asked.tool->open(&question, asked.count, asked.words, &error);
	if (is_taken && (question.reads_input || asked.tool->greeting))
		is_taken = asked.tool->read(&question, &asked.input, &error) &&
		           (!question.is_json ||
		            kt_json_request_read(asked.tool, &question, &asked.input, &error));
	check(is_taken == (error.code == KT_ERROR_NONE));
	if (!is_taken) {
		check(!strstr(error.message, CANARY) && !strstr(error.remedy, CANARY));
		check(kt_characters_are_clean(error.message, strlen(error.message)));
		return 0;
	}
	if (question.verb == KT_TOOL_GET || question.verb == KT_TOOL_STORE ||
	    question.verb == KT_TOOL_ERASE)
		check_service(&asked, &question);
	if (question.verb == KT_TOOL_GET || question.verb == KT_TOOL_TOKEN)
		check_answer(&asked, &question);
	return 0;
}

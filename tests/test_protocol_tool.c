/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "helper/protocol/json_request.h"
#include "helper/protocol/json_text.h"
#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORDS 5
#define INDEX "\"registry\":{\"index-url\":\"sparse+https://a.example/i/\"}"
#define INFO "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1"
#define END "\",\"spec\":{\"interactive\":false}}\n"

/* Asks as the door and the keeper do. */
static bool ask(const struct kt_tool *tool, const char *const words[WORDS], const char *input,
                struct kt_tool_question *question, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	int count = 0;

	while (count < WORDS && words[count])
		count++;
	assert_true(kt_secret_append_text(&bytes, kt_text_or_empty(input), error));
	return tool->open(question, count, (char **)words, error) &&
	       (!(question->reads_input || tool->greeting) ||
	        (tool->read(question, &bytes, error) &&
	         (!question->is_json || kt_json_request_read(tool, question, &bytes, error))));
}

static void a_question_names_its_service_or_account(void **state)
{
	static const struct {
		const struct kt_tool *tool;
		const char *words[WORDS];
		const char *input;
		enum kt_tool_verb verb;
		const char *host; /* or the account */
		const char *path;
		const char *username;
	} rows[] = {
		{ &kt_tool_docker, { "get" }, " a.example\r\n", KT_TOOL_GET, "a.example", NULL, NULL },
		{ &kt_tool_docker, { "erase" }, "a.example", KT_TOOL_ERASE, "a.example", "", NULL },
		{ &kt_tool_docker, { "store" },
		  "{\"ServerURL\":\"https://a.example/p/\",\"Username\":\"u\",\"Secret\":\"s\"}",
		  KT_TOOL_STORE, "a.example", "p", "u" },
		{ &kt_tool_docker, { "list" }, NULL, KT_TOOL_LIST, NULL, NULL, NULL },
		{ &kt_tool_docker, { "version" }, NULL, KT_TOOL_SAY, NULL, NULL, NULL },
		{ &kt_tool_bazel, { "get" }, "{\"uri\":\"https://a.example/p\"}", KT_TOOL_GET,
		  "a.example", "p", NULL },
		{ &kt_tool_bazel, { "get" }, "{\"x\":[],\"uri\":\"https:\\/\\/a.example\\u002fp\"}\n",
		  KT_TOOL_GET, "a.example", "p", NULL },
		{ &kt_tool_bazel, { "get" }, "{\"uri\":\"http://a.example\"}", KT_TOOL_GET, "a.example",
		  NULL, NULL },
		{ &kt_tool_terraform, { "get", "a.example:8443" }, NULL, KT_TOOL_GET, "a.example:8443",
		  NULL, NULL },
		{ &kt_tool_terraform, { "forget", "a.example" }, NULL, KT_TOOL_ERASE, "a.example", "",
		  "terraform" },
		{ &kt_tool_terraform, { "store", "a.example" }, " { \"token\" : \"t\" } ", KT_TOOL_STORE,
		  "a.example", "", "terraform" },
		{ &kt_tool_cargo, { NULL }, "{\"kind\":\"get\"," INDEX ",\"future\":{}}", KT_TOOL_GET,
		  "a.example", "i", NULL },
		{ &kt_tool_cargo, { NULL }, "{\"kind\":\"login\",\"token\":\"t\"," INDEX "}",
		  KT_TOOL_STORE, "a.example", "i", "cargo" },
		{ &kt_tool_cargo, { NULL }, "{\"kind\":\"logout\"," INDEX "}", KT_TOOL_ERASE,
		  "a.example", "i", "cargo" },
		{ &kt_tool_keyring, { "get", "https://a.example/simple/", "u" }, NULL, KT_TOOL_GET,
		  "a.example", "simple", "u" },
		{ &kt_tool_keyring, { "--mode", "creds", "get", "a.example" }, NULL, KT_TOOL_GET,
		  "a.example", NULL, NULL },
		{ &kt_tool_keyring, { "set", "a.example", "u" }, "p\n", KT_TOOL_STORE, "a.example", "",
		  "u" },
		{ &kt_tool_keyring, { "del", "a.example", "u" }, NULL, KT_TOOL_ERASE, "a.example", "",
		  "u" },
		{ &kt_tool_kubernetes, { "w" }, INFO END, KT_TOOL_TOKEN, "w", NULL, NULL },
		{ &kt_tool_kubernetes, { NULL }, INFO "beta1\"}", KT_TOOL_TOKEN, NULL, NULL, NULL },
		{ &kt_tool_kubernetes, { NULL },
		  INFO "\",\"spec\":{\"cluster\":{\"server\":\"https://a.example:6443\"}}}", KT_TOOL_GET,
		  "a.example:6443", NULL, NULL },
		{ &kt_tool_kubernetes, { "w" },
		  INFO "\",\"spec\":{\"cluster\":{\"server\":\"https://a.example:6443\"}}}", KT_TOOL_TOKEN,
		  "w", NULL, NULL },
		{ &kt_tool_goauth, { NULL }, NULL, KT_TOOL_SAY, NULL, NULL, NULL },
		{ &kt_tool_goauth, { "https://a.example/p" }, NULL, KT_TOOL_GET, "a.example", "p", NULL },
		{ &kt_tool_goauth, { "http://a.example/p" }, NULL, KT_TOOL_SAY, NULL, NULL, NULL },
		{ &kt_tool_goauth, { "w" }, NULL, KT_TOOL_TOKEN, "w", NULL, NULL },
		{ &kt_tool_netrc, { "a.example" }, NULL, KT_TOOL_GET, "a.example", NULL, NULL },
		{ &kt_tool_npm, { "w" }, NULL, KT_TOOL_TOKEN, "w", NULL, NULL },
		{ &kt_tool_aws, { NULL }, NULL, KT_TOOL_TOKEN, NULL, NULL, NULL },
		{ &kt_tool_sasl, { "xoauth2", "w" }, NULL, KT_TOOL_TOKEN, "w", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		KT_CLEANUP(kt_tool_question_clear) struct kt_tool_question question = {
			.verb = KT_TOOL_GET,
		};
		const struct kt_identity *pattern = &question.request.pattern;
		struct kt_error error = { 0 };

		if (!ask(rows[i].tool, rows[i].words, rows[i].input, &question, &error))
			fail_msg("row %zu of %s: %s", i, rows[i].tool->name, error.message);
		if (question.verb != rows[i].verb ||
		    !kt_text_is_equal(question.verb == KT_TOOL_TOKEN ? question.account : pattern->host,
		                      rows[i].host) ||
		    !kt_text_is_equal(pattern->path, rows[i].path) ||
		    !kt_text_is_equal(pattern->username, rows[i].username))
			fail_msg("row %zu of %s asks %d of %s, %s, %s", i, rows[i].tool->name,
			         (int)question.verb, kt_text_or_empty(pattern->host),
			         kt_text_or_empty(pattern->path), kt_text_or_empty(pattern->username));
	}
}

static void bad_input_is_refused_and_not_echoed(void **state)
{
	static const struct {
		const struct kt_tool *tool;
		const char *words[WORDS];
		const char *input;
	} rows[] = {
		{ &kt_tool_docker, { NULL }, NULL },
		{ &kt_tool_docker, { "get", "get" }, "a.example" },
		{ &kt_tool_docker, { "future" }, NULL },
		{ &kt_tool_docker, { "get" }, "" },
		{ &kt_tool_docker, { "get" }, " \n" },
		{ &kt_tool_docker, { "store" }, "" },
		{ &kt_tool_docker, { "store" }, "null" },
		{ &kt_tool_docker, { "store" },
		  "{\"ServerURL\":\"\",\"Username\":\"u\",\"Secret\":\"pat_x\"}" },
		{ &kt_tool_docker, { "store" },
		  "{\"ServerURL\":\"a\",\"Username\":\"\",\"Secret\":\"pat_x\"}" },
		{ &kt_tool_docker, { "store" }, "{\"ServerURL\":\"a\",\"Username\":\"u\"}" },
		{ &kt_tool_docker, { "store" },
		  "{\"ServerURL\":\"a\",\"Username\":\"u\",\"Secret\":{\"a\":1}}" },
		{ &kt_tool_docker, { "store" },
		  "{\"ServerURL\":\"https://u:pat_x@a\",\"Username\":\"u\",\"Secret\":\"pat_x\"}" },
		{ &kt_tool_docker, { "store" },
		  "{\"ServerURL\":\"a\",\"ServerURL\":\"b\",\"Username\":\"u\",\"Secret\":\"pat_x\"}" },
		{ &kt_tool_bazel, { NULL }, NULL },
		{ &kt_tool_bazel, { "get", "get" }, NULL },
		{ &kt_tool_bazel, { "get" }, "" },
		{ &kt_tool_bazel, { "get" }, "{\"uri\":7}" },
		{ &kt_tool_bazel, { "get" }, "{\"uri\":\"a.example\"}" },
		{ &kt_tool_bazel, { "get" }, "{\"uri\":\"https://\"}" },
		{ &kt_tool_bazel, { "get" }, "{\"uri\":\"https://u:pat_x@a.example\"}" },
		{ &kt_tool_bazel, { "get" }, "{\"uri\":\"https://a.example\"}}" },
		{ &kt_tool_bazel, { "get" },
		  "{\"uri\":\"https://a.example\",\"uri\":\"https://b.example\"}" },
		{ &kt_tool_terraform, { NULL }, NULL },
		{ &kt_tool_terraform, { "get" }, NULL },
		{ &kt_tool_terraform, { "future", "a.example" }, NULL },
		{ &kt_tool_terraform, { "get", "a.example", "b" }, NULL },
		{ &kt_tool_terraform, { "get", "https://a.example" }, NULL },
		{ &kt_tool_terraform, { "store", "a.example" }, "{\"token\":\"pat_x\",\"more\":1}" },
		{ &kt_tool_terraform, { "store", "a.example" }, "{\"token\":\"pat_x\",\"more\":null}" },
		{ &kt_tool_terraform, { "store", "a.example" }, "{\"token\":\"pat_x\",\"more\":{}}" },
		{ &kt_tool_terraform, { "store", "a.example" }, "{\"token\":\"\"}" },
		{ &kt_tool_terraform, { "store", "a.example" }, "[]" },
		{ &kt_tool_cargo, { "word" }, NULL },
		{ &kt_tool_cargo, { NULL }, "{\"kind\":\"future\"}" },
		{ &kt_tool_cargo, { NULL }, "{\"kind\":\"get\"}" },
		{ &kt_tool_cargo, { NULL }, "{\"kind\":\"login\",\"token\":null," INDEX "}" },
		{ &kt_tool_cargo, { NULL },
		  "{\"kind\":\"get\",\"registry\":{\"index-url\":\"https://a.example/i.git\"}}" },
		{ &kt_tool_keyring, { "get" }, NULL },
		{ &kt_tool_keyring, { "get", "a.example" }, NULL },
		{ &kt_tool_keyring, { "get", "a.example", "u", "more" }, NULL },
		{ &kt_tool_keyring, { "--mode", "any", "get", "a.example" }, NULL },
		{ &kt_tool_keyring, { "set", "a.example", "u" }, "\n" },
		{ &kt_tool_keyring, { "set", "a.example", "u" }, "pat_x\npat_x\n" },
		{ &kt_tool_kubernetes, { NULL }, "" },
		{ &kt_tool_kubernetes, { NULL }, "{}" },
		{ &kt_tool_kubernetes, { NULL }, INFO "alpha1" END },
		{ &kt_tool_kubernetes, { NULL },
		  INFO "\",\"spec\":{\"cluster\":{\"server\":\"https://\"}}}" },
		{ &kt_tool_kubernetes, { "a", "b" }, INFO END },
		{ &kt_tool_goauth, { "a", "b", "https://a.example" }, NULL },
		{ &kt_tool_goauth, { "https://" }, NULL },
		{ &kt_tool_netrc, { NULL }, NULL },
		{ &kt_tool_netrc, { "a", "b" }, NULL },
		{ &kt_tool_netrc, { "--json" }, NULL },
		{ &kt_tool_npm, { "a", "b" }, NULL },
		{ &kt_tool_aws, { "--json" }, NULL },
		{ &kt_tool_sasl, { NULL }, NULL },
		{ &kt_tool_sasl, { "plain" }, NULL },
		{ &kt_tool_sasl, { "xoauth2", "a", "b" }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		KT_CLEANUP(kt_tool_question_clear) struct kt_tool_question question = {
			.verb = KT_TOOL_GET,
		};
		struct kt_error error = { 0 };

		if (ask(rows[i].tool, rows[i].words, rows[i].input, &question, &error))
			fail_msg("row %zu of %s was taken", i, rows[i].tool->name);
		assert_true(error.code == KT_ERROR_USAGE || error.code == KT_ERROR_UNSAFE);
		assert_true(error.message[0] != '\0');
		assert_null(strstr(error.message, "pat_x"));
	}
}

static void an_answer_has_the_tool_s_form(void **state)
{
	static const struct {
		const struct kt_tool *tool;
		const char *words[WORDS];
		const char *input;
		const char *token;    /* of work at https://a.example, ends at 1767230100 */
		const char *password; /* of u at the same, which does not end */
	} rows[] = {
		{ &kt_tool_docker, { "get" }, "a.example",
		  "{\"ServerURL\":\"a.example\",\"Username\":\"work\",\"Secret\":\"t\\\"\\\\1\"}\n",
		  "{\"ServerURL\":\"a.example\",\"Username\":\"u\",\"Secret\":\"p \xc3\xa9\"}\n" },
		{ &kt_tool_bazel, { "get" }, "{\"uri\":\"https://a.example/\"}",
		  "{\"headers\":{\"Authorization\":[\"Bearer t\\\"\\\\1\"]},"
		  "\"expires\":\"2026-01-01T01:14:00Z\"}\n",
		  "{\"headers\":{\"Authorization\":[\"Basic dTpwIMOp\"]}}\n" },
		{ &kt_tool_terraform, { "get", "a.example" }, NULL, "{\"token\":\"t\\\"\\\\1\"}\n",
		  "{}\n" },
		{ &kt_tool_cargo, { NULL }, "{\"kind\":\"get\"," INDEX "}",
		  "{\"Ok\":{\"kind\":\"get\",\"token\":\"Bearer t\\\"\\\\1\",\"cache\":\"expires\","
		  "\"expiration\":1767230100,\"operation_independent\":true}}\n",
		  "{\"Err\":{\"kind\":\"not-found\"}}\n" },
		{ &kt_tool_keyring, { "--mode=creds", "get", "a.example" }, NULL, "work\nt\"\\1\n",
		  "u\np \xc3\xa9\n" },
		{ &kt_tool_keyring, { "--output=json", "get", "a.example", "u" }, NULL,
		  "{\"password\":\"t\\\"\\\\1\"}\n", "{\"password\":\"p \xc3\xa9\"}\n" },
		{ &kt_tool_kubernetes, { NULL }, INFO END,
		  "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\","
		  "\"status\":{\"token\":\"t\\\"\\\\1\","
		  "\"expirationTimestamp\":\"2026-01-01T01:15:00Z\"}}\n", NULL },
		{ &kt_tool_aws, { NULL }, NULL,
		  "{\"Version\":1,\"AccessKeyId\":\"work\",\"SecretAccessKey\":\"t\\\"\\\\1\","
		  "\"Expiration\":\"2026-01-01T01:15:00Z\"}\n",
		  "{\"Version\":1,\"AccessKeyId\":\"u\",\"SecretAccessKey\":\"p \xc3\xa9\"}\n" },
		{ &kt_tool_goauth, { "https://a.example/x" }, NULL,
		  "https://a.example\n\nAuthorization: Bearer t\"\\1\n\n",
		  "https://a.example\n\nAuthorization: Basic dTpwIMOp\n\n" },
		{ &kt_tool_goauth, { "work", "https://b.example/x" }, NULL, "", "" },
		{ &kt_tool_npm, { NULL }, NULL, "Bearer t\"\\1\n", NULL },
		{ &kt_tool_netrc, { "a.example:8443" }, NULL, NULL, NULL },
		{ &kt_tool_sasl, { "xoauth2" }, NULL,
		  "dXNlcj13b3JrAWF1dGg9QmVhcmVyIHQiXDEBAQ==\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows) * 2; i++) {
		KT_CLEANUP(kt_tool_question_clear) struct kt_tool_question question = { 0 };
		KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
		const struct kt_tool *tool = rows[i / 2].tool;
		bool is_token = i % 2 == 0;
		const char *expected = is_token ? rows[i / 2].token : rows[i / 2].password;
		KT_CLEANUP(kt_answer_clear) struct kt_answer answer = {
			.is_token = is_token, .expires = is_token ? 1767230100 : 0,
		};
		struct kt_error error = { 0 };
		bool is_written;

		question.verb = KT_TOOL_GET;
		assert_true(kt_text_set(&answer.account, is_token ? "work" : "u", &error) &&
		            kt_text_set(&answer.username, is_token ? "" : "u", &error) &&
		            kt_text_set(&answer.service, "https://a.example", &error) &&
		            kt_secret_append_text(&answer.secret, is_token ? "t\"\\1" : "p \xc3\xa9",
		                                  &error));
		assert_true(ask(tool, rows[i / 2].words, rows[i / 2].input, &question, &error));
		is_written = tool->answer(&question, &answer, &bytes, &error);
		if (is_written != (expected != NULL))
			fail_msg("%s %zu: %s", tool->name, i, is_written ? "written" : error.message);
		if (expected)
			assert_string_equal(kt_secret_reveal(&bytes), expected);
	}
}

static void what_json_cannot_hold_is_escaped_or_refused(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(kt_json_text_escape(&bytes, "a\0b\x1f\n\x7f", 6, &error));
	assert_string_equal(kt_secret_reveal(&bytes), "a\\u0000b\\u001f\\u000a\x7f");
	assert_false(kt_json_text_escape(&bytes, "ab\xff", 3, &error));
	assert_int_equal(error.code, KT_ERROR_USAGE);
	assert_string_equal(kt_secret_reveal(&bytes), "a\\u0000b\\u001f\\u000a\x7f");
}

static void a_time_is_written_as_the_calendar_has_it(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
		{ 0, "\"t\":\"1970-01-01T00:00:00Z\"" },
		{ -1, "\"t\":\"1969-12-31T23:59:59Z\"" },
		{ 951782399, "\"t\":\"2000-02-28T23:59:59Z\"" },
		{ 951782400, "\"t\":\"2000-02-29T00:00:00Z\"" },
		{ 951868800, "\"t\":\"2000-03-01T00:00:00Z\"" },
		{ 1709164800, "\"t\":\"2024-02-29T00:00:00Z\"" },
		{ 4107542399, "\"t\":\"2100-02-28T23:59:59Z\"" },
		{ 4107542400, "\"t\":\"2100-03-01T00:00:00Z\"" },
		{ 1798761599, "\"t\":\"2026-12-31T23:59:59Z\"" },
		{ 253402300799, "\"t\":\"9999-12-31T23:59:59Z\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
		struct kt_error error = { 0 };

		assert_true(kt_json_text_add_time(&bytes, "t", rows[i].seconds, &error));
		assert_string_equal(kt_secret_reveal(&bytes), rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_names_its_service_or_account),
		cmocka_unit_test(bad_input_is_refused_and_not_echoed),
		cmocka_unit_test(an_answer_has_the_tool_s_form),
		cmocka_unit_test(what_json_cannot_hold_is_escaped_or_refused),
		cmocka_unit_test(a_time_is_written_as_the_calendar_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/protocol/protocol.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SERVICE "protocol=https\nhost=api.coze.cn\n"

struct sample {
	const char *account;
	const char *username;
	const char *kind;
	const char *secret;
	const char *oauth_refresh_token;
	bool is_bearer;
	int64_t expires;
};

static const struct sample pat = { "work", "work", "pat", "pat_ex", "", false, 0 };
static const struct sample grant = { "work", "coze", "pkce", "czt_ex", "", false, 1767230000 };
static const struct sample bearer = { "work", "work", "pat", "pat_ex", "", true, 0 };
static const struct sample stored = { "bob", "bob", "password", "pw", "rt_ex", false, 0 };
static const struct sample unnamed = { "", NULL, "password", "random", "", true, 0 };

static void make_answer(struct kt_answer *answer, const struct sample *sample)
{
	struct kt_error error = { 0 };

	assert_true(kt_text_set(&answer->account, sample->account, &error));
	assert_true(kt_text_set(&answer->username, sample->username, &error));
	assert_true(kt_text_set(&answer->kind, sample->kind, &error));
	assert_true(kt_text_set(&answer->service, "https://api.coze.cn", &error));
	assert_true(kt_secret_append_text(&answer->secret, sample->secret, &error));
	assert_true(kt_secret_append_text(&answer->oauth_refresh_token,
	                                  sample->oauth_refresh_token, &error));
	answer->is_bearer = sample->is_bearer;
	answer->expires = sample->expires;
}

static void make_request(struct kt_request *request, const char *lines)
{
	struct kt_error error = { 0 };
	char text[512];

	snprintf(text, sizeof(text), SERVICE "%s\n", lines);
	assert_true(kt_request_parse_git(request, text, strlen(text), &error));
}

static void answers_follow_what_was_offered(void **state)
{
	static const struct {
		const char *request;
		const struct sample *sample;
		const char *answer;
	} rows[] = {
		{ "", &pat, "username=work\npassword=pat_ex\n" },
		{ "", &grant, "username=coze\npassword=czt_ex\npassword_expiry_utc=1767230000\n" },
		{ "", &bearer, "username=work\npassword=pat_ex\n" },
		{ "", &stored, "username=bob\npassword=pw\noauth_refresh_token=rt_ex\n" },
		{ "wwwauth[]=Bearer\n", &pat, "username=work\npassword=pat_ex\n" },
		{ "capability[]=state\nwwwauth[]=Bearer\n", &bearer,
		  "capability[]=state\nusername=work\npassword=pat_ex\n"
		  "state[]=keyturn:acct=work\n" },
		{ "capability[]=authtype\n", &pat,
		  "capability[]=authtype\nusername=work\npassword=pat_ex\n" },
		{ "capability[]=authtype\nwwwauth[]=Basic realm=\"x\"\n", &pat,
		  "capability[]=authtype\nusername=work\npassword=pat_ex\n" },
		{ "capability[]=authtype\nwwwauth[]=Basic\nwwwauth[]=Bearer\n", &pat,
		  "capability[]=authtype\nusername=work\npassword=pat_ex\n" },
		{ "capability[]=authtype\nwwwauth[]=bearer realm=\"x\"\n", &pat,
		  "capability[]=authtype\nauthtype=Bearer\ncredential=pat_ex\n" },
		{ "capability[]=authtype\nwwwauth[]=Basic\n", &bearer,
		  "capability[]=authtype\nauthtype=Bearer\ncredential=pat_ex\n" },
		{ "capability[]=authtype\n", &unnamed,
		  "capability[]=authtype\nauthtype=Bearer\ncredential=random\n" },
		{ "", &unnamed, "password=random\n" },
		{ "capability[]=authtype\ncapability[]=state\nwwwauth[]=Bearer\n", &grant,
		  "capability[]=authtype\ncapability[]=state\nauthtype=Bearer\ncredential=czt_ex\n"
		  "ephemeral=1\npassword_expiry_utc=1767230000\nstate[]=keyturn:acct=work\n" },
	};

	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
		KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
		KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
		struct kt_error error = { 0 };

		make_request(&request, rows[i].request);
		make_answer(&answer, rows[i].sample);
		assert_true(kt_protocol_git_answer(&request, &answer, &bytes, &error));
		assert_string_equal(kt_secret_reveal(&bytes), rows[i].answer);
	}
}

static void a_value_that_breaks_the_lines_leaves_no_answer(void **state)
{
	static const char *const values[] = { "a\nb", "a\rb", "a\tb", "\x7f", "\x1b[31m", "\n" };

	(void)state;

	for (size_t i = 0; i < 4 * COUNT(values); i++) {
		KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
		KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
		KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
		struct kt_error error = { 0 };
		const char *value = values[i / 4];

		make_request(&request, "capability[]=state\n");
		make_answer(&answer, &stored);
		if (i % 4 == 0)
			assert_true(kt_text_set(&answer.username, value, &error));
		if (i % 4 == 1)
			assert_true(kt_text_set(&answer.account, value, &error));
		if (i % 4 == 2)
			assert_true(kt_secret_set(&answer.secret, value, strlen(value), &error));
		if (i % 4 == 3)
			assert_true(kt_secret_set(&answer.oauth_refresh_token, value,
			                          strlen(value), &error));

		assert_false(kt_protocol_git_answer(&request, &answer, &bytes, &error));
		assert_int_equal(error.code, KT_ERROR_USAGE);
		assert_true(kt_secret_is_empty(&bytes));
	}
}

static void a_secret_with_a_nul_leaves_no_answer(void **state)
{
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	make_request(&request, "");
	make_answer(&answer, &pat);
	assert_true(kt_secret_append(&answer.secret, "\0x", 2, &error));

	assert_false(kt_protocol_git_answer(&request, &answer, &bytes, &error));
	assert_true(kt_secret_is_empty(&bytes));
}

static void capabilities_are_git_s_text(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };

	(void)state;

	assert_true(kt_protocol_git_capabilities(&bytes, &error));
	assert_string_equal(kt_secret_reveal(&bytes),
	                    "version 0\ncapability authtype\ncapability state\n");
}

static void token_and_header_are_one_line(void **state)
{
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret token = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret header = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	make_answer(&answer, &pat);

	assert_true(kt_protocol_token_answer(NULL, &answer, &token, &error));
	assert_true(kt_protocol_header_answer(NULL, &answer, &header, &error));
	assert_string_equal(kt_secret_reveal(&token), "pat_ex\n");
	assert_string_equal(kt_secret_reveal(&header), "Authorization: Bearer pat_ex\n");
}

static void a_token_that_no_header_may_hold_is_refused(void **state)
{
	static const char *const tokens[] = { "", "a b", "a\nX-Other: b", "a\r", "\xc3\xa4", "\t" };

	(void)state;

	for (size_t i = 0; i < COUNT(tokens); i++) {
		KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
		KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
		struct kt_error error = { 0 };

		assert_true(kt_secret_append_text(&answer.secret, tokens[i], &error));
		assert_false(kt_protocol_token_answer(NULL, &answer, &bytes, &error));
		assert_false(kt_protocol_header_answer(NULL, &answer, &bytes, &error));
		assert_true(kt_secret_is_empty(&bytes));
	}
}

static void assert_same(const struct kt_answer *answer, const struct kt_answer *other)
{
	assert_true(kt_text_is_equal(answer->account, other->account));
	assert_true(kt_text_is_equal(answer->username, other->username));
	assert_int_equal(!answer->username, !other->username);
	assert_true(kt_text_is_equal(answer->kind, other->kind));
	assert_true(kt_text_is_equal(answer->service, other->service));
	assert_true(kt_secret_is_equal(&answer->secret, &other->secret));
	assert_int_equal(answer->is_bearer, other->is_bearer);
	assert_int_equal(answer->is_token, other->is_token);
	assert_true(answer->expires == other->expires && answer->obtained == other->obtained);
}

static void unpacking_undoes_packing(void **state)
{
	static const struct sample *const samples[] = { &pat, &grant, &bearer, &unnamed };

	(void)state;

	for (size_t i = 0; i < COUNT(samples); i++) {
		KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
		KT_CLEANUP(kt_answer_clear) struct kt_answer other = { 0 };
		KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
		struct kt_error error = { 0 };

		make_answer(&answer, samples[i]);
		answer.is_token = i % 2;
		answer.obtained = 1767000000;

		assert_true(kt_answer_pack(&answer, &bytes, &error));
		assert_true(kt_answer_unpack(&other, kt_secret_reveal(&bytes),
		                             kt_secret_length(&bytes), &error));
		assert_same(&answer, &other);
	}
}

static void a_packed_answer_cut_or_lengthened_is_none(void **state)
{
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	make_answer(&answer, &pat);
	assert_true(kt_answer_pack(&answer, &bytes, &error));
	assert_true(kt_secret_append(&bytes, "x", 1, &error));

	for (size_t length = 0; length <= kt_secret_length(&bytes); length++) {
		KT_CLEANUP(kt_answer_clear) struct kt_answer other = { 0 };
		struct kt_error reason = { 0 };
		bool is_whole = length == kt_secret_length(&bytes) - 1;

		assert_int_equal(kt_answer_unpack(&other, kt_secret_reveal(&bytes), length, &reason),
		                 is_whole);
		assert_int_equal(reason.code, is_whole ? KT_ERROR_NONE : KT_ERROR_CORRUPT);
	}
}

static void a_refresh_token_is_never_packed(void **state)
{
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	make_answer(&answer, &stored);

	assert_false(kt_answer_pack(&answer, &bytes, &error));
	assert_int_equal(error.code, KT_ERROR_UNSAFE);
	assert_true(kt_secret_is_empty(&bytes));
}

static void sending_to_nobody_fails(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };
	struct kt_error other = { 0 };
	int ends[2];

	(void)state;
	assert_true(kt_secret_append_text(&bytes, "password=x\n", &error));
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);

	assert_false(kt_answer_send(ends[1], &bytes, &error));
	close(ends[1]);
	assert_false(kt_answer_send(ends[1], &bytes, &other));
	assert_int_equal(error.code, KT_ERROR_INTERNAL);
	assert_int_equal(other.code, KT_ERROR_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_follow_what_was_offered),
		cmocka_unit_test(a_value_that_breaks_the_lines_leaves_no_answer),
		cmocka_unit_test(a_secret_with_a_nul_leaves_no_answer),
		cmocka_unit_test(capabilities_are_git_s_text),
		cmocka_unit_test(token_and_header_are_one_line),
		cmocka_unit_test(a_token_that_no_header_may_hold_is_refused),
		cmocka_unit_test(unpacking_undoes_packing),
		cmocka_unit_test(a_packed_answer_cut_or_lengthened_is_none),
		cmocka_unit_test(a_refresh_token_is_never_packed),
		cmocka_unit_test(sending_to_nobody_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

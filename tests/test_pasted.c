/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "helper/keeper/account/service.h"
#include "helper/keeper/login/pasted.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/secret.h"
#include "keyring/suggestion.h"

#define NBSP "\302\240"
#define IDEOGRAPHIC_SPACE "\343\200\200"
#define ZERO_WIDTH_SPACE "\342\200\213"
#define BOM "\357\273\277"
#define LEFT_TO_RIGHT_MARK "\342\200\216"

static const struct {
	const char *pasted;
	unsigned int removed;
} taken[] = {
	{ "pat_abc123", 0 },
	{ " pat_abc123 ", 0 },
	{ "\t pat_abc123\r\n", 0 },
	{ "\r\npat_abc123\r\n\r\n", 0 },
	{ "\"pat_abc123\"", KT_PASTED_QUOTES },
	{ "'pat_abc123'", KT_PASTED_QUOTES },
	{ "`pat_abc123`", KT_PASTED_QUOTES },
	{ "\"'pat_abc123'\"", KT_PASTED_QUOTES },
	{ "\"pat_abc123\",", KT_PASTED_QUOTES },
	{ "'pat_abc123';", KT_PASTED_QUOTES },
	{ "\342\200\234pat_abc123\342\200\235", KT_PASTED_QUOTES },
	{ "\342\200\230pat_abc123\342\200\231", KT_PASTED_QUOTES },
	{ "\343\200\214pat_abc123\343\200\215", KT_PASTED_QUOTES },
	{ "\357\274\202pat_abc123\357\274\202", KT_PASTED_QUOTES },
	{ "<pat_abc123>", KT_PASTED_QUOTES },
	{ "\302\253pat_abc123\302\273", KT_PASTED_QUOTES },
	{ "COZE_API_TOKEN=pat_abc123", KT_PASTED_NAME },
	{ "COZE_API_TOKEN = pat_abc123", KT_PASTED_NAME },
	{ "export COZE_API_TOKEN=pat_abc123", KT_PASTED_NAME },
	{ "export COZE_API_TOKEN=\"pat_abc123\"", KT_PASTED_NAME | KT_PASTED_QUOTES },
	{ "COZE_API_TOKEN='pat_abc123'", KT_PASTED_NAME | KT_PASTED_QUOTES },
	{ "COZE_API_TOKEN: pat_abc123", KT_PASTED_NAME },
	{ "COZE_API_TOKEN\357\274\235pat_abc123", KT_PASTED_NAME },
	{ "token=pat_abc123", KT_PASTED_NAME },
	{ "Token: pat_abc123", KT_PASTED_NAME },
	{ "\"token\": \"pat_abc123\",", KT_PASTED_NAME | KT_PASTED_QUOTES },
	{ "\"my_token\": \"pat_abc123\"", KT_PASTED_NAME | KT_PASTED_QUOTES },
	{ "\344\273\244\347\211\214\357\274\232pat_abc123", KT_PASTED_NAME },
	{ "Bearer pat_abc123", KT_PASTED_SCHEME },
	{ "bearer  pat_abc123", KT_PASTED_SCHEME },
	{ "Bearer" NBSP "pat_abc123", KT_PASTED_SCHEME },
	{ "Authorization: Bearer pat_abc123", KT_PASTED_NAME | KT_PASTED_SCHEME },
	{ "\"Authorization: Bearer pat_abc123\"",
	  KT_PASTED_NAME | KT_PASTED_SCHEME | KT_PASTED_QUOTES },
	{ "\"Authorization\": \"Bearer pat_abc123\"",
	  KT_PASTED_NAME | KT_PASTED_SCHEME | KT_PASTED_QUOTES },
	{ NBSP "pat_abc123" NBSP, KT_PASTED_INVISIBLE },
	{ IDEOGRAPHIC_SPACE "pat_abc123" IDEOGRAPHIC_SPACE, KT_PASTED_INVISIBLE },
	{ ZERO_WIDTH_SPACE "pat_abc123" ZERO_WIDTH_SPACE, KT_PASTED_INVISIBLE },
	{ BOM "pat_abc123", KT_PASTED_INVISIBLE },
	{ BOM "COZE_API_TOKEN=pat_abc123", KT_PASTED_INVISIBLE | KT_PASTED_NAME },
	{ LEFT_TO_RIGHT_MARK "pat_abc123\n", KT_PASTED_INVISIBLE },
	{ "\342\201\240pat_abc123", KT_PASTED_INVISIBLE },
	{ "\"" ZERO_WIDTH_SPACE "pat_abc123\"", KT_PASTED_QUOTES | KT_PASTED_INVISIBLE },
	{ "\302\255pat_abc123", KT_PASTED_INVISIBLE },
};

static void what_a_page_or_a_shell_puts_around_a_token_is_taken_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < KT_COUNT(taken); i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
		struct kt_error error = { 0 };
		unsigned int removed = 0;

		assert_true(kt_secret_append_text(&value, taken[i].pasted, &error));
		assert_true(kt_pasted_strip(&value, &removed, &error));
		assert_string_equal(kt_secret_reveal(&value), "pat_abc123");
		assert_int_equal(removed, taken[i].removed);
	}
}

/* Values of which nothing may be taken off. */
static void a_value_that_only_looks_like_one_with_more_stays(void **state)
{
	static const char *const values[] = {
		"abc=", "YWJjZA==", "key", "bearer", "Bearer ", "123:abc-def", "\"", "\"\"", "a=b",
		"310000000001.app.coze", "https://api.coze.cn/v1?token=x", "export ", "=x",
		"HTTPS://API.COZE.CN",
	};

	(void)state;
	for (size_t i = 0; i < KT_COUNT(values); i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
		struct kt_error error = { 0 };
		unsigned int removed = 0;

		assert_true(kt_secret_append_text(&value, values[i], &error));
		kt_secret_trim(&value);
		assert_true(kt_pasted_strip(&value, &removed, &error));
		assert_int_equal(kt_secret_length(&value), strlen(values[i]) -
		                 (values[i][strlen(values[i]) - 1] == ' '));
		assert_int_equal(removed, 0);
	}
}

static void a_character_that_does_not_belong_inside_is_named_with_its_place(void **state)
{
	static const struct {
		const char *value;
		const char *said;
	} refused[] = {
		{ "pat_abc" ZERO_WIDTH_SPACE "d", "character 8 one that cannot be seen: U+200B" },
		{ "pat_abc" IDEOGRAPHIC_SPACE "d", "character 8 one that cannot be seen: U+3000" },
		{ "pat_abc d", "a blank as its character 8" },
		{ "pat_a\nb", "a line end as its character 6" },
		{ "pat_\033b", "a control character as its character 5: U+001B" },
		{ "\357\275\220at_a", "a full-width character as its character 1: U+FF50" },
		{ "pat_\357\274\221", "a full-width character as its character 5: U+FF11" },
		{ "pat\342\200\223a", "character 4 a dash that is not '-': U+2013" },
		{ "pat_\303\244", "character 5 one that is not ASCII: U+00E4" },
		{ "pat_\377", "not UTF-8 at its character 5" },
		{ "\346\210\221\347\232\204", "character 1 one that is not ASCII: U+6211" },
	};

	(void)state;
	for (size_t i = 0; i < KT_COUNT(refused); i++) {
		struct kt_error error = { 0 };

		assert_false(kt_pasted_check(refused[i].value, strlen(refused[i].value), "the token",
		                             &error));
		assert_int_equal(error.code, KT_ERROR_USAGE);
		assert_non_null(strstr(error.message, refused[i].said));
		assert_non_null(strstr(error.message, "the token"));
		assert_string_not_equal(error.remedy, "");
	}
}

static void a_masked_token_is_refused(void **state)
{
	static const char *const masked[] = {
		"pat_****", "pat_abc****def", "pat_abc...def", "pat_abc\342\200\246", "pat_xxxx",
		"pat_XXXXXXXX", "********", "pat_\342\200\242\342\200\242\342\200\242",
	};
	static const char *const whole[] = { "pat_abc", "pat_one", "sat_a.b.c", "pat_xxy", "xx" };

	(void)state;
	for (size_t i = 0; i < KT_COUNT(masked) + KT_COUNT(whole); i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
		struct kt_error error = { 0 };
		bool is_masked = i < KT_COUNT(masked);

		assert_true(kt_secret_append_text(&value, is_masked ? masked[i]
		                                  : whole[i - KT_COUNT(masked)], &error));
		assert_int_equal(kt_pasted_check_whole(&value, &error), !is_masked);
	}
}

static void the_form_of_a_coze_token_is_its_prefix_and_plain_characters(void **state)
{
	(void)state;
	assert_true(kt_pasted_is_coze_token("pat_a"));
	assert_true(kt_pasted_is_coze_token("sat_A-b.c~d+e/f="));
	assert_true(kt_pasted_is_coze_token("cztei_x"));
	assert_false(kt_pasted_is_coze_token("pat_"));
	assert_false(kt_pasted_is_coze_token("hunter2"));
	assert_false(kt_pasted_is_coze_token("\"pat_a"));
	assert_false(kt_pasted_is_coze_token("pat_a\""));
	assert_false(kt_pasted_is_coze_token("PAT_a"));
}

static void every_address_and_name_of_a_site_means_it(void **state)
{
	static const char *const meant[] = {
		"coze.cn", "cn", "CN", "COZE.CN", "www.coze.cn", "api.coze.cn", "ws.coze.cn",
		"https://www.coze.cn", "https://www.coze.cn/open/oauth/pats", "http://coze.cn/",
		"https://api.coze.cn/v1", "coze.cn.", "coze\343\200\202cn",
		"\357\275\203\357\275\217\357\275\232\357\275\205\357\274\216\357\275\203\357\275\216",
		"https://www.coze.cn:443/x?y#z",
	};
	static const char *const others[] = {
		"", "c", "coze", "coze.org", "coze.cn.example.com", "https://example.com/coze.cn",
		"xcoze.cn", "https://git.coze.cn", "www.cn.example",
	};

	(void)state;
	for (size_t i = 0; i < KT_COUNT(meant); i++) {
		const char *site = kt_service_site_meant(meant[i]);

		assert_non_null(site);
		assert_string_equal(site, "coze.cn");
	}
	for (size_t i = 0; i < KT_COUNT(others); i++)
		assert_null(kt_service_site_meant(others[i]));
}

static void a_slip_is_near_and_another_word_is_not(void **state)
{
	static const struct {
		const char *word;
		const char *meant;
	} words[] = {
		{ "toekn", "token" }, { "tokne", "token" }, { "logn", "login" }, { "lgoin", "login" },
		{ "log", "login" }, { "TOKEN", "token" }, { "lst", "list" }, { "defualt", "default" },
		{ "x", NULL }, { "banana", NULL }, { "", NULL }, { "to", NULL },
	};
	static const char *const known[] = { "token", "login", "logout", "list", "default" };

	(void)state;
	for (size_t i = 0; i < KT_COUNT(words); i++) {
		struct kt_suggestion suggestion = { 0 };

		for (size_t j = 0; j < KT_COUNT(known); j++)
			kt_suggestion_consider(&suggestion, words[i].word, known[j]);
		if (words[i].meant)
			assert_string_equal(suggestion.word, words[i].meant);
		else
			assert_null(suggestion.word);
	}
}

static void columns_are_those_of_a_terminal(void **state)
{
	(void)state;
	assert_int_equal(kt_characters_columns(""), 0);
	assert_int_equal(kt_characters_columns("work"), 4);
	assert_int_equal(kt_characters_columns("\345\267\245\344\275\234"), 4);
	assert_int_equal(kt_characters_columns("e\314\201"), 1);
	assert_int_equal(kt_characters_columns("J\303\274rgen"), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_page_or_a_shell_puts_around_a_token_is_taken_off),
		cmocka_unit_test(a_value_that_only_looks_like_one_with_more_stays),
		cmocka_unit_test(a_character_that_does_not_belong_inside_is_named_with_its_place),
		cmocka_unit_test(a_masked_token_is_refused),
		cmocka_unit_test(the_form_of_a_coze_token_is_its_prefix_and_plain_characters),
		cmocka_unit_test(every_address_and_name_of_a_site_means_it),
		cmocka_unit_test(a_slip_is_near_and_another_word_is_not),
		cmocka_unit_test(columns_are_those_of_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "helper/courier/body.h"
#include "keyring/cleanup.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static void add(struct kt_errand *errand, const char *name, const char *value)
{
	struct kt_error error = { 0 };

	assert_true(kt_errand_add(errand, name, value, &error));
}

static void json_bodies_hold_text_numbers_and_raw_json(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret body = { 0 };
	struct kt_error error = { 0 };
	const char *type = NULL;

	(void)state;
	add(&errand, "url", "https://api.example/");
	add(&errand, "format", "json");
	add(&errand, "body.grant_type", "a\"b\\c\nd");
	add(&errand, "number.duration_seconds", "900");
	add(&errand, "raw.scope", "{\"a\" : [1,null,{\"b\":true}]}");

	assert_true(kt_body_compose(&errand, &body, &type, &error));

	assert_string_equal(type, "application/json");
	assert_string_equal(kt_secret_reveal(&body),
	                    "{\"grant_type\":\"a\\\"b\\\\c\\nd\",\"duration_seconds\":900,"
	                    "\"scope\":{\"a\":[1,null,{\"b\":true}]}}");
}

static void form_bodies_are_percent_encoded(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret body = { 0 };
	struct kt_error error = { 0 };
	const char *type = NULL;

	(void)state;
	add(&errand, "format", "form");
	add(&errand, "body.code", "a&b=c d+e%\xc3\xa9");
	add(&errand, "body.scope", "");
	add(&errand, "body.a[]", "~._-");

	assert_true(kt_body_compose(&errand, &body, &type, &error));

	assert_string_equal(type, "application/x-www-form-urlencoded");
	assert_string_equal(kt_secret_reveal(&body),
	                    "code=a%26b%3Dc%20d%2Be%25%C3%A9&scope=&a%5B%5D=~._-");
}

static void bodies_that_cannot_be_are_refused(void **state)
{
	static const char *const bad[][3] = {
		{ "xml", "body.a", "b" },       { "json", "number.a", "1.5" },
		{ "json", "number.a", "-1" },   { "json", "number.a", "" },
		{ "json", "raw.a", "{" },       { "json", "raw.a", "1 2" },
		{ "json", "body.a", "\xff" },   { "form", "number.a", "1" },
		{ "form", "raw.a", "{}" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
		KT_CLEANUP(kt_secret_clear) struct kt_secret body = { 0 };
		struct kt_error error = { 0 };
		const char *type = NULL;

		add(&errand, "format", bad[i][0]);
		add(&errand, bad[i][1], bad[i][2]);
		assert_false(kt_body_compose(&errand, &body, &type, &error));
		assert_int_not_equal(error.code, KT_ERROR_NONE);
	}
}

static bool flatten(struct kt_errand *answer, const char *text, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret body = { 0 };

	assert_true(kt_secret_append_text(&body, text, error));
	return kt_body_flatten(answer, &body, false, error);
}

static void answers_become_flat_fields(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(flatten(&answer,
	                    "{\"access_token\":\"czu_a\",\"expires_in\":1720098388,\"ok\":true,"
	                    "\"none\":null,\"data\":{\"user_id\":\"7\",\"n\":2,\"deep\":{\"a\":1}},"
	                    "\"detail\":{\"logid\":\"x\"},\"other\":{\"hidden\":1},"
	                    "\"grant_types_supported\":[\"a\",5,\"b\",\"c\\nd\"],"
	                    "\"unknown_list\":[\"a\"],\"scopes_supported\":[]}",
	                    &error));

	assert_int_equal(answer.count, 7);
	assert_true(kt_errand_is(&answer, "s.access_token", "czu_a"));
	assert_true(kt_errand_is(&answer, "n.expires_in", "1720098388"));
	assert_true(kt_errand_is(&answer, "b.ok", "true"));
	assert_true(kt_errand_is(&answer, "s.data.user_id", "7"));
	assert_true(kt_errand_is(&answer, "n.data.n", "2"));
	assert_true(kt_errand_is(&answer, "s.detail.logid", "x"));
	assert_true(kt_errand_is(&answer, "l.grant_types_supported", "a\nb"));
}

/* A member called "data.code" must not pass for the member "code" of "data". */
static void names_that_could_deceive_are_left_out(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(flatten(&answer,
	                    "{\"data.code\":1,\"data\":{\"code\":2,\"a.b\":3},\"a b\":4,"
	                    "\"\":5,\"\xc3\xa9\":6,\"a\\nb\":7}",
	                    &error));

	assert_int_equal(answer.count, 1);
	assert_true(kt_errand_is(&answer, "n.data.code", "2"));
}

/* RFC 6749, 5.2 is ASCII; a server that writes Latin-1 says invalid_grant all the same. */
static void text_that_is_not_utf8_is_replaced(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(flatten(&answer,
	                    "{\"error\":\"invalid_grant\",\"error_description\":\"r\xe9voqu\xe9"
	                    " \xc3\xa9\xe2\x82\"}", &error));
	assert_true(kt_errand_is(&answer, "s.error", "invalid_grant"));
	assert_true(kt_errand_is(&answer, "s.error_description",
	                         "r\xef\xbf\xbdvoqu\xef\xbf\xbd \xc3\xa9\xef\xbf\xbd\xef\xbf\xbd"));
}

static void a_form_is_an_answer_too(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret body = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(kt_secret_append_text(&body, "access_token=gho_a%2Bb&scope=repo%2Cgist+read&"
	                                  "token_type=bearer&expires_in=28800&empty=&bare", &error));
	assert_true(kt_body_flatten(&answer, &body, true, &error));
	assert_true(kt_errand_is(&answer, "s.access_token", "gho_a+b"));
	assert_true(kt_errand_is(&answer, "s.scope", "repo,gist read"));
	assert_true(kt_errand_is(&answer, "s.expires_in", "28800"));
	assert_true(kt_errand_is(&answer, "s.empty", ""));
	assert_int_equal(answer.count, 6);
}

static void a_broken_form_leaves_nothing(void **state)
{
	static const char *const broken[] = {
		"", "<html>", "a=1&a=2", "a=%", "a=%zz", "a=%00", "a=%0a",
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(broken); i++) {
		KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
		KT_CLEANUP(kt_secret_clear) struct kt_secret body = { 0 };
		struct kt_error error = { 0 };

		assert_true(kt_secret_append_text(&body, broken[i], &error));
		assert_false(kt_body_flatten(&answer, &body, true, &error));
		assert_int_equal(error.code, KT_ERROR_SERVER);
		assert_int_equal(answer.count, 0);
	}
}

static void the_person_of_an_id_token_is_told(void **state)
{
	/* {"sub":"user?7>>"}, whose base64url has - and _ */
	static const struct {
		const char *token;
		const char *subject;
	} rows[] = {
		{ "e30.eyJzdWIiOiJ1c2VyPzc-PiJ9.c2ln", "user?7>>" },
		{ "e30.eyJzdWIiOjd9.c2ln", NULL },
		{ "e30.e30.c2ln", NULL },
		{ "e30.%%%.c2ln", NULL },
		{ "e30.eyJzdWIi.c2ln", NULL },
		{ "e30", NULL },
		{ "..", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
		struct kt_error error = { 0 };
		char text[256];

		snprintf(text, sizeof(text), "{\"id_token\":\"%s\"}", rows[i].token);
		assert_true(flatten(&answer, text, &error));
		assert_int_equal(kt_errand_text(&answer, "s.id_token.sub") != NULL,
		                 rows[i].subject != NULL);
		if (rows[i].subject)
			assert_true(kt_errand_is(&answer, "s.id_token.sub", rows[i].subject));
	}
}

static void broken_answers_leave_nothing(void **state)
{
	static const char *const broken[] = {
		"", "[]", "1", "\"a\"", "{", "{\"a\":1", "{\"a\":1}{}", "{\"a\":1,\"a\":2}",
		"{\"access_token\":\"a\\u0000b\"}", "{\"a\":[[[[[[[[1]]]]]]]]}", "<html>",
		"{\"data\":{\"a\":1,\"a\":2}}", "\xff{\"a\":1}",
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(broken); i++) {
		KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
		struct kt_error error = { 0 };

		assert_false(flatten(&answer, broken[i], &error));
		assert_int_equal(error.code, KT_ERROR_SERVER);
		assert_int_equal(answer.count, 0);
	}
}

static void an_answer_of_too_many_members_is_refused(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret body = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(kt_secret_append_text(&body, "{\"a\":0", &error));
	for (size_t i = 0; i < KT_BODY_FIELDS; i++) {
		char member[32];

		snprintf(member, sizeof(member), ",\"m%zu\":0", i);
		assert_true(kt_secret_append_text(&body, member, &error));
	}
	assert_true(kt_secret_append_text(&body, "}", &error));

	assert_false(kt_body_flatten(&answer, &body, false, &error));
	assert_int_equal(answer.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_bodies_hold_text_numbers_and_raw_json),
		cmocka_unit_test(form_bodies_are_percent_encoded),
		cmocka_unit_test(bodies_that_cannot_be_are_refused),
		cmocka_unit_test(answers_become_flat_fields),
		cmocka_unit_test(names_that_could_deceive_are_left_out),
		cmocka_unit_test(text_that_is_not_utf8_is_replaced),
		cmocka_unit_test(a_form_is_an_answer_too),
		cmocka_unit_test(a_broken_form_leaves_nothing),
		cmocka_unit_test(the_person_of_an_id_token_is_told),
		cmocka_unit_test(broken_answers_leave_nothing),
		cmocka_unit_test(an_answer_of_too_many_members_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

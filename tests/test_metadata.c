/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helper/keeper/login/metadata.h"
#include "keyring/cleanup.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static void an_address_is_https_or_of_this_machine(void **state)
{
	static const struct {
		const char *url;
		bool is_safe;
	} rows[] = {
		{ "https://a.example", true },
		{ "https://a.example/b?c=d", true },
		{ "http://127.0.0.1:8080/b", true },
		{ "http://[::1]/b", true },
		{ "http://a.example", false },
		{ "http://localhost:8080/b", true },
		{ "http://localhost.example/b", false },
		{ "https://user@a.example", false },
		{ "https://a.example/#b", false },
		{ "https://a.example/ b", false },
		{ "https:///b", false },
		{ "file:///etc/passwd", false },
		{ "a.example", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(rows); i++)
		assert_int_equal(kt_metadata_is_safe(rows[i].url), rows[i].is_safe);
}

/* A server elsewhere does not send requests to programs on this machine. */
static void an_https_address_never_leads_to_plain_http(void **state)
{
	(void)state;
	assert_true(kt_metadata_is_safe_below("https://b.example", "https://a.example"));
	assert_true(kt_metadata_is_safe_below("https://b.example", "http://127.0.0.1:1"));
	assert_true(kt_metadata_is_safe_below("http://127.0.0.1:2", "http://127.0.0.1:1"));
	assert_false(kt_metadata_is_safe_below("http://127.0.0.1:2", "https://a.example"));
	assert_false(kt_metadata_is_safe_below("http://b.example", "http://127.0.0.1:1"));
}

static void an_empty_path_is_a_slash_and_nothing_else_is_forgiven(void **state)
{
	static const struct {
		const char *url;
		const char *other;
		bool is_same;
	} rows[] = {
		{ "https://a.example", "https://a.example", true },
		{ "https://a.example", "https://a.example/", true },
		{ "https://a.example/", "https://a.example", true },
		{ "https://a.example/b", "https://a.example/b/", false },
		{ "https://a.example", "https://a.example//", false },
		{ "https://a.example/", "https://a.example/?", false },
		{ "https://a.example", "https://A.example", false },
		{ "https://a.example", "https://a.example.b", false },
		{ "a", "a", true },
		{ "", "/", false },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(rows); i++)
		assert_int_equal(kt_metadata_is_same(rows[i].url, rows[i].other), rows[i].is_same);
}

static void a_list_has_whole_words(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(kt_errand_add(&answer, "l.words", "read\nreads", &error));
	assert_true(kt_metadata_lists(&answer, "l.words", "read", false));
	assert_true(kt_metadata_lists(&answer, "l.words", "reads", false));
	assert_false(kt_metadata_lists(&answer, "l.words", "rea", true));
	assert_false(kt_metadata_lists(&answer, "l.words", "readsx", true));
	assert_true(kt_metadata_lists(&answer, "l.none", "read", true));
	assert_false(kt_metadata_lists(&answer, "l.none", "read", false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_https_or_of_this_machine),
		cmocka_unit_test(an_https_address_never_leads_to_plain_http),
		cmocka_unit_test(an_empty_path_is_a_slash_and_nothing_else_is_forgiven),
		cmocka_unit_test(a_list_has_whole_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

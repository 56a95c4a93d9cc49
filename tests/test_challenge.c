/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "helper/courier/challenge.h"
#include "keyring/cleanup.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static void check(const char *value, const char *metadata, const char *scope)
{
	KT_CLEANUP(kt_challenge_clear) struct kt_challenge challenge = { 0 };
	struct kt_error error = { 0 };

	assert_true(kt_challenge_read(&challenge, value, strlen(value), &error));
	if (metadata)
		assert_string_equal(challenge.resource_metadata, metadata);
	else
		assert_null(challenge.resource_metadata);
	if (scope)
		assert_string_equal(challenge.scope, scope);
	else
		assert_null(challenge.scope);
}

static void a_challenge_names_metadata_and_scope(void **state)
{
	static const struct {
		const char *value;
		const char *metadata;
		const char *scope;
	} rows[] = {
		{ "Bearer resource_metadata=\"https://r/x\"", "https://r/x", NULL },
		{ " Bearer error=\"invalid_token\", scope=\"a b\",resource_metadata=\"https://r/x\"",
		  "https://r/x", "a b" },
		{ "bearer RESOURCE_METADATA = \"https://r/x\" , Scope=a", "https://r/x", "a" },
		{ "Basic realm=\"a, b\", Bearer resource_metadata=\"https://r\"", "https://r", NULL },
		{ "Negotiate YW+/Jj==, Bearer resource_metadata=\"https://r\"", "https://r", NULL },
		{ "Negotiate, DPoP algs=\"ES256\", resource_metadata=\"https://r\"", "https://r", NULL },
		{ "Bearer realm=\"a \\\"resource_metadata=\\\"\", resource_metadata=\"https:\\//r\"",
		  "https://r", NULL },
		{ "Bearer resource_metadata=https://r/x?y=z, scope=a", "https://r/x?y=z", "a" },
		{ "Bearer resource_metadata=\"https://first\", resource_metadata=\"https://second\"",
		  "https://first", NULL },
		{ "Bearer", NULL, NULL },
		{ "", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(rows); i++)
		check(rows[i].value, rows[i].metadata, rows[i].scope);
}

static void a_broken_challenge_ends_where_it_breaks(void **state)
{
	static const char *const values[] = {
		"Bearer resource_metadata=\"https://r", "Bearer resource_metadata=",
		"Bearer resource_metadata=\"\"", "Bearer resource_metadata=\"https://r \xc3\xa9\"",
		"Bearer resource_metadata=\"https://r\tx\"", "\"Bearer\" resource_metadata=\"https://r\"",
		"Bearer scope=\"a\x01\", realm=\"resource_metadata=x\"", "====,,,", "Bearer ===",
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(values); i++)
		check(values[i], NULL, NULL);
}

/* Two headers are one list (RFC 9110, 5.3), in which the first word counts. */
static void later_headers_add_only_what_is_missing(void **state)
{
	static const char first[] = "Bearer scope=\"a\"";
	static const char second[] = "Bearer scope=\"b\", resource_metadata=\"https://r\"";
	KT_CLEANUP(kt_challenge_clear) struct kt_challenge challenge = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(kt_challenge_read(&challenge, first, strlen(first), &error));
	assert_true(kt_challenge_read(&challenge, second, strlen(second), &error));
	assert_string_equal(challenge.scope, "a");
	assert_string_equal(challenge.resource_metadata, "https://r");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_challenge_names_metadata_and_scope),
		cmocka_unit_test(a_broken_challenge_ends_where_it_breaks),
		cmocka_unit_test(later_headers_add_only_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

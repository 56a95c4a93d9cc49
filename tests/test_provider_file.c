/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "helper/keeper/login/provider_file.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static void parse(struct kt_provider_file *provider, const char *content)
{
	struct kt_error error = { 0 };

	assert_true(kt_text_set(&provider->name, "hub", &error));
	assert_true(kt_provider_file_parse(provider, content, &error));
}

static void the_host_stands_in_addresses_and_parameters_add_up(void **state)
{
	KT_CLEANUP(kt_provider_file_clear) struct kt_provider_file provider = { 0 };
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	parse(&provider, "# a comment\n\nversion = 1\ntitle = Hub = ours\r\nhost = hub.example\n"
	      "token-endpoint = https://{host}/{host}\nparam = a=1\nparam=b=2\nparam = a=3\n"
	      "error = gone_away dead\nno-pkce = yes\nlifetime = never\n");
	assert_true(kt_provider_file_apply(&provider, NULL, false, &settings, &error));
	assert_string_equal(provider.title, "Hub = ours");
	assert_string_equal(settings.token_endpoint, "https://hub.example/hub.example");
	assert_string_equal(settings.parameters, "b=2\na=3");
	assert_string_equal(settings.errors, "gone_away=dead");
	assert_string_equal(settings.provider, "hub");
	assert_true(settings.no_pkce);
	assert_int_equal(settings.kind, KT_KIND_OAUTH);
}

static void of_another_server_the_addresses_are_left_out(void **state)
{
	KT_CLEANUP(kt_provider_file_clear) struct kt_provider_file provider = { 0 };
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	parse(&provider, "version = 1\nissuer = https://a.example\n"
	      "token-endpoint = https://a.example/t\nscope = x\n");
	assert_true(kt_provider_file_apply(&provider, NULL, true, &settings, &error));
	assert_null(settings.issuer);
	assert_null(settings.token_endpoint);
	assert_string_equal(settings.scope, "x");
}

static void lines_that_break_a_rule_are_named(void **state)
{
	static const struct {
		const char *content;
		const char *said;
	} cases[] = {
		{ "", "is empty" },
		{ "title = x\n", "line 1: its first line is not: version = 1" },
		{ "version = 2\n", "line 1" },
		{ "version = 1\ntitle\n", "line 2: it is not KEY = VALUE" },
		{ "version = 1\ntitle =\n", "line 2: its value is missing" },
		{ "version = 1\ntitle = a\ntitle = b\n", "line 3: title stands there twice" },
		{ "version = 1\nclient-secret-file = /etc/shadow\n", "is none of the keys" },
		{ "version = 1\nca-file = /etc/shadow\n", "is none of the keys" },
		{ "version = 1\nprovider = other\n", "is none of the keys" },
		{ "version = 1\ntitle = \033[2J\n", "line 2: it is not clean UTF-8" },
		{ "version = 1\ntitle = \xff\n", "line 2: it is not clean UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < KT_COUNT(cases); i++) {
		KT_CLEANUP(kt_provider_file_clear) struct kt_provider_file provider = { 0 };
		struct kt_error error = { 0 };

		assert_true(kt_text_set(&provider.name, "hub", &error));
		assert_false(kt_provider_file_parse(&provider, cases[i].content, &error));
		assert_int_equal(error.code, KT_ERROR_USAGE);
		assert_non_null(strstr(error.message, cases[i].said));
	}
}

static void values_are_checked_as_options_are(void **state)
{
	static const char *const contents[] = {
		"version = 1\nclient-auth = secret\n", "version = 1\nparam = state=x\n",
		"version = 1\nlifetime = long\n", "version = 1\nold-token = sleeps\n",
		"version = 1\nerror = gone\n", "version = 1\nerror = gone away\n",
		"version = 1\nanswer-member = tokens\n", "version = 1\nbody-format = xml\n",
	};

	(void)state;
	for (size_t i = 0; i < KT_COUNT(contents); i++) {
		KT_CLEANUP(kt_provider_file_clear) struct kt_provider_file provider = { 0 };
		KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
		struct kt_error error = { 0 };

		parse(&provider, contents[i]);
		assert_false(kt_provider_file_apply(&provider, NULL, false, &settings, &error));
		assert_int_equal(error.code, KT_ERROR_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_stands_in_addresses_and_parameters_add_up),
		cmocka_unit_test(of_another_server_the_addresses_are_left_out),
		cmocka_unit_test(lines_that_break_a_rule_are_named),
		cmocka_unit_test(values_are_checked_as_options_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

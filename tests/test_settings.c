/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/keeper/login/settings.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static char path[] = "/tmp/keyturn-settings-XXXXXX";

static int make_file(void **state)
{
	int descriptor = mkstemp(path);

	(void)state;
	return descriptor < 0 ? -1 : close(descriptor);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(const char *content)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(content, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void expect_usage(const char *content, enum kt_kind kind, bool is_config,
                         const char *said)
{
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
	struct kt_error error = { 0 };

	write_file(content);
	assert_false(is_config ? kt_settings_from_config(&settings, path, kind, &error)
	                       : kt_settings_from_env_file(&settings, path, kind, &error));
	assert_int_equal(error.code, KT_ERROR_USAGE);
	assert_non_null(strstr(error.message, said));
}

static void every_names_family_describes_its_app(void **state)
{
	static const struct {
		const char *content;
		enum kt_kind kind;
		const char *client_id;
	} cases[] = {
		{ "COZE_WEB_OAUTH_CLIENT_ID=a\nCOZE_WEB_OAUTH_CLIENT_SECRET=s\n", KT_KIND_WEB, "a" },
		{ "COZE_AUTH_WEB_OAUTH_CLIENT_ID=b\n", KT_KIND_WEB, "b" },
		{ "COZE_CLIENT_ID=c\nCOZE_CLIENT_SECRET=s\n", KT_KIND_WEB, "c" },
		{ "COZE_PKCE_OAUTH_CLIENT_ID=d\n", KT_KIND_PKCE, "d" },
		{ "COZE_DEVICE_OAUTH_CLIENT_ID=e\n", KT_KIND_DEVICE, "e" },
		{ "COZE_JWT_OAUTH_CLIENT_ID=f\n", KT_KIND_JWT, "f" },
		{ "COZELOOP_JWT_OAUTH_CLIENT_ID=g\n", KT_KIND_JWT, "g" },
		{ "COZE_APP_ID=h\n", KT_KIND_JWT, "h" },
		{ "COZE_API_TOKEN=pat_x\nCOZE_JWT_OAUTH_CLIENT_ID=f\n", KT_KIND_PAT, NULL },
		{ "VITE_COZE_TOKEN=pat_x\n", KT_KIND_PAT, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
		struct kt_error error = { 0 };

		write_file(cases[i].content);
		assert_true(kt_settings_from_env_file(&settings, path, KT_KIND_NONE, &error));
		assert_int_equal(settings.kind, cases[i].kind);
		assert_true(kt_text_is_equal(settings.client_id, cases[i].client_id));
	}
}

static void pkce_takes_the_web_redirect_where_it_has_none(void **state)
{
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	write_file("COZE_PKCE_OAUTH_CLIENT_ID=d\nCOZE_WEB_OAUTH_REDIRECT_URI=http://r/\n");
	assert_true(kt_settings_from_env_file(&settings, path, KT_KIND_NONE, &error));
	assert_string_equal(settings.redirect_uri, "http://r/");
}

static void several_apps_need_a_kind_and_nothing_is_said(void **state)
{
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
	struct kt_error error = { 0 };
	static const char both[] = "COZE_PKCE_OAUTH_CLIENT_ID=d\nCOZE_DEVICE_OAUTH_CLIENT_ID=e\n";

	(void)state;
	expect_usage(both, KT_KIND_NONE, false, "pkce device");
	expect_usage(both, KT_KIND_JWT, false, "no jwt app");
	expect_usage("", KT_KIND_NONE, false, "COZE_API_TOKEN is not set");
	write_file(both);
	assert_true(kt_settings_from_env_file(&settings, path, KT_KIND_DEVICE, &error));
	assert_string_equal(settings.client_id, "e");
}

static void secrets_leave_our_environment_when_they_are_read(void **state)
{
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	unsetenv("COZE_API_TOKEN");
	unsetenv("COZE_API_KEY");
	setenv("COZE_JWT_OAUTH_CLIENT_ID", "f", 1);
	setenv("COZE_JWT_OAUTH_PRIVATE_KEY", "key", 1);
	assert_true(kt_settings_from_environment(&settings, KT_KIND_NONE, &error));
	assert_string_equal(kt_secret_reveal(&settings.private_key), "key");
	assert_null(secure_getenv("COZE_JWT_OAUTH_PRIVATE_KEY"));
}

static void an_env_file_is_read_as_people_write_it(void **state)
{
	static const struct {
		const char *content;
		const char *token;
	} cases[] = {
		{ "\xef\xbb\xbf" "COZE_API_TOKEN=pat_x\r\n", "pat_x" },
		{ "  export\tCOZE_API_TOKEN = 'pat_x' # mine\n", "pat_x" },
		{ "#COZE_API_TOKEN=pat_y\nCOZE_API_TOKEN=pat_x # mine\n", "pat_x" },
		{ "COZE_API_TOKEN=pat_y\nCOZE_API_TOKEN=pat_x", "pat_x" },
		{ "COZE_API_TOKEN=pat_x#y\n", "pat_x#y" },
		{ "COZE_API_TOKEN=\"pat\\n\\\"\\\\x\"\n", "pat\n\"\\x" },
		{ "COZE_API_TOKEN='pat\\nx'\n", "pat\\nx" },
		{ "COZE_API_TOKEN='pat_x\n", "'pat_x" },
		{ "OTHER='\nCOZE_API_TOKEN=pat_y\n'\nCOZE_API_TOKEN=pat_x\n", "pat_x" },
		{ "KEY=-----BEGIN K-----\nCOZE_API_TOKEN=y\n-----END K-----\n"
		  "COZE_API_TOKEN=`pat_x`\n", "pat_x" },
		{ "COZE_API_TOKEN=\nCOZE_API_TOKEN_X=y\nCOZE_API_KEY=pat_x\n", "pat_x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
		struct kt_error error = { 0 };

		write_file(cases[i].content);
		assert_true(kt_settings_from_env_file(&settings, path, KT_KIND_NONE, &error));
		assert_string_equal(kt_secret_reveal(&settings.token), cases[i].token);
	}
}

static void a_key_of_several_lines_is_whole(void **state)
{
	static const char *const forms[] = {
		"COZE_JWT_OAUTH_PRIVATE_KEY=\"-----BEGIN PRIVATE KEY-----\nAA==\n"
		"-----END PRIVATE KEY-----\"",
		"COZE_JWT_OAUTH_PRIVATE_KEY='-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----'",
		"COZE_JWT_OAUTH_PRIVATE_KEY=-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----",
		"COZE_JWT_OAUTH_PRIVATE_KEY=\"-----BEGIN PRIVATE KEY-----\\nAA==\\n"
		"-----END PRIVATE KEY-----\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
		KT_CLEANUP(kt_text_free) char *content = NULL;
		struct kt_error error = { 0 };

		assert_true(kt_text_format(&content, &error, "%s\nCOZE_JWT_OAUTH_CLIENT_ID=f\n",
		                           forms[i]));
		write_file(content);
		assert_true(kt_settings_from_env_file(&settings, path, KT_KIND_NONE, &error));
		assert_string_equal(settings.client_id, "f");
		assert_string_equal(kt_secret_reveal(&settings.private_key),
		                    "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----");
	}
}

static void the_console_file_is_read_with_its_aliases(void **state)
{
	static const struct {
		const char *type;
		enum kt_kind kind;
	} types[] = {
		{ "web", KT_KIND_WEB }, { "pkce", KT_KIND_PKCE }, { "device", KT_KIND_DEVICE },
		{ "jwt", KT_KIND_JWT }, { "single_page", KT_KIND_PKCE }, { "server", KT_KIND_JWT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
		KT_CLEANUP(kt_text_free) char *content = NULL;
		struct kt_error error = { 0 };

		assert_true(kt_text_format(&content, &error, "{\"client_type\":\"%s\",\"client_id\":\"id\","
		                           "\"client_secret\":\"s\","
	                               "\"coze_api_base\":\"https://api.coze.cn\","
		                           "\"redirect_uris\":[\"http://r/\"],\"coze_domain\":\"x\"}",
		                           types[i].type));
		write_file(content);
		assert_true(kt_settings_from_config(&settings, path, KT_KIND_NONE, &error));
		assert_int_equal(settings.kind, types[i].kind);
		assert_string_equal(settings.client_id, "id");
		assert_string_equal(settings.api_base, "https://api.coze.cn");
		assert_string_equal(settings.redirect_uri, "http://r/");
		assert_int_equal(kt_secret_is_empty(&settings.client_secret),
		                 types[i].kind != KT_KIND_WEB);
		assert_int_equal(kt_secret_is_empty(&settings.private_key),
		                 types[i].kind != KT_KIND_JWT);
	}
}

static void a_console_file_that_is_none_is_refused_with_the_reason(void **state)
{
	(void)state;
	expect_usage("{\"client_type\":\"robot\"}", KT_KIND_NONE, true, "unknown");
	expect_usage("{\"client_id\":\"id\"}", KT_KIND_NONE, true, "no client_type");
	expect_usage("{\"client_type\":\"web\"}", KT_KIND_JWT, true, "--kind");
	expect_usage("[]", KT_KIND_NONE, true, "JSON");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_names_family_describes_its_app),
		cmocka_unit_test(pkce_takes_the_web_redirect_where_it_has_none),
		cmocka_unit_test(several_apps_need_a_kind_and_nothing_is_said),
		cmocka_unit_test(secrets_leave_our_environment_when_they_are_read),
		cmocka_unit_test(an_env_file_is_read_as_people_write_it),
		cmocka_unit_test(a_key_of_several_lines_is_whole),
		cmocka_unit_test(the_console_file_is_read_with_its_aliases),
		cmocka_unit_test(a_console_file_that_is_none_is_refused_with_the_reason),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}

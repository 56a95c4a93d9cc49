/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "helper/keeper/account/service.h"
#include "helper/keeper/login/coze_app.h"
#include "helper/keeper/oauth/grant.h"
#include "helper/keeper/oauth/pkce.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* Vectors are those of docs/coze.md, section 13. */

static void expect_challenge(const char *verifier, const char *expected)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret secret = { 0 };
	KT_CLEANUP(kt_text_free) char *challenge = NULL;
	struct kt_error error = { 0 };

	assert_true(kt_secret_set(&secret, verifier, strlen(verifier), &error));
	assert_true(kt_pkce_challenge(&secret, &challenge, &error));
	assert_string_equal(challenge, expected);
}

static void challenges_equal_vectors_1_to_4(void **state)
{
	char letters[129] = { 0 };

	(void)state;
	expect_challenge("code_verifier", "73oehA2tBul5grZPhXUGQwNAjxh69zNES8bu2bVD0EM");
	expect_challenge("test_code_verifier", "Qq1fGD0HhxwbmeMrqaebgn1qhvKeguQPXqLdpmixaM4");
	expect_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
	                 "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
	memset(letters, 'a', 43);
	expect_challenge(letters, "ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA");
	memset(letters, 'a', 128);
	expect_challenge(letters, "aDbPE7rEAOkQUHHNavRwhN-srU5eMCyUv-0k4BOvtz4");
}

struct vector {
	enum kt_kind kind;
	const char *api_base;
	const char *www_base;
	const char *workspace_id;
	const char *client_id;
	const char *redirect_uri;
	const char *state;
	const char *expected;
};

#define QUERY \
	"?response_type=code&client_id=client%20id&redirect_uri=https%3A%2F%2Fexample.com&state=state"
#define AUTHORIZE "/api/permission/oauth2/authorize"
#define COM "https://api.coze.com"

static const struct vector vectors[] = {
	{ KT_KIND_WEB, COM, NULL, NULL, "client id", "https://example.com", "state",
	  "https://www.coze.com" AUTHORIZE QUERY },
	{ KT_KIND_WEB, COM, NULL, "this_is_id", "client id", "https://example.com", "state",
	  "https://www.coze.com/api/permission/oauth2/workspace_id/this_is_id/authorize" QUERY },
	{ KT_KIND_WEB, COM, "https://example.com", NULL, "client id", "https://example.com", "state",
	  "https://example.com" AUTHORIZE QUERY },
	{ KT_KIND_WEB, "https://api.example.com", NULL, NULL, "client id", "https://example.com",
	  "state", "https://api.example.com" AUTHORIZE QUERY },
	{ KT_KIND_PKCE, COM, NULL, NULL, "client id", "https://example.com", "state",
	  "https://www.coze.com" AUTHORIZE QUERY
	  "&code_challenge=73oehA2tBul5grZPhXUGQwNAjxh69zNES8bu2bVD0EM&code_challenge_method=S256" },
	{ KT_KIND_WEB, COM, NULL, "123", "test-client-id", "https://example.com/callback",
	  "test-state",
	  "https://www.coze.com/api/permission/oauth2/workspace_id/123/authorize"
	  "?response_type=code&client_id=test-client-id"
	  "&redirect_uri=https%3A%2F%2Fexample.com%2Fcallback&state=test-state" },
	{ KT_KIND_WEB, "https://api.coze.cn/", NULL, NULL, "client id", "https://example.com",
	  "state", "https://www.coze.cn" AUTHORIZE QUERY },
};

static void fill(struct kt_credential *credential, const struct vector *vector)
{
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { .kind = vector->kind };
	struct kt_error error = { 0 };

	assert_true(kt_service_set_base(&credential->identity, vector->api_base, &error));
	assert_true(kt_text_set(&credential->identity.username, "main", &error));
	assert_true(kt_text_set(&settings.client_id, "id", &error));
	assert_true(kt_secret_set(&settings.client_secret, "secret", 6, &error));
	assert_true(kt_text_set(&settings.www_base, vector->www_base, &error));
	assert_true(kt_text_set(&settings.workspace_id, vector->workspace_id, &error));
	assert_true(kt_text_set(&settings.redirect_uri, vector->redirect_uri, &error));
	assert_true(kt_coze_app_fill(credential, &settings, &error));
	/* A blank in it is a slip of whoever pasted it; here it shows how it is encoded. */
	assert_true(kt_text_set(&credential->client_id, vector->client_id, &error));
}

static void authorize_urls_equal_vectors_5_to_10(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
		KT_CLEANUP(kt_secret_clear) struct kt_secret verifier = { 0 };
		KT_CLEANUP(kt_text_free) char *url = NULL;
		struct kt_error error = { 0 };
		bool is_pkce = vectors[i].kind == KT_KIND_PKCE;

		fill(&credential, &vectors[i]);
		assert_true(kt_secret_set(&verifier, "code_verifier", 13, &error));
		assert_true(kt_grant_authorize_url(&credential, vectors[i].redirect_uri,
		                                   vectors[i].state, is_pkce ? &verifier : NULL, &url,
		                                   &error));
		assert_string_equal(url, vectors[i].expected);
	}
}

static void slow_down_lengthens_polls_as_vector_11_has_it(void **state)
{
	static const int64_t expected[] = { 10, 15, 20, 25, 30, 30 };
	int64_t interval = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		interval = kt_grant_device_slower(&kt_dialect_coze, interval);
		assert_int_equal(interval, expected[i]);
	}
}

/* RFC 8628, 3.5. */
static void elsewhere_slow_down_has_no_end(void **state)
{
	int64_t interval = 5;

	(void)state;
	for (int i = 0; i < 20; i++)
		interval = kt_grant_device_slower(&kt_dialect_standard, interval);
	assert_int_equal(interval, 105);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(challenges_equal_vectors_1_to_4),
		cmocka_unit_test(authorize_urls_equal_vectors_5_to_10),
		cmocka_unit_test(slow_down_lengthens_polls_as_vector_11_has_it),
		cmocka_unit_test(elsewhere_slow_down_has_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

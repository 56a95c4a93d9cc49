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
#include <openssl/evp.h>

#include "helper/courier/pages.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static const enum kt_page all[] = { KT_PAGE_RECEIVED,  KT_PAGE_DENIED,      KT_PAGE_STRAY,
	                            KT_PAGE_NOT_FOUND, KT_PAGE_NOT_ALLOWED, KT_PAGE_TOO_LARGE };

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static void make(struct kt_secret *response, enum kt_page page)
{
	struct kt_error error = { 0 };

	assert_true(kt_pages_append(response, page, false, &error));
}

/* The hash that a browser computes from the page is the one that the header allows. */
static void the_style_is_the_one_that_the_policy_allows(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret response = { 0 };
		unsigned char digest[EVP_MAX_MD_SIZE];
		unsigned char encoded[64];
		char policy[256];
		const char *style;
		const char *end;

		make(&response, all[i]);
		style = strstr(kt_secret_reveal(&response), "<style>") + strlen("<style>");
		end = strstr(style, "</style>");
		assert_int_equal(EVP_Digest(style, (size_t)(end - style), digest, NULL,
		                            EVP_sha256(), NULL), 1);
		EVP_EncodeBlock(encoded, digest, 32);
		snprintf(policy, sizeof(policy),
		         "Content-Security-Policy: default-src 'none'; style-src 'sha256-%s';",
		         (char *)encoded);
		if (!strstr(kt_secret_reveal(&response), policy))
			fail_msg("the policy should begin with: %s", policy);
	}
}

static void every_answer_has_the_headers_that_protect_it(void **state)
{
	static const char *const lines[] = {
		"\r\nCache-Control: no-store\r\n",    "\r\nReferrer-Policy: no-referrer\r\n",
		"\r\nX-Frame-Options: DENY\r\n",      "\r\nConnection: close\r\n",
		"\r\nX-Content-Type-Options: nosniff\r\n",
		"\r\nContent-Security-Policy: default-src 'none';",
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(all); i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret response = { 0 };
		char length[64];
		const char *body;

		make(&response, all[i]);
		for (size_t k = 0; k < ELEMENTS(lines); k++)
			assert_non_null(strstr(kt_secret_reveal(&response), lines[k]));
		body = strstr(kt_secret_reveal(&response), "\r\n\r\n") + 4;
		snprintf(length, sizeof(length), "\r\nContent-Length: %zu\r\n", strlen(body));
		assert_non_null(strstr(kt_secret_reveal(&response), length));
		assert_true(kt_characters_are_utf8(body, strlen(body)));
	}
}

static void statuses_are_as_the_requests_deserve(void **state)
{
	static const char *const begins[] = { "HTTP/1.1 200 ", "HTTP/1.1 200 ", "HTTP/1.1 400 ",
		                              "HTTP/1.1 404 ", "HTTP/1.1 405 ", "HTTP/1.1 431 " };

	(void)state;
	for (size_t i = 0; i < ELEMENTS(all); i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret response = { 0 };

		make(&response, all[i]);
		assert_true(kt_text_has_prefix(kt_secret_reveal(&response), begins[i]));
	}
}

/* In English and in Chinese; and a client that does not read cannot hold the server. */
static void pages_say_it_in_two_languages_and_are_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret response = { 0 };

		make(&response, all[i]);
		assert_non_null(strstr(kt_secret_reveal(&response), "<html lang=\"en\">"));
		assert_non_null(strstr(kt_secret_reveal(&response), "lang=\"zh-CN\""));
		assert_true(kt_secret_length(&response) < 4096);
	}
}

static void the_language_is_that_of_the_browser_else_of_the_terminal(void **state)
{
	static const struct {
		const char *request;
		bool of_terminal[2]; /* English, Chinese */
	} cases[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", { false, true } },
		{ "GET / HTTP/1.1\r\nAccept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n\r\n", { true, true } },
		{ "GET / HTTP/1.1\r\naccept-language:ZH\r\n\r\n", { true, true } },
		{ "GET / HTTP/1.1\r\nAccept-Language: en-US,en;q=0.9,zh-CN;q=0.5\r\n\r\n",
		  { false, false } },
		{ "GET / HTTP/1.1\r\nAccept-Language: zha\r\n\r\n", { false, false } },
		{ "GET / HTTP/1.1\r\nAccept-Language: *\r\n\r\n", { false, true } },
		{ "GET /Accept-Language:zh HTTP/1.1\r\nAccept-Language", { false, true } },
		{ "GET / HTTP/1.1\r\nAccept-Language:", { false, true } },
		{ "", { false, true } },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(cases); i++)
		for (size_t k = 0; k < 2; k++)
			assert_int_equal(kt_pages_is_chinese_first(cases[i].request, strlen(cases[i].request),
			                                           k == 1), cases[i].of_terminal[k]);
}

static void the_page_is_titled_in_its_first_language(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret response = { 0 };
		struct kt_error error = { 0 };

		assert_true(kt_pages_append(&response, all[i], true, &error));
		assert_non_null(strstr(kt_secret_reveal(&response), "<html lang=\"zh-CN\">"));
		assert_non_null(strstr(kt_secret_reveal(&response), "<section lang=\"en\">"));
		assert_true(kt_secret_length(&response) < 4096);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_style_is_the_one_that_the_policy_allows),
		cmocka_unit_test(every_answer_has_the_headers_that_protect_it),
		cmocka_unit_test(statuses_are_as_the_requests_deserve),
		cmocka_unit_test(pages_say_it_in_two_languages_and_are_short),
		cmocka_unit_test(the_language_is_that_of_the_browser_else_of_the_terminal),
		cmocka_unit_test(the_page_is_titled_in_its_first_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

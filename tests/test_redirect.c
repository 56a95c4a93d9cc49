/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "helper/courier/redirect.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define HOST "Host: 127.0.0.1:8080\r\n"
#define GET(query) "GET /callback" query " HTTP/1.1\r\n" HOST "\r\n"

struct fixture {
	struct kt_secret state;
	struct kt_redirect redirect;
};

static int set_up(void **state)
{
	static struct fixture fixture;
	struct kt_error error = { 0 };

	*state = &fixture;
	fixture = (struct fixture){ 0 };
	fixture.redirect.state = &fixture.state;
	return !(kt_secret_append_text(&fixture.state, "st-1_2", &error) &&
	         kt_redirect_parse_uri(&fixture.redirect.address, "http://127.0.0.1:8080/callback",
	                               &error));
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	kt_secret_clear(&fixture->state);
	kt_redirect_address_clear(&fixture->redirect.address);
	return 0;
}

/* Judges a text. The result must be empty unless it was the redirect. */
static enum kt_redirect_verdict meaning_of(const struct fixture *fixture, const char *text)
{
	KT_CLEANUP(kt_redirect_result_clear) struct kt_redirect_result result = { 0 };
	enum kt_redirect_verdict verdict =
		kt_redirect_judge(&fixture->redirect, text, strlen(text), &result);

	assert_int_equal(verdict == KT_REDIRECT_CODE, !kt_secret_is_empty(&result.code));
	assert_int_equal(verdict == KT_REDIRECT_DENIED, !kt_secret_is_empty(&result.error));
	return verdict;
}

static void addresses_of_this_machine_are_taken(void **state)
{
	static const struct {
		const char *uri;
		const char *host;
		uint16_t port;
		const char *path;
	} good[] = {
		{ "http://127.0.0.1:8080/callback", "127.0.0.1", 8080, "/callback" },
		{ "http://127.0.0.1:0/", "127.0.0.1", 0, "/" },
		{ "http://127.0.0.1", "127.0.0.1", 80, "/" },
		{ "http://localhost:65535", "localhost", 65535, "/" },
		{ "http://[::1]:1/a/b%20c", "[::1]", 1, "/a/b%20c" },
		{ "http://localhost/x", "localhost", 80, "/x" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(good); i++) {
		KT_CLEANUP(kt_redirect_address_clear) struct kt_redirect_address address = { 0 };
		struct kt_error error = { 0 };

		assert_true(kt_redirect_parse_uri(&address, good[i].uri, &error));
		assert_string_equal(address.host, good[i].host);
		assert_int_equal(address.port, good[i].port);
		assert_string_equal(address.path, good[i].path);
	}
}

static void other_addresses_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "http://", "https://127.0.0.1:8080/", "http://127.0.0.2/", "http://0.0.0.0/",
		"http://127.0.0.1.example.org/", "http://127.0.0.1@example.org/", "HTTP://127.0.0.1/",
		"http://localhost.:80/", "http://localhostx/", "http://[::]/", "http://[::1/",
		"http://127.0.0.1:/", "http://127.0.0.1:65536/", "http://127.0.0.1:-1/",
		"http://127.0.0.1:80x/", "http://127.0.0.1:80?a", "http://127.0.0.1/?a=b",
		"http://127.0.0.1/#a", "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y",
		"http://user@127.0.0.1/", "http:127.0.0.1/", "http://127.1/", "http://2130706433/",
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		KT_CLEANUP(kt_redirect_address_clear) struct kt_redirect_address address = { 0 };
		struct kt_error error = { 0 };

		assert_false(kt_redirect_parse_uri(&address, bad[i], &error));
		assert_int_equal(error.code, KT_ERROR_USAGE);
	}
}

static void the_redirect_gives_its_code(void **state)
{
	const struct fixture *fixture = *state;
	static const char *const good[] = {
		GET("?code=c%2b1+2&state=st-1_2"),
		GET("?state=st%2D1_2&code=c%2B1%202&scope=a&code_x=3&"),
		"GET /callback?code=c%2b1+2&state=st-1_2 HTTP/1.0\r\nhost:\t127.0.0.1:8080 \r\n\r\n",
		GET("?error_description=a&code=c%2b1+2&state=st-1_2&iss=x&iss=y") "body",
	};

	for (size_t i = 0; i < ELEMENTS(good); i++) {
		KT_CLEANUP(kt_redirect_result_clear) struct kt_redirect_result result = { 0 };

		assert_int_equal(kt_redirect_judge(&fixture->redirect, good[i], strlen(good[i]),
		                                   &result),
		                 KT_REDIRECT_CODE);
		assert_string_equal(kt_secret_reveal(&result.code), "c+1 2");
		assert_true(kt_secret_is_empty(&result.error));
	}
}

static void a_refusal_gives_its_reason(void **state)
{
	const struct fixture *fixture = *state;
	static const struct {
		const char *request;
		const char *description;
	} good[] = {
		{ GET("?error=access_denied&state=st-1_2"), "" },
		{ GET("?error=access_denied&error_description=a+b%2c&state=st-1_2"), "a b," },
		{ GET("?error=access_denied&error_description=%0a&state=st-1_2"), "" },
		{ GET("?error=access_denied&error_description=a&error_description=b&state=st-1_2"),
		  "" },
	};

	for (size_t i = 0; i < ELEMENTS(good); i++) {
		KT_CLEANUP(kt_redirect_result_clear) struct kt_redirect_result result = { 0 };

		assert_int_equal(kt_redirect_judge(&fixture->redirect, good[i].request,
		                                   strlen(good[i].request), &result),
		                 KT_REDIRECT_DENIED);
		assert_string_equal(kt_secret_reveal(&result.error), "access_denied");
		assert_string_equal(kt_secret_reveal(&result.description), good[i].description);
	}
}

static void whatever_has_not_the_state_is_a_stray(void **state)
{
	const struct fixture *fixture = *state;
	static const char *const strays[] = {
		GET(""), GET("?"), GET("?code=c"), GET("?error=access_denied"),
		GET("?code=c&state="), GET("?code=c&state=st-1_"), GET("?code=c&state=st-1_23"),
		GET("?code=c&state=ST-1_2"), GET("?code=c&State=st-1_2"),
		GET("?code=c&state=st-1_2%"), GET("?code=c&state=st-1_2%00"),
		GET("?error=access_denied&state=other"),
	};

	for (size_t i = 0; i < ELEMENTS(strays); i++)
		assert_int_equal(meaning_of(fixture, strays[i]), KT_REDIRECT_STRAY);
}

static void parameters_that_stand_twice_or_contradict_are_a_stray(void **state)
{
	const struct fixture *fixture = *state;
	static const char *const strays[] = {
		GET("?code=c&state=st-1_2&state=st-1_2"), GET("?state=x&code=c&state=st-1_2"),
		GET("?code=c&code=c&state=st-1_2"), GET("?error=a&error=a&state=st-1_2"),
		GET("?code=c&error=a&state=st-1_2"), GET("?state=st-1_2"),
		GET("?code=&state=st-1_2"), GET("?code&state=st-1_2"), GET("?error=&state=st-1_2"),
		GET("?code=a%0d%0ab&state=st-1_2"), GET("?code=%zz&state=st-1_2"),
		GET("?code=%4&state=st-1_2"), GET("?code=a%7f&state=st-1_2"),
	};

	for (size_t i = 0; i < ELEMENTS(strays); i++)
		assert_int_equal(meaning_of(fixture, strays[i]), KT_REDIRECT_STRAY);
}

static void the_issuer_is_compared_where_it_is_known(void **state)
{
	struct fixture *fixture = *state;
	static const char with[] =
		GET("?code=c&state=st-1_2&iss=https%3A%2F%2Fserver.example%2Fa");
	static const char other[] = GET("?code=c&state=st-1_2&iss=https%3A%2F%2Fserver.example");
	static const char twice[] = GET("?code=c&state=st-1_2&iss=https%3A%2F%2Fserver.example%2Fa"
	                                "&iss=https%3A%2F%2Fserver.example%2Fa");
	static const char without[] = GET("?code=c&state=st-1_2");

	assert_int_equal(meaning_of(fixture, other), KT_REDIRECT_CODE);
	fixture->redirect.issuer = "https://server.example/a";
	assert_int_equal(meaning_of(fixture, with), KT_REDIRECT_CODE);
	assert_int_equal(meaning_of(fixture, without), KT_REDIRECT_CODE);
	assert_int_equal(meaning_of(fixture, other), KT_REDIRECT_STRAY);
	assert_int_equal(meaning_of(fixture, twice), KT_REDIRECT_STRAY);
	fixture->redirect.needs_issuer = true;
	assert_int_equal(meaning_of(fixture, with), KT_REDIRECT_CODE);
	assert_int_equal(meaning_of(fixture, without), KT_REDIRECT_STRAY);
}

static void other_places_are_not_found(void **state)
{
	const struct fixture *fixture = *state;
#define RIGHT "?code=c&state=st-1_2"
	static const char *const elsewhere[] = {
		"GET / HTTP/1.1\r\n" HOST "\r\n",
		"GET /favicon.ico HTTP/1.1\r\n" HOST "\r\n",
		"GET /callback/" RIGHT " HTTP/1.1\r\n" HOST "\r\n",
		"GET //callback" RIGHT " HTTP/1.1\r\n" HOST "\r\n",
		"GET /Callback" RIGHT " HTTP/1.1\r\n" HOST "\r\n",
		"GET /%63allback" RIGHT " HTTP/1.1\r\n" HOST "\r\n",
		"GET http://127.0.0.1:8080/callback" RIGHT " HTTP/1.1\r\n" HOST "\r\n",
		"OPTIONS * HTTP/1.1\r\n" HOST "\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\nHost: 127.0.0.1:8081\r\n\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\nHost: 127.0.0.1:8080.example\r\n\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\nHost: attacker.example:8080\r\n\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\nHost: 127.0.0.1.example:8080\r\n\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\nHost:\r\n\r\n",
	};

	for (size_t i = 0; i < ELEMENTS(elsewhere); i++)
		assert_int_equal(meaning_of(fixture, elsewhere[i]), KT_REDIRECT_NOT_FOUND);
}

static void on_port_80_the_host_may_go_without(void **state)
{
	struct fixture *fixture = *state;

	fixture->redirect.address.port = 80;
	assert_int_equal(meaning_of(fixture, "GET /callback" RIGHT " HTTP/1.1\r\n"
	                                "Host: 127.0.0.1\r\n\r\n"), KT_REDIRECT_CODE);
	assert_int_equal(meaning_of(fixture, "GET /callback" RIGHT " HTTP/1.1\r\n"
	                                "Host: 127.0.0.1:80\r\n\r\n"), KT_REDIRECT_CODE);
}

static void other_methods_are_not_allowed(void **state)
{
	const struct fixture *fixture = *state;
	static const char *const methods[] = { "HEAD", "POST", "PUT", "OPTIONS", "get", "GETS" };

	for (size_t i = 0; i < ELEMENTS(methods); i++) {
		KT_CLEANUP(kt_text_free) char *request = NULL;
		struct kt_error error = { 0 };

		assert_true(kt_text_format(&request, &error,
		                           "%s /callback" RIGHT " HTTP/1.1\r\n" HOST "\r\n",
		                           methods[i]));
		assert_int_equal(meaning_of(fixture, request), KT_REDIRECT_NOT_ALLOWED);
	}
}

static void malformed_requests_are_strays(void **state)
{
	const struct fixture *fixture = *state;
	static const char *const malformed[] = {
		"\r\n\r\n", "GET\r\n\r\n", "GET /callback\r\n\r\n",
		"GET /callback" RIGHT "\r\n" HOST "\r\n",
		"GET /callback" RIGHT " HTTP/2.0\r\n" HOST "\r\n",
		"GET /callback" RIGHT " HTTP/1.1 \r\n" HOST "\r\n",
		"GET /callback" RIGHT " http/1.1\r\n" HOST "\r\n",
		"GET  /callback" RIGHT " HTTP/1.1\r\n" HOST "\r\n",
		" GET /callback" RIGHT " HTTP/1.1\r\n" HOST "\r\n",
		"G@T /callback" RIGHT " HTTP/1.1\r\n" HOST "\r\n",
		"GET /callback\x7f" RIGHT " HTTP/1.1\r\n" HOST "\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\n\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\n" HOST HOST "\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\n" HOST " folded\r\n\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\n" HOST "no colon\r\n\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\n" HOST ": no name\r\n\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\nHost : 127.0.0.1:8080\r\n\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n",
		"GET /callback" RIGHT " HTTP/1.1\r\n" HOST "X: a\nb\r\n\r\n",
		"GET /callback" RIGHT " HTTP/1.1\n" "Host: 127.0.0.1:8080\n\r\n\r\n",
		"\x16\x03\x01\x02\x01 \r\n\r\n",
	};

	for (size_t i = 0; i < ELEMENTS(malformed); i++)
		assert_int_equal(meaning_of(fixture, malformed[i]), KT_REDIRECT_STRAY);
}

static void a_nul_is_malformed(void **state)
{
	const struct fixture *fixture = *state;
	static const char in_header[] = "GET /callback" RIGHT " HTTP/1.1\r\n" HOST "X: \0\r\n\r\n";
	static const char in_target[] = "GET /callback\0" RIGHT " HTTP/1.1\r\n" HOST "\r\n";
	static const char in_host[] = "GET /callback" RIGHT " HTTP/1.1\r\n"
	                              "Host: 127.0.0.1:8080\0\r\n\r\n";
	KT_CLEANUP(kt_redirect_result_clear) struct kt_redirect_result result = { 0 };

	assert_int_equal(kt_redirect_judge(&fixture->redirect, in_header, sizeof(in_header) - 1,
	                                   &result), KT_REDIRECT_STRAY);
	assert_int_equal(kt_redirect_judge(&fixture->redirect, in_target, sizeof(in_target) - 1,
	                                   &result), KT_REDIRECT_STRAY);
	assert_int_equal(kt_redirect_judge(&fixture->redirect, in_host, sizeof(in_host) - 1,
	                                   &result), KT_REDIRECT_STRAY);
}

static void every_beginning_of_a_request_is_incomplete(void **state)
{
	const struct fixture *fixture = *state;
	static const char request[] = GET("?code=c&state=st-1_2");
	KT_CLEANUP(kt_redirect_result_clear) struct kt_redirect_result result = { 0 };

	for (size_t length = 0; length < strlen(request); length++)
		assert_int_equal(kt_redirect_judge(&fixture->redirect, request, length, &result),
		                 KT_REDIRECT_INCOMPLETE);
	assert_int_equal(meaning_of(fixture, request), KT_REDIRECT_CODE);
}

/* A request of just this many bytes. */
static void make_long(struct kt_secret *request, size_t length)
{
	static const char begin[] = "GET /callback" RIGHT " HTTP/1.1\r\n" HOST "X: ";
	struct kt_error error = { 0 };

	kt_secret_clear(request);
	assert_true(kt_secret_append_text(request, begin, &error));
	while (kt_secret_length(request) < length - 4)
		assert_true(kt_secret_append_text(request, "a", &error));
	assert_true(kt_secret_append_text(request, "\r\n\r\n", &error));
}

static void requests_are_at_most_8_kib(void **state)
{
	const struct fixture *fixture = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret request = { 0 };
	KT_CLEANUP(kt_redirect_result_clear) struct kt_redirect_result result = { 0 };

	make_long(&request, KT_REDIRECT_REQUEST);
	assert_int_equal(meaning_of(fixture, kt_secret_reveal(&request)), KT_REDIRECT_CODE);
	make_long(&request, KT_REDIRECT_REQUEST + 1);
	assert_int_equal(meaning_of(fixture, kt_secret_reveal(&request)), KT_REDIRECT_TOO_LARGE);
	make_long(&request, KT_REDIRECT_REQUEST + 4);
	assert_int_equal(kt_redirect_judge(&fixture->redirect, kt_secret_reveal(&request),
	                                   KT_REDIRECT_REQUEST, &result), KT_REDIRECT_TOO_LARGE);
	assert_int_equal(kt_redirect_judge(&fixture->redirect, kt_secret_reveal(&request),
	                                   KT_REDIRECT_REQUEST - 1, &result),
	                 KT_REDIRECT_INCOMPLETE);
}

static void an_empty_state_is_never_right(void **state)
{
	struct fixture *fixture = *state;

	kt_secret_clear(&fixture->state);
	assert_int_equal(meaning_of(fixture, GET("?code=c&state=")), KT_REDIRECT_STRAY);
	assert_int_equal(meaning_of(fixture, GET("?code=c")), KT_REDIRECT_STRAY);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_of_this_machine_are_taken),
		TEST(other_addresses_are_refused),
		TEST(the_redirect_gives_its_code),
		TEST(a_refusal_gives_its_reason),
		TEST(whatever_has_not_the_state_is_a_stray),
		TEST(parameters_that_stand_twice_or_contradict_are_a_stray),
		TEST(the_issuer_is_compared_where_it_is_known),
		TEST(other_places_are_not_found),
		TEST(on_port_80_the_host_may_go_without),
		TEST(other_methods_are_not_allowed),
		TEST(malformed_requests_are_strays),
		TEST(a_nul_is_malformed),
		TEST(every_beginning_of_a_request_is_incomplete),
		TEST(requests_are_at_most_8_kib),
		TEST(an_empty_state_is_never_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "helper/url.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_text(const char *text, const char *expected)
{
	if (!expected)
		assert_null(text);
	else
		assert_string_equal(text, expected);
}

static void hosts_have_one_form(void **state)
{
	static const struct {
		const char *protocol;
		const char *text;
		const char *host;
	} hosts[] = {
		{ "https", "api.coze.cn", "api.coze.cn" },
		{ "https", "API.Coze.CN", "api.coze.cn" },
		{ "https", "api.coze.cn:443", "api.coze.cn" },
		{ "https", "api.coze.cn:00443", "api.coze.cn" },
		{ "https", "api.coze.cn:80", "api.coze.cn:80" },
		{ "https", "api.coze.cn:8443", "api.coze.cn:8443" },
		{ "http", "git.example:80", "git.example" },
		{ "http", "git.example:443", "git.example:443" },
		{ "imap", "mail.example:443", "mail.example:443" },
		{ "https", "a:1", "a:1" },
		{ "https", "a:65535", "a:65535" },
		{ "https", "under_score.example", "under_score.example" },
		{ "https", "ws.coze.cn", "api.coze.cn" },
		{ "https", "WS.coze.com:443", "api.coze.com" },
		{ "https", "ws.coze.cn:444", "ws.coze.cn:444" },
		{ "http", "ws.coze.cn", "ws.coze.cn" },
		{ "https", "[::1]", "[::1]" },
		{ "https", "[::1]:443", "[::1]" },
		{ "http", "[0:0:0:0:0:0:0:1]:8080", "[::1]:8080" },
		{ "https", "[2001:DB8::A]", "[2001:db8::a]" },
		{ "https", "", NULL },
		{ "https", ":443", NULL },
		{ "https", "a:", "a" },
		{ "https", "a.example.", "a.example" },
		{ "https", "A.example.:443", "a.example" },
		{ "https", "a.example.:", "a.example" },
		{ "https", "a.", "a" },
		{ "https", "ws.coze.cn.:", "api.coze.cn" },
		{ "https", "[::1]:", "[::1]" },
		{ "https", "[fe80::1%25eth0]", "[fe80::1%eth0]" },
		{ "https", "[FE80:0::1%Eth0.1]:8443", "[fe80::1%Eth0.1]:8443" },
		{ "https", "[fe80::1%25]", "[fe80::1%25]" },
		{ "https", "[fe80::1%]", NULL },
		{ "https", "[fe80::1%25%]", NULL },
		{ "https", "[fe80::1%eth0/x]", NULL },
		{ "https", "[fe80::1%e]x]", NULL },
		{ "https", "[2001:db8::1%eth0]", NULL },
		{ "https", "a..", NULL },
		{ "https", "127.0.0.1.", NULL },
		{ "https", "1.", NULL },
		{ "https", "a.1.", NULL },
		{ "https", "a:0", NULL },
		{ "https", "a:65536", NULL },
		{ "https", "a:4294967739", NULL },
		{ "https", "a:+443", NULL },
		{ "https", "a: 443", NULL },
		{ "https", "a:443x", NULL },
		{ "https", "a:443:443", NULL },
		{ "https", "a:-1", NULL },
		{ "https", "::1", NULL },
		{ "https", "[::1", NULL },
		{ "https", "[]", NULL },
		{ "https", "[::1]x", NULL },
		{ "https", "[::1]443", NULL },
		{ "https", "[::1%25lo]", NULL },
		{ "https", "[127.0.0.1]", NULL },
		{ "https", "[1:2:3:4:5:6:7:8:9]", NULL },
		{ "https", ".", NULL },
		{ "https", "a..b", NULL },
		{ "https", ".a", NULL },
		{ "https", "-oProxyCommand=x", NULL },
		{ "https", "a/b", NULL },
		{ "https", "user@a", NULL },
	};

	(void)state;

	for (size_t i = 0; i < COUNT(hosts); i++) {
		KT_CLEANUP(kt_text_free) char *host = NULL;
		struct kt_error error = { 0 };
		bool is_host = kt_url_normal_host(&host, hosts[i].protocol, hosts[i].text,
		                                  strlen(hosts[i].text), &error);

		if (is_host != (hosts[i].host != NULL))
			fail_msg("host %zu", i);
		assert_text(host, hosts[i].host);
	}
}

static void tokens_go_to_https_and_to_this_machine(void **state)
{
	static const struct {
		const char *protocol;
		const char *host;
		bool is_safe;
	} services[] = {
		{ "https", "api.coze.cn", true },      { "https", "any.example:8443", true },
		{ "http", "127.0.0.1", true },         { "http", "127.0.0.1:8080", true },
		{ "http", "[::1]", true },             { "http", "[::1]:9", true },
		{ "http", "localhost", false },        { "http", "api.coze.cn", false },
		{ "http", "127.0.0.1.nip.io", false }, { "http", "127.0.0.11", false },
		{ "http", "127.0.0.2", false },        { "http", "127.1", false },
		{ "http", "[::]", false },             { "http", "[::1:1]", false },
		{ "imap", "127.0.0.1", false },        { "httpss", "api.coze.cn", false },
		{ "wss", "ws.coze.cn", false },
	};

	(void)state;

	for (size_t i = 0; i < COUNT(services); i++) {
		KT_CLEANUP(kt_identity_clear) struct kt_identity service = { 0 };
		struct kt_error error = { 0 };

		assert_true(kt_url_normal_protocol(&service.protocol, services[i].protocol,
		                                   strlen(services[i].protocol), &error));
		assert_true(kt_url_normal_host(&service.host, service.protocol, services[i].host,
		                               strlen(services[i].host), &error));
		assert_int_equal(kt_url_is_safe_for_tokens(&service), services[i].is_safe);
	}
	assert_false(kt_url_is_safe_for_tokens(&(struct kt_identity){ 0 }));
}

static void localhost_is_for_our_own_visits_alone(void **state)
{
	static char http[] = "http";
	static char *const hosts[] = { "localhost", "localhost:8080" };
	static char *const others[] = { "localhost.example", "localhosts", "api.coze.cn" };

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		const struct kt_identity service = { .protocol = http, .host = hosts[i] };

		assert_true(kt_url_is_safe_to_visit(&service));
		assert_false(kt_url_is_safe_for_tokens(&service));
	}
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(kt_url_is_safe_to_visit(
			&(struct kt_identity){ .protocol = http, .host = others[i] }));
}

static void urls_are_cut_as_git_cuts_them(void **state)
{
	static const struct {
		const char *url;
		const char *protocol, *host, *path, *username, *password;
	} urls[] = {
		{ "https://a.example", "https", "a.example", NULL, NULL, "" },
		{ "https://a.example/", "https", "a.example", NULL, NULL, "" },
		{ "https://a.example//", "https", "a.example", NULL, NULL, "" },
		{ "HTTPS://A.Example:443/B/c.git/", "https", "a.example", "B/c.git", NULL, "" },
		{ "https://work@a.example/p", "https", "a.example", "p", "work", "" },
		{ "https://work:pw@a.example", "https", "a.example", NULL, "work", "pw" },
		{ "https://w%40rk:p%3Aw@a.example", "https", "a.example", NULL, "w@rk", "p:w" },
		{ "https://:pw@a.example", "https", "a.example", NULL, "", "pw" },
		{ "https://work:@a.example", "https", "a.example", NULL, "work", "" },
		{ "https://@a.example", "https", "a.example", NULL, "", "" },
		{ "https://a.example/x@y", "https", "a.example", "x@y", NULL, "" },
		{ "https://a.example?q=u@v", "https", "a.example", "?q=u@v", NULL, "" },
		{ "https://a.example#f", "https", "a.example", "#f", NULL, "" },
		{ "https://a.example/p%20q", "https", "a.example", "p q", NULL, "" },
		{ "https://ws.coze.cn/v1", "https", "api.coze.cn", "v1", NULL, "" },
		{ "http://[::1]:8080/x", "http", "[::1]:8080", "x", NULL, "" },
		{ "git+ssh://a", "git+ssh", "a", NULL, NULL, "" },
	};

	(void)state;

	for (size_t i = 0; i < COUNT(urls); i++) {
		KT_CLEANUP(kt_identity_clear) struct kt_identity identity = { 0 };
		KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
		struct kt_error error = { 0 };

		assert_true(kt_url_parse(&identity, &password, urls[i].url,
		                         strlen(urls[i].url), &error));
		assert_text(identity.protocol, urls[i].protocol);
		assert_text(identity.host, urls[i].host);
		assert_text(identity.path, urls[i].path);
		assert_text(identity.username, urls[i].username);
		assert_string_equal(kt_secret_reveal(&password), urls[i].password);
	}
}

static void broken_urls_are_refused(void **state)
{
	static const char *const urls[] = {
		"", "://", "https", "https:", "https:/a.example", "https//a.example", "a.example/p",
		"://a.example", "ht tp://a", "1http://a.example", "https://", "https:///p", "https://?a",
		"https://u@", "https://u@/p", "https://a@b@c", "https://a.example%0a",
		"https://a.example/%0aprotocol=x", "https://a.example/%0d", "https://a.example/%00",
		"https://u%0a@a.example", "https://u:p%0a@a.example", "https://a.example/%7f",
		"https://a.example/%", "https://a.example/%4", "https://a.example/%zz",
		"https://a.example/%ff", "https://u%c0%80@a.example", "https://a.example:x/",
		"https://%61.example/", "https://a.example\\@b.example/",
	};

	(void)state;

	for (size_t i = 0; i < COUNT(urls); i++) {
		KT_CLEANUP(kt_identity_clear) struct kt_identity identity = { 0 };
		KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
		struct kt_error error = { 0 };

		if (kt_url_parse(&identity, &password, urls[i], strlen(urls[i]), &error))
			fail_msg("url %zu was taken", i);
		assert_int_equal(error.code, KT_ERROR_USAGE);
		assert_null(identity.host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_have_one_form),
		cmocka_unit_test(tokens_go_to_https_and_to_this_machine),
		cmocka_unit_test(localhost_is_for_our_own_visits_alone),
		cmocka_unit_test(urls_are_cut_as_git_cuts_them),
		cmocka_unit_test(broken_urls_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct row {
	const char *tool;
	const char *words;
	const char *protocol; /* NULL: refused */
	const char *host;
	const char *path;
	const char *username;
};

static void check(const struct row *row)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity service = { 0 };
	struct kt_error error = { 0 };
	bool is_taken = kt_tool_service(&service, row->tool, row->words, strlen(row->words), &error);

	if (is_taken != (row->protocol != NULL))
		fail_msg("%s, %s: %s", row->tool, row->words, is_taken ? "taken" : error.message);
	if (!kt_text_is_equal(service.protocol, row->protocol) ||
	    !kt_text_is_equal(service.host, row->host) ||
	    !kt_text_is_equal(service.path, row->path) ||
	    !kt_text_is_equal(service.username, row->username))
		fail_msg("%s, %s: it is %s://%s/%s of %s", row->tool, row->words, service.protocol,
		         service.host, kt_text_or_empty(service.path),
		         kt_text_or_empty(service.username));
}

static void each_form_of_a_service_has_one_meaning(void **state)
{
	static const struct row rows[] = {
		{ "docker", "localhost:5000", "https", "localhost:5000", NULL, NULL },
		{ "docker", "http://localhost:5000", "http", "localhost:5000", NULL, NULL },
		{ "docker", "registry.example.com", "https", "registry.example.com", NULL, NULL },
		{ "docker", "REGISTRY.Example.com:443/", "https", "registry.example.com", NULL, NULL },
		{ "docker", "registry.example.com.", "https", "registry.example.com", NULL, NULL },
		{ "docker", "registry.example.com:", "https", "registry.example.com", NULL, NULL },
		{ "docker", "https://registry.example.com:5000/v2/", "https",
		  "registry.example.com:5000", "v2", NULL },
		{ "docker", "http://registry.example.com:80", "http", "registry.example.com", NULL,
		  NULL },
		{ "docker", "http://registry.example.com:443", "http", "registry.example.com:443", NULL,
		  NULL },
		{ "docker", "127.0.0.1:5000", "https", "127.0.0.1:5000", NULL, NULL },
		{ "docker", "127.0.0.1.", NULL, NULL, NULL, NULL },
		{ "docker", "[::1]:5000", "https", "[::1]:5000", NULL, NULL },
		{ "docker", "https://[2001:DB8:0::1]/", "https", "[2001:db8::1]", NULL, NULL },
		{ "docker", "[fe80::1%25eth0]", "https", "[fe80::1%eth0]", NULL, NULL },
		{ "docker", "::1", NULL, NULL, NULL, NULL },
		{ "keyring", "https://pypi.example.com/simple/", "https", "pypi.example.com", "simple",
		  NULL },
		{ "keyring", "pypi.example.com/simple/", "https", "pypi.example.com", "simple", NULL },
		{ "keyring", "https://jane@pypi.example.com/simple", "https", "pypi.example.com",
		  "simple", "jane" },
		{ "bazel", "https://a.example/b%20c?d=https://e.example#f", "https", "a.example", "b c",
		  NULL },
		{ "bazel", "https://a.example?b=://c.example", "https", "a.example", NULL, NULL },
		{ "bazel", "a.example?b=://c.example", "https", "a.example", NULL, NULL },
		{ "bazel", "https://a.example#@b.example", "https", "a.example", NULL, NULL },
		{ "bazel", "https://a.example@b.example/", "https", "b.example", NULL, "a.example" },
		{ "cargo", "sparse+https://index.example.com/a/", "https", "index.example.com", "a",
		  NULL },
		{ "kubernetes", "https://10.0.0.1:6443", "https", "10.0.0.1:6443", NULL, NULL },
		{ "kubernetes", "https://xn--bcher-kva.example", "https", "xn--bcher-kva.example", NULL,
		  NULL },
		{ "goauth", "https://go.example.com/team/@v/list", "https", "go.example.com",
		  "team/@v/list", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i]);
}

static void what_could_be_read_in_two_ways_is_refused(void **state)
{
	static const char *const words[] = {
		"", "https://", "https:///path", "://a.example", ":5000", "https://:5000",
		"a..example", ".a.example", "-a.example", "a.example:0", "a.example:65536",
		"a.example:5000x", "a.example:-1", "a.example: 80", "a b.example", "a.example\t",
		"a.example\n", "https://u:p@a.example", "https://a@b@c.example", "a\\b.example",
		"https://a.example\\@b.example", "https://a.example%2eb.example", "a.example%00",
		"https://b\xc3\xbc" "cher.example", "\xef\xbc\x8e" "a.example", "[::1", "[::1]x",
		"[::1%25eth0]", "[::ffff:1.2.3.4.5]", "https://a.example/%0a", "https://a.example/%ff",
		"https://a.example/?\x7f", "https://a.example/#\x01", "a_b://c.example",
		"sparse+https://a.example:x/", "sparse+", "https://a.example,b.example",
	};
	static const char *const tools[] = { "docker", "bazel", "cargo", "keyring", "netrc" };

	(void)state;
	for (size_t i = 0; i < COUNT(tools); i++)
		for (size_t k = 0; k < COUNT(words); k++)
			check(&(struct row){ tools[i], words[k], NULL, NULL, NULL, NULL });
}

static void a_name_with_a_nul_is_refused(void **state)
{
	static const char words[] = "a.example\0.b.example";
	KT_CLEANUP(kt_identity_clear) struct kt_identity service = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_false(kt_tool_service(&service, "docker", words, sizeof(words) - 1, &error));
	assert_null(service.host);
}

/* An alias is of one tool, whole, and of https alone. */
static void an_alias_is_one_name_of_one_tool(void **state)
{
	static const struct row rows[] = {
		{ "docker", "https://index.docker.io/v1/", "https", "index.docker.io", NULL, NULL },
		{ "docker", "index.docker.io", "https", "index.docker.io", NULL, NULL },
		{ "docker", "Docker.IO.", "https", "index.docker.io", NULL, NULL },
		{ "docker", "registry-1.docker.io:443", "https", "index.docker.io", NULL, NULL },
		{ "docker", "https://index.docker.io/v2/", "https", "index.docker.io", "v2", NULL },
		{ "docker", "docker.io/v1", "https", "docker.io", "v1", NULL },
		{ "docker", "http://docker.io", "http", "docker.io", NULL, NULL },
		{ "docker", "docker.io:5000", "https", "docker.io:5000", NULL, NULL },
		{ "docker", "a.docker.io", "https", "a.docker.io", NULL, NULL },
		{ "docker", "docker.io.a.example", "https", "docker.io.a.example", NULL, NULL },
		{ "docker", "index.crates.io", "https", "index.crates.io", NULL, NULL },
		{ "bazel", "https://docker.io", "https", "docker.io", NULL, NULL },
		{ "bazel", "https://index.crates.io", "https", "index.crates.io", NULL, NULL },
		{ "cargo", "https://github.com/rust-lang/crates.io-index", "https", "crates.io", NULL,
		  NULL },
		{ "cargo", "sparse+https://index.crates.io/", "https", "crates.io", NULL, NULL },
		{ "cargo", "https://github.com/rust-lang/crates.io-index/x", "https", "github.com",
		  "rust-lang/crates.io-index/x", NULL },
		{ "cargo", "https://github.com/other/crates.io-index", "https", "github.com",
		  "other/crates.io-index", NULL },
		{ "cargo", "sparse+http://index.crates.io/", "http", "index.crates.io", NULL, NULL },
		{ "netrc", "ws.coze.cn", "https", "api.coze.cn", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_of_a_service_has_one_meaning),
		cmocka_unit_test(what_could_be_read_in_two_ways_is_refused),
		cmocka_unit_test(a_name_with_a_nul_is_refused),
		cmocka_unit_test(an_alias_is_one_name_of_one_tool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

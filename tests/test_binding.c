/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "helper/keeper/account/binding.h"
#include "helper/url.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static void a_prefix_has_one_form(void **state)
{
	static const struct {
		const char *url;
		const char *place; /* NULL: refused */
	} rows[] = {
		{ "https://github.com", "https://github.com" },
		{ "https://github.com/", "https://github.com" },
		{ "https://GitHub.COM/acme", "https://github.com/acme" },
		{ "https://github.com:443/acme/", "https://github.com/acme" },
		{ "https://github.com:8443/acme//", "https://github.com:8443/acme" },
		{ "https://github.com/acme//tool.git", "https://github.com/acme/tool" },
		{ "https://github.com/acme/tool.git/", "https://github.com/acme/tool" },
		{ "https://github.com/.git", "https://github.com/.git" },
		{ "https://github.com/Acme", "https://github.com/Acme" },
		{ "https://github.com/a%20b", "https://github.com/a%20b" },
		{ "https://b\303\274cher.example/x", "https://xn--bcher-kva.example/x" },
		{ "https://github.com./acme", "https://github.com/acme" },
		{ "http://127.0.0.1:3000/", "http://127.0.0.1:3000" },
		{ "https://me@github.com/acme", NULL },
		{ "https://me:secret@github.com/acme", NULL },
		{ "ssh://git@github.com/acme", NULL },
		{ "https:///acme", NULL },
		{ "https://git hub.com/", NULL },
	};

	(void)state;
	for (size_t i = 0; i < KT_COUNT(rows); i++) {
		KT_CLEANUP(kt_identity_clear) struct kt_identity prefix = { 0 };
		KT_CLEANUP(kt_text_free) char *place = NULL;
		struct kt_error error = { 0 };
		bool is_read = kt_binding_read_prefix(&prefix, &place, rows[i].url, &error);

		if (is_read != (rows[i].place != NULL))
			fail_msg("%s: %s", rows[i].url, is_read ? place : error.message);
		if (is_read && strcmp(place, rows[i].place) != 0)
			fail_msg("%s: %s", rows[i].url, place);
		if (!is_read)
			assert_null(strstr(error.message, "secret"));
	}
}

static bool is_prefix(const char *prefix, const char *url)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity start = { 0 };
	KT_CLEANUP(kt_identity_clear) struct kt_identity wanted = { 0 };
	KT_CLEANUP(kt_text_free) char *place = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	struct kt_error error = { 0 };

	assert_true(kt_binding_read_prefix(&start, &place, prefix, &error));
	assert_true(kt_url_parse(&wanted, &password, url, strlen(url), &error));
	return kt_binding_is_prefix(&start, &wanted);
}

static void a_prefix_ends_at_a_whole_name(void **state)
{
	static const struct {
		const char *prefix;
		const char *url;
		bool fits;
	} rows[] = {
		{ "https://github.com", "https://github.com", true },
		{ "https://github.com", "https://github.com/any/thing", true },
		{ "https://github.com", "https://GITHUB.com:443/", true },
		{ "https://github.com", "https://github.com.evil.example/", false },
		{ "https://github.com", "https://github.com:8443/", false },
		{ "https://github.com", "http://github.com/", false },
		{ "https://github.com/acme", "https://github.com/acme", true },
		{ "https://github.com/acme", "https://github.com/acme/", true },
		{ "https://github.com/acme/", "https://github.com/acme/tool.git", true },
		{ "https://github.com/acme", "https://github.com/acme2/tool", false },
		{ "https://github.com/acm", "https://github.com/acme/tool", false },
		{ "https://github.com/acme", "https://github.com/", false },
		{ "https://github.com/acme", "https://github.com", false },
		{ "https://github.com/acme", "https://github.com/Acme/tool", false },
		{ "https://github.com/acme/tool", "https://github.com/acme/tool.git", true },
		{ "https://github.com/acme/tool.git", "https://github.com/acme/tool", true },
		{ "https://github.com/acme/tool.git", "https://github.com/acme/tool.git/", true },
		{ "https://github.com/acme/tool", "https://github.com/acme/tool.git/info/lfs", false },
		{ "https://github.com/acme/tool", "https://github.com/acme/tool/info/lfs", true },
		{ "https://github.com/acme/tool", "https://github.com/acme/tool.github", false },
		{ "https://github.com/acme/to", "https://github.com/acme/to.git.git", false },
	};

	(void)state;
	for (size_t i = 0; i < KT_COUNT(rows); i++)
		if (is_prefix(rows[i].prefix, rows[i].url) != rows[i].fits)
			fail_msg("%s %s", rows[i].prefix, rows[i].url);
}

static void the_longest_prefix_wins(void **state)
{
	char *places[] = { "https://github.com/acme", "https://github.com",
		           "https://github.com/acme/tool", "https://gitlab.com" };
	struct kt_binding items[KT_COUNT(places)] = { 0 };
	const struct kt_bindings bindings = { .items = items, .count = KT_COUNT(places) };
	struct kt_identity wanted = { .protocol = "https", .host = "github.com" };

	(void)state;
	for (size_t i = 0; i < KT_COUNT(places); i++)
		items[i] = (struct kt_binding){ .kind = KT_BINDING_PREFIX, .place = places[i] };
	assert_ptr_equal(kt_bindings_prefix(&bindings, &wanted), &items[1]);
	wanted.path = "acme/other";
	assert_ptr_equal(kt_bindings_prefix(&bindings, &wanted), &items[0]);
	wanted.path = "acme/tool.git";
	assert_ptr_equal(kt_bindings_prefix(&bindings, &wanted), &items[2]);
	wanted.host = "codeberg.org";
	assert_null(kt_bindings_prefix(&bindings, &wanted));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_has_one_form),
		cmocka_unit_test(a_prefix_ends_at_a_whole_name),
		cmocka_unit_test(the_longest_prefix_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

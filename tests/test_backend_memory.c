/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyring/cleanup.h"
#include "keyring/kernel_key.h"
#include "keyring/text.h"
#include "tests/lib/on_backend.h"
#include "tests/lib/scratch_vault.h"
#include "tests/lib/skip.h"
#include "tests/lib/unconst.h"

/* A host that no one has: the items of the person who runs the tests are left alone. */
#define HOST "memory-test.invalid"

static const struct kt_backend *const backend = &kt_backend_memory;

static struct kt_identity pattern_of(const char *username)
{
	return (struct kt_identity){
		.protocol = unconst("https"),
		.host = unconst(HOST),
		.path = unconst(""),
		.username = unconst(username),
	};
}

static bool try_store(const char *username, const char *token, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { .kind = KT_KIND_PAT };
	const struct kt_identity identity = pattern_of(username);

	return kt_identity_copy(&credential.identity, &identity, error) &&
	       kt_secret_set(&credential.token, token, strlen(token), error) &&
	       on_backend_store(backend, NULL, &credential, error);
}

static void store(const char *username, const char *token)
{
	struct kt_error error = { 0 };

	assert_true(try_store(username, token, &error));
}

static void assert_found(const char *username, size_t count, size_t corrupt)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };
	const struct kt_identity pattern = pattern_of(username);
	struct kt_error error = { 0 };

	assert_true(on_backend_search(backend, NULL, &pattern, &found, &error));
	assert_int_equal(found.count, count);
	assert_int_equal(found.corrupt, corrupt);
}

static void drop(void *context, int32_t serial, const char *description)
{
	(void)context;
	if (strstr(description, HOST))
		kt_kernel_key_drop(serial);
}

static int set_up(void **state)
{
	(void)state;
	return kt_kernel_key_is_usable() ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	kt_kernel_key_each("keyturn:memory:v1:", drop, NULL);
	return 0;
}

static void item_is_found_replaced_and_erased_by_its_identity(void **state)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };
	const struct kt_identity identity = pattern_of("main");
	struct kt_error error = { 0 };

	(void)state;
	assert_found("main", 0, 0);
	store("main", "first");
	store("work", "other");
	store("main", "second");

	assert_true(on_backend_search(backend, NULL, &identity, &found, &error));
	assert_int_equal(found.count, 1);
	assert_string_equal(kt_secret_reveal(&found.items[0].token), "second");
	assert_found(NULL, 2, 0);

	assert_true(on_backend_erase(backend, NULL, &identity, &error));
	assert_true(on_backend_erase(backend, NULL, &identity, &error));
	assert_found("main", 0, 0);
	assert_found(NULL, 1, 0);
}

static void names_that_join_alike_are_two_items(void **state)
{
	(void)state;
	store("a:b", "first");
	store("a%3Ab", "second");

	assert_found("a:b", 1, 0);
	assert_found(NULL, 2, 0);
}

static void item_under_anothers_description_is_damage(void **state)
{
	char form[2048];
	size_t length;
	int32_t serial;

	(void)state;
	store("main", "token");
	serial = kt_kernel_key_find("keyturn:memory:v1:https:" HOST "::main");
	assert_int_not_equal(serial, 0);
	assert_true(kt_kernel_key_read(serial, form, sizeof(form), &length));

	assert_int_not_equal(kt_kernel_key_put("keyturn:memory:v1:https:" HOST "::work", form,
	                                       length, 0), 0);
	assert_found("work", 0, 1);
	assert_int_not_equal(kt_kernel_key_put("keyturn:memory:v1:https:" HOST "::main", form,
	                                       length - 1, 0), 0);
	assert_found("main", 0, 1);
}

static void login_too_large_is_refused(void **state)
{
	KT_CLEANUP(kt_text_free) char *token = calloc(1, 40000);
	struct kt_error error = { 0 };

	(void)state;
	assert_non_null(token);
	memset(token, 'x', 39999);

	assert_false(try_store("main", token, &error));
	assert_int_equal(error.code, KT_ERROR_USAGE);
	assert_found("main", 0, 0);
}

/* As a user with the default quota of 20,000 bytes; root has more than a test should fill. */
static bool fill_the_quota(void *context)
{
	struct kt_error error = { 0 };
	char token[3000];
	char name[16];
	int stored = 0;

	(void)context;
	memset(token, 'x', sizeof(token));
	token[sizeof(token) - 1] = '\0';
	if (setgid(61234) != 0 || setuid(61234) != 0)
		return false;
	for (; stored < 20; stored++) {
		snprintf(name, sizeof(name), "user%d", stored);
		if (!try_store(name, token, &error))
			break;
	}
	kt_kernel_key_each("keyturn:memory:v1:", drop, NULL);
	return stored > 0 && stored < 20 && error.code == KT_ERROR_UNAVAILABLE &&
	       strstr(error.message, "full");
}

static void full_quota_is_unavailable(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip_because("needs root, to become a user whose quota may be filled");
	assert_true(scratch_run_apart(fill_the_quota, NULL));
}

static bool open_in_a_container(void *context)
{
	const struct kt_keyring_options options = { 0 };
	struct kt_error error = { 0 };
	struct kt_error second = { 0 };
	void *memory = NULL;

	(void)context;
	return scratch_forbid_kernel_keyring() && !backend->open(&memory, &options, &error) &&
	       error.code == KT_ERROR_UNAVAILABLE && error.remedy[0] != '\0' &&
	       !try_store("main", "token", &second) && second.code == KT_ERROR_UNAVAILABLE;
}

static void refused_kernel_keyring_is_unavailable(void **state)
{
	(void)state;
	assert_true(scratch_run_apart(open_in_a_container, NULL));
}

#define MEMORY_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MEMORY_TEST(item_is_found_replaced_and_erased_by_its_identity),
		MEMORY_TEST(names_that_join_alike_are_two_items),
		MEMORY_TEST(item_under_anothers_description_is_damage),
		MEMORY_TEST(login_too_large_is_refused),
		MEMORY_TEST(full_quota_is_unavailable),
		MEMORY_TEST(refused_kernel_keyring_is_unavailable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

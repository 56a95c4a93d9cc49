/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "pam/stash.h"

static void a_stash_is_for_its_user_alone(void **state)
{
	bool locked;
	struct kt_stash *stash = kt_stash_new(1001, "password", &locked);

	(void)state;
	assert_non_null(stash);

	assert_true(kt_stash_is_for(stash, 1001));
	assert_false(kt_stash_is_for(stash, 1002));
	assert_false(kt_stash_is_for(stash, 0));
	kt_stash_free(stash);
}

static void a_forked_child_finds_it_empty(void **state)
{
	bool locked;
	struct kt_stash *stash = kt_stash_new(1001, "password", &locked);
	int status;
	pid_t child;

	(void)state;
	assert_non_null(stash);

	child = fork();
	if (child == 0) {
		bool is_wiped = memcmp(stash->new_password, "password", 8) != 0;

		_exit(!kt_stash_is_for(stash, 1001) && is_wiped ? 0 : 1);
	}

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(kt_stash_is_for(stash, 1001));
	kt_stash_free(stash);
}

static void a_change_keeps_both_and_nothing_else(void **state)
{
	static const char nothing[KT_UNLOCK_PASSWORD_MAX] = { 0 };
	bool locked;
	struct kt_stash *stash = kt_stash_new(1001, "a-long-first-password", &locked);

	(void)state;
	assert_non_null(stash);

	kt_stash_change(stash, "first", "short");

	assert_int_equal(stash->old_length, 5);
	assert_memory_equal(stash->old_password, "first", 5);
	assert_int_equal(stash->new_length, 5);
	assert_memory_equal(stash->new_password, "short", 5);
	assert_memory_equal(stash->new_password + 5, nothing, sizeof(nothing) - 5);
	kt_stash_free(stash);
}

static void only_what_can_have_been_typed_is_kept(void **state)
{
	char longest[KT_UNLOCK_PASSWORD_MAX + 2];

	(void)state;
	memset(longest, 'p', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';

	assert_false(kt_stash_is_keepable(NULL));
	assert_false(kt_stash_is_keepable(""));
	assert_true(kt_stash_is_keepable("p"));
	assert_true(kt_stash_is_keepable(longest + 1));
	assert_false(kt_stash_is_keepable(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stash_is_for_its_user_alone),
		cmocka_unit_test(a_forked_child_finds_it_empty),
		cmocka_unit_test(a_change_keeps_both_and_nothing_else),
		cmocka_unit_test(only_what_can_have_been_typed_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

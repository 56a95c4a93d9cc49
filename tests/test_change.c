/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/keeper/cache/change.h"
#include "helper/keeper/cache/stamp.h"
#include "keyring/clock.h"
#include "tests/lib/alone.h"

static const struct kt_identity identity = {
	.protocol = (char *)"https",
	.host = (char *)"change.example",
	.path = (char *)"",
	.username = (char *)"work",
};

static const struct kt_identity another = {
	.protocol = (char *)"https",
	.host = (char *)"change.example",
	.path = (char *)"",
	.username = (char *)"home",
};

/* A stamp that is there: the first change ever makes one. */
static uint64_t stamp(void)
{
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	struct kt_error error = { 0 };

	assert_true(kt_change_begin(&change, &identity, &error));
	kt_change_end(&change);
	assert_int_not_equal(kt_stamp_read(), 0);
	return kt_stamp_read();
}

static bool is_none_since(uint64_t since)
{
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	struct kt_error error = { 0 };

	assert_true(kt_change_lock(&change, &identity, &error));
	return kt_change_is_none_since(&change, since);
}

static void a_lock_alone_changes_nothing(void **state)
{
	uint64_t since = stamp();

	(void)state;
	assert_true(is_none_since(since));
	assert_true(is_none_since(since));
}

static void nothing_is_known_without_a_mark_or_a_lock(void **state)
{
	const struct kt_change change = { 0 };

	(void)state;
	assert_false(kt_change_is_none_since(&change, stamp()));
	assert_false(is_none_since(0));
}

static void a_change_of_any_account_is_one(void **state)
{
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	struct kt_error error = { 0 };
	uint64_t since = stamp();

	(void)state;
	assert_true(kt_change_begin(&change, &another, &error));
	assert_false(is_none_since(since));
	since = kt_stamp_read();
	kt_change_end(&change);
	assert_false(is_none_since(since));
}

/* A process that begins a change and is killed before its end. */
static void begin_and_die(bool invalidates)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		struct kt_change change = { 0 };
		struct kt_error error = { 0 };

		if (!kt_change_lock(&change, &identity, &error))
			_exit(1);
		if (invalidates)
			kt_change_invalidate(&change);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void what_a_killed_holder_was_about_may_have_happened(void **state)
{
	uint64_t since;

	(void)state;
	stamp();
	for (int invalidates = 0; invalidates <= 1; invalidates++) {
		begin_and_die(invalidates);
		since = kt_stamp_read();
		/* The first caller records it, also for those that read before. */
		assert_false(is_none_since(since));
		assert_false(is_none_since(since));
		assert_true(is_none_since(kt_stamp_read()));
	}
}

static bool is_over(uint64_t question)
{
	bool over = true;

	assert_int_equal(kt_stamp_claim_end(question, &over), kt_stamp_read());
	return over;
}

static void one_caller_is_told_of_an_end(void **state)
{
	enum { QUESTION = 1000 };
	struct kt_stamp_end end = { .question = QUESTION };
	uint64_t since = stamp();

	(void)state;
	assert_false(is_over(QUESTION));
	end.until = kt_clock_wall() + 100;
	assert_true(kt_stamp_is_still(since, 0, 0, &end));
	assert_false(is_over(QUESTION));
	end.until = kt_clock_wall() - 1;
	assert_false(kt_stamp_is_still(since + 1, 0, 0, &end));
	assert_false(is_over(QUESTION));
	assert_true(kt_stamp_is_still(since, 0, 0, &end));
	/* One that shares its place. */
	assert_false(is_over(QUESTION + 64));
	assert_true(is_over(QUESTION));
	assert_false(is_over(QUESTION));
	assert_int_equal(kt_stamp_read(), since);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_alone_changes_nothing),
		cmocka_unit_test(nothing_is_known_without_a_mark_or_a_lock),
		cmocka_unit_test(a_change_of_any_account_is_one),
		cmocka_unit_test(one_caller_is_told_of_an_end),
		cmocka_unit_test(what_a_killed_holder_was_about_may_have_happened),
	};

	return cmocka_run_group_tests(tests, alone, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/kernel_key.h"

static char prefix[64];
static char first[80];
static char second[80];

static void drop(void *context, int32_t serial, const char *description)
{
	(void)context;
	(void)description;
	kt_kernel_key_drop(serial);
}

static int begin(void **state)
{
	(void)state;
	snprintf(prefix, sizeof(prefix), "keyturn:test:%ld:", (long)getpid());
	snprintf(first, sizeof(first), "%sfirst", prefix);
	snprintf(second, sizeof(second), "%ssecond", prefix);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	kt_kernel_key_each(prefix, drop, NULL);
	return 0;
}

static void assert_payload(int32_t serial, const char *expected)
{
	char buffer[64];
	size_t length = 0;

	assert_true(kt_kernel_key_read(serial, buffer, sizeof(buffer), &length));
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(buffer, expected, length);
}

static void put_is_found_and_read(void **state)
{
	int32_t serial = kt_kernel_key_put(first, "one", 3, 60);

	(void)state;
	assert_true(serial > 0);
	assert_int_equal(kt_kernel_key_find(first), serial);
	assert_payload(serial, "one");
	assert_int_equal(kt_kernel_key_find(second), 0);
}

static void only_the_owner_may_read(void **state)
{
	int32_t serial = kt_kernel_key_put(first, "one", 3, 60);
	char description[200];

	(void)state;
	assert_true(syscall(SYS_keyctl, KEYCTL_DESCRIBE, serial, description,
	                    sizeof(description)) > 0);
	assert_non_null(strstr(description, ";003f0000;"));
}

static void put_replaces_and_revokes(void **state)
{
	int32_t old = kt_kernel_key_put(first, "one", 3, 60);
	int32_t new = kt_kernel_key_put(first, "two", 3, 60);
	size_t length;
	char buffer[8];

	(void)state;
	assert_true(new > 0 && new != old);
	assert_int_equal(kt_kernel_key_find(first), new);
	assert_payload(new, "two");
	assert_false(kt_kernel_key_read(old, buffer, sizeof(buffer), &length));
	assert_int_equal(errno, EKEYREVOKED);
}

static void payload_larger_than_the_buffer_is_refused(void **state)
{
	int32_t serial = kt_kernel_key_put(first, "four", 4, 60);
	KT_CLEANUP(kt_secret_clear) struct kt_secret payload = { 0 };
	char buffer[3] = { 'x', 'x', 'x' };
	size_t length = 0;

	(void)state;
	assert_false(kt_kernel_key_read(serial, buffer, sizeof(buffer), &length));
	assert_memory_equal(buffer, "xxx", 3);
	assert_false(kt_kernel_key_read_secret(serial, &payload, 3));
	assert_true(kt_kernel_key_read_secret(serial, &payload, 4));
	assert_string_equal(kt_secret_reveal(&payload), "four");
}

static void key_ends_with_its_timeout(void **state)
{
	int32_t serial = kt_kernel_key_put(first, "one", 3, 1);
	char buffer[8];
	size_t length;

	(void)state;
	kt_clock_sleep(1300);
	assert_int_equal(kt_kernel_key_find(first), 0);
	assert_false(kt_kernel_key_read(serial, buffer, sizeof(buffer), &length));
	assert_true(kt_kernel_key_put(first, "two", 3, 60) > 0);
	assert_payload(kt_kernel_key_find(first), "two");
}

static void update_sets_the_timeout_again(void **state)
{
	int32_t serial = kt_kernel_key_put(first, "one", 3, 60);

	(void)state;
	assert_true(kt_kernel_key_update(serial, "two", 3, 1));
	assert_payload(serial, "two");
	kt_clock_sleep(1300);
	assert_int_equal(kt_kernel_key_find(first), 0);
}

static void dropped_key_is_gone(void **state)
{
	int32_t serial = kt_kernel_key_put(first, "one", 3, 60);
	char buffer[8];
	size_t length;

	(void)state;
	kt_kernel_key_drop(serial);
	assert_int_equal(kt_kernel_key_find(first), 0);
	assert_false(kt_kernel_key_read(serial, buffer, sizeof(buffer), &length));
}

static void claim_is_had_once(void **state)
{
	(void)state;
	assert_true(kt_kernel_key_claim(first, 60));
	assert_false(kt_kernel_key_claim(first, 60));
	assert_true(kt_kernel_key_claim(second, 60));
	kt_kernel_key_drop(kt_kernel_key_find(first));
	assert_true(kt_kernel_key_claim(first, 60));
}

/* 40 processes that all start when the parent lets go of a pipe: how many had the claim. */
static int race_for_claim(void)
{
	int winners = 0;
	int status;
	int start[2];

	assert_int_equal(pipe(start), 0);
	for (int i = 0; i < 40; i++) {
		pid_t child = fork();
		char byte;

		assert_true(child >= 0);
		if (child > 0)
			continue;
		close(start[1]);
		if (read(start[0], &byte, 1) < 0)
			_exit(2);
		_exit(kt_kernel_key_claim(first, 60) ? 1 : 0);
	}
	close(start[0]);
	close(start[1]);
	for (int i = 0; i < 40; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		winners += WEXITSTATUS(status);
	}
	return winners;
}

static void claim_goes_to_one_of_many(void **state)
{
	(void)state;
	assert_int_equal(race_for_claim(), 1);
}

static void expired_claim_goes_to_one_of_many(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		kt_kernel_key_drop(kt_kernel_key_put(second, "x", 1, 60));
		assert_true(kt_kernel_key_put(first, "x", 1, 1) > 0);
		kt_clock_sleep(1300);
		assert_int_equal(race_for_claim(), 1);
		kt_kernel_key_drop(kt_kernel_key_find(first));
	}
}

/* However long somebody takes to replace a dead claim, nobody else has it meanwhile. */
static void expired_claim_is_replaced_by_one_at_a_time(void **state)
{
	char arbiter[100];

	(void)state;
	snprintf(arbiter, sizeof(arbiter), "%s:arbiter", first);
	assert_true(kt_kernel_key_claim(first, 1));
	kt_clock_sleep(1300);
	assert_true(kt_kernel_key_claim(arbiter, 60));
	assert_false(kt_kernel_key_claim(first, 60));
	kt_clock_sleep(150);
	assert_false(kt_kernel_key_claim(first, 60));
	kt_kernel_key_drop(kt_kernel_key_find(arbiter));
	assert_true(kt_kernel_key_claim(first, 60));
	assert_int_equal(kt_kernel_key_find(arbiter), 0);
}

struct seen {
	int count;
	int32_t last;
};

static void see(void *context, int32_t serial, const char *description)
{
	struct seen *seen = context;

	assert_memory_equal(description, prefix, strlen(prefix));
	seen->count++;
	seen->last = serial;
}

static void each_visits_what_begins_so_and_lives(void **state)
{
	struct seen all = { 0 };
	struct seen one = { 0 };
	int32_t serial;

	(void)state;
	assert_true(kt_kernel_key_put(first, "one", 3, 60) > 0);
	serial = kt_kernel_key_put(second, "two", 3, 60);
	kt_kernel_key_each(prefix, see, &all);
	kt_kernel_key_each(second, see, &one);

	assert_int_equal(all.count, 2);
	assert_int_equal(one.count, 1);
	assert_int_equal(one.last, serial);
}

static void longest_description_is_found(void **state)
{
	char description[KT_KERNEL_KEY_DESCRIPTION_MAXIMUM + 1];
	struct seen seen = { 0 };

	(void)state;
	memset(description, 'd', KT_KERNEL_KEY_DESCRIPTION_MAXIMUM);
	memcpy(description, prefix, strlen(prefix));
	description[KT_KERNEL_KEY_DESCRIPTION_MAXIMUM] = '\0';
	assert_true(kt_kernel_key_put(description, "one", 3, 60) > 0);

	assert_payload(kt_kernel_key_find(description), "one");
	kt_kernel_key_each(description, see, &seen);
	assert_int_equal(seen.count, 1);
}

/*
 * Adds a key to @u and has the kernel's collector take it away: its link stays on the account.
 * False where there is no room for another, even when all are collected.
 */
static bool leak(int number)
{
	char description[100];

	snprintf(description, sizeof(description), "%sleak%d", prefix, number);
	for (int tries = 0; tries < 100; tries++) {
		long serial = syscall(SYS_add_key, "user", description, "x", 1,
		                      KEY_SPEC_USER_KEYRING);

		if (serial > 0)
			return syscall(SYS_keyctl, KEYCTL_INVALIDATE, serial) == 0;
		kt_clock_sleep(10);
	}
	return false;
}

/* An ordinary user's 20,000 bytes, of which nearly all are gone to keys that are no more. */
static int reclaim_after_leaks(void)
{
	char payload[3000] = "";
	int32_t kept;

	if (setuid(54322) != 0)
		return 2;
	kept = kt_kernel_key_put(first, "one", 3, 600);
	for (int i = 0; leak(i); i++)
		if (i > 10000)
			return 77;
	if (syscall(SYS_add_key, "user", second, payload, sizeof(payload),
	            KEY_SPEC_USER_KEYRING) >= 0 || errno != EDQUOT)
		return 4;
	if (!kt_kernel_key_put(second, payload, sizeof(payload), 600))
		return 5;
	if (!kept || kt_kernel_key_find(first) != kept || !kt_kernel_key_find(second))
		return 6;
	kt_kernel_key_each(prefix, drop, NULL);
	return 0;
}

static void a_quota_full_of_nothing_is_put_right(void **state)
{
	pid_t child;
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(reclaim_after_leaks());
	assert_int_equal(waitpid(child, &status, 0), child);
	/* A kernel that gives back what a link takes has nothing to put right. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

#define KEPT_CLEAN(test) cmocka_unit_test_setup_teardown(test, begin, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEPT_CLEAN(put_is_found_and_read),
		KEPT_CLEAN(only_the_owner_may_read),
		KEPT_CLEAN(put_replaces_and_revokes),
		KEPT_CLEAN(payload_larger_than_the_buffer_is_refused),
		KEPT_CLEAN(key_ends_with_its_timeout),
		KEPT_CLEAN(update_sets_the_timeout_again),
		KEPT_CLEAN(dropped_key_is_gone),
		KEPT_CLEAN(claim_is_had_once),
		KEPT_CLEAN(claim_goes_to_one_of_many),
		KEPT_CLEAN(expired_claim_goes_to_one_of_many),
		KEPT_CLEAN(expired_claim_is_replaced_by_one_at_a_time),
		KEPT_CLEAN(each_visits_what_begins_so_and_lives),
		KEPT_CLEAN(longest_description_is_found),
		KEPT_CLEAN(a_quota_full_of_nothing_is_put_right),
	};

	if (!kt_kernel_key_is_usable()) {
		print_message("skipped: the kernel's keyring is not to be had here\n");
		return 77;
	}
	return cmocka_run_group_tests_name("kernel key", tests, NULL, NULL);
}

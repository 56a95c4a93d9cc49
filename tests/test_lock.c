/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyring/clock.h"
#include "keyring/lock.h"
#include "tests/lib/alone.h"
#include "tests/lib/beside.h"
#include "tests/lib/in_time.h"

static const char file[] = "test_lock";

static bool take(struct kt_lock *lock, enum kt_lock_mode mode, struct kt_error *error)
{
	return kt_lock_take(lock, file, mode, 0, "the test", NULL, error);
}

static void path_of(const char *name, char *path, size_t size)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	struct kt_error error = { 0 };

	assert_true(kt_environment_state_directory(&directory, &error));
	snprintf(path, size, "%s/%s", directory, name);
}

/* Its context is the mode. */
static bool take_beside(void *context)
{
	static struct kt_lock lock;
	struct kt_error error = { 0 };

	return take(&lock, *(enum kt_lock_mode *)context, &error);
}

/* A process that holds the lock until it is killed. */
static pid_t hold_elsewhere(enum kt_lock_mode mode)
{
	return beside_start(take_beside, NULL, &mode);
}

static void lock_is_taken_and_released(void **state)
{
	struct kt_lock lock = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_false(kt_lock_is_held(&lock));
	assert_true(take(&lock, KT_LOCK_EXCLUSIVE, &error));
	assert_true(kt_lock_is_held(&lock));
	kt_lock_release(&lock);
	kt_lock_release(&lock);
	assert_false(kt_lock_is_held(&lock));
	assert_true(take(&lock, KT_LOCK_EXCLUSIVE, &error));
	assert_false(lock.was_left);
	kt_lock_release(&lock);
}

static void held_lock_is_busy_and_names_its_holder(void **state)
{
	pid_t child = hold_elsewhere(KT_LOCK_EXCLUSIVE);
	struct kt_lock lock = { 0 };
	struct kt_error error = { 0 };
	char expected[100];

	(void)state;
	snprintf(expected, sizeof(expected), "the test is in use by process %ld", (long)child);
	assert_false(take(&lock, KT_LOCK_EXCLUSIVE, &error));
	assert_int_equal(error.code, KT_ERROR_BUSY);
	assert_string_equal(error.message, expected);
	assert_false(kt_lock_is_held(&lock));
	beside_end(child);
}

static void lock_dies_with_its_holder(void **state)
{
	pid_t child = hold_elsewhere(KT_LOCK_EXCLUSIVE);
	struct kt_lock lock = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	beside_end(child);
	for (int mode = KT_LOCK_SHARED; mode <= KT_LOCK_EXCLUSIVE; mode++) {
		assert_true(take(&lock, mode, &error));
		assert_int_equal(lock.was_left, true);
		kt_lock_release(&lock);
	}
	assert_true(take(&lock, KT_LOCK_SHARED, &error));
	assert_false(lock.was_left);
	kt_lock_release(&lock);
}

static void shared_locks_keep_out_only_an_exclusive_one(void **state)
{
	pid_t child = hold_elsewhere(KT_LOCK_SHARED);
	struct kt_lock shared = { 0 };
	struct kt_lock exclusive = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(take(&shared, KT_LOCK_SHARED, &error));
	kt_lock_release(&shared);
	assert_false(take(&exclusive, KT_LOCK_EXCLUSIVE, &error));
	assert_int_equal(error.code, KT_ERROR_BUSY);
	/* Its last exclusive holder is gone: no pid is better than a wrong one. */
	assert_string_equal(error.message, "the test is in use by another process");
	beside_end(child);
}

static void wait_ends_at_the_deadline(void **state)
{
	pid_t child = hold_elsewhere(KT_LOCK_EXCLUSIVE);
	struct kt_lock lock = { 0 };
	struct kt_error error = { 0 };
	int64_t start = kt_clock_monotonic();

	(void)state;
	assert_false(kt_lock_take(&lock, file, KT_LOCK_EXCLUSIVE, start + 300, "the test", NULL,
	                          &error));
	assert_true(is_in_time(kt_clock_monotonic() - start, 300, 600));
	beside_end(child);
}

static void wait_ends_when_the_holder_does(void **state)
{
	pid_t holder = hold_elsewhere(KT_LOCK_EXCLUSIVE);
	pid_t killer = fork();
	struct kt_lock lock = { 0 };
	struct kt_error error = { 0 };
	int64_t start = kt_clock_monotonic();

	(void)state;
	assert_true(killer >= 0);
	if (killer == 0) {
		kt_clock_sleep(200);
		_exit(kill(holder, SIGKILL));
	}
	assert_true(kt_lock_take(&lock, file, KT_LOCK_EXCLUSIVE, start + 5000, "the test", NULL,
	                         &error));
	assert_true(is_in_time(kt_clock_monotonic() - start, 190, 1000));
	kt_lock_release(&lock);
	waitpid(holder, NULL, 0);
	waitpid(killer, NULL, 0);
}

/* Each of many adds one to a number in the file, by reading and writing it. */
static void one_at_a_time_has_the_lock(void **state)
{
	enum { PROCESSES = 30, TURNS = 20 };
	struct kt_lock lock = { 0 };
	struct kt_error error = { 0 };
	int number = 0;
	int status;

	(void)state;
	assert_true(take(&lock, KT_LOCK_EXCLUSIVE, &error));
	assert_int_equal(pwrite(kt_lock_descriptor(&lock), &number, sizeof(number), KT_LOCK_NOTES),
	                 sizeof(number));
	kt_lock_release(&lock);
	for (int i = 0; i < PROCESSES; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		for (int turn = 0; child == 0 && turn < TURNS; turn++) {
			int64_t deadline = kt_clock_monotonic() + 30000;

			if (!kt_lock_take(&lock, file, KT_LOCK_EXCLUSIVE, deadline, "it", NULL, &error) ||
			    pread(kt_lock_descriptor(&lock), &number, sizeof(number),
			          KT_LOCK_NOTES) != sizeof(number))
				_exit(1);
			number++;
			if (pwrite(kt_lock_descriptor(&lock), &number, sizeof(number),
			           KT_LOCK_NOTES) != sizeof(number))
				_exit(1);
			kt_lock_release(&lock);
		}
		if (child == 0)
			_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_true(take(&lock, KT_LOCK_EXCLUSIVE, &error));
	assert_int_equal(pread(kt_lock_descriptor(&lock), &number, sizeof(number), KT_LOCK_NOTES),
	                 sizeof(number));
	kt_lock_release(&lock);
	assert_int_equal(number, PROCESSES * TURNS);
}

static void what_lies_in_the_way_is_not_followed(void **state)
{
	struct kt_lock lock = { 0 };
	struct kt_error link = { 0 };
	struct kt_error fifo = { 0 };
	struct kt_error open_to_all = { 0 };
	char path[300];

	(void)state;
	path_of("test_lock_in_the_way", path, sizeof(path));
	unlink(path);

	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_false(kt_lock_take(&lock, "test_lock_in_the_way", KT_LOCK_SHARED, 0, "it", NULL, &link));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(kt_lock_take(&lock, "test_lock_in_the_way", KT_LOCK_SHARED, 0, "it", NULL, &fifo));
	assert_int_equal(unlink(path), 0);
	close(open(path, O_CREAT | O_RDWR, 0600));
	assert_int_equal(chmod(path, 0622), 0);
	assert_false(kt_lock_take(&lock, "test_lock_in_the_way", KT_LOCK_SHARED, 0, "it", NULL,
	                          &open_to_all));
	assert_int_equal(unlink(path), 0);

	assert_int_equal(link.code, KT_ERROR_UNAVAILABLE);
	assert_int_equal(fifo.code, KT_ERROR_UNSAFE);
	assert_int_equal(open_to_all.code, KT_ERROR_UNSAFE);
}

static void state_directory_of_others_is_refused(void **state)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *ignored = NULL;
	struct kt_error error = { 0 };

	(void)state;
	assert_true(kt_environment_state_directory(&directory, &error));
	assert_int_equal(chmod(directory, 0770), 0);
	assert_false(kt_environment_state_directory(&ignored, &error));
	assert_int_equal(chmod(directory, 0700), 0);
	assert_int_equal(error.code, KT_ERROR_UNSAFE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lock_is_taken_and_released),
		cmocka_unit_test(held_lock_is_busy_and_names_its_holder),
		cmocka_unit_test(lock_dies_with_its_holder),
		cmocka_unit_test(shared_locks_keep_out_only_an_exclusive_one),
		cmocka_unit_test(wait_ends_at_the_deadline),
		cmocka_unit_test(wait_ends_when_the_holder_does),
		cmocka_unit_test(one_at_a_time_has_the_lock),
		cmocka_unit_test(what_lies_in_the_way_is_not_followed),
		cmocka_unit_test(state_directory_of_others_is_refused),
	};

	return cmocka_run_group_tests_name("lock", tests, alone, NULL);
}

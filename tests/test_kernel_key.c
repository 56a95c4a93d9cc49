/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/kernel_key.h"
#include "tests/lib/skip.h"

static char prefix[64];
static char first[80];
static char second[80];

static void drop(void *context, int32_t serial, const char *description)
{
	(void)context;
	(void)description;
	kt_kernel_key_drop(serial);
}

/* By so many days the wall clock is ahead. */
static int64_t days;

/* Names that ld(1), --wrap, gives. */
int64_t __real_kt_clock_wall(void);
int64_t __wrap_kt_clock_wall(void);

int64_t __wrap_kt_clock_wall(void)
{
	return __real_kt_clock_wall() + days * 86400;
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
	/* keyctl(2): revoked until the kernel has collected it, unknown from then on. */
	assert_true(errno == EKEYREVOKED || errno == ENOKEY);
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

/* keyctl(2) takes a page at most for an update; a grant with certificates is larger. */
static void a_large_payload_replaces_another(void **state)
{
	static char payload[20000];
	KT_CLEANUP(kt_secret_clear) struct kt_secret found = { 0 };
	int32_t serial = kt_kernel_key_put(first, payload, sizeof(payload), 60);
	int32_t disposable = kt_kernel_key_put_disposable(second, payload, 5000, 60);

	(void)state;
	memset(payload, 'g', sizeof(payload));
	assert_true(kt_kernel_key_update(serial, payload, sizeof(payload), 60));
	assert_true(kt_kernel_key_update(disposable, payload, 5000, 60));
	assert_int_equal(kt_kernel_key_find(first), serial);
	assert_int_equal(kt_kernel_key_find(second), disposable);
	assert_true(kt_kernel_key_read_secret(serial, &found, sizeof(payload)));
	assert_int_equal(kt_secret_length(&found), sizeof(payload));
	assert_memory_equal(kt_secret_reveal(&found), payload, sizeof(payload));
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

/* The word of that number, from 0, in a line of a file of proc(5). */
static const char *word_of(const char *line, int number)
{
	line += strspn(line, " ");
	while (number-- > 0) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return line;
}

static int64_t charged(void)
{
	char text[16384];
	char user[16];
	int descriptor = open("/proc/key-users", O_RDONLY | O_CLOEXEC);
	ssize_t length = descriptor < 0 ? 0 : read(descriptor, text, sizeof(text) - 1);
	const char *line;
	long long bytes = -1;

	close(descriptor);
	text[length > 0 ? length : 0] = '\0';
	snprintf(user, sizeof(user), "%5u:", (unsigned)geteuid());
	line = strstr(text, user);
	/* "UID: USAGE KEYS/INSTANTIATED KEYS/MAXIMUM BYTES/MAXIMUM" */
	if (line)
		bytes = strtoll(word_of(line + strlen(user), 3), NULL, 10);
	return bytes;
}

/* Keys of another program, and the bytes in them; the last one may be a small one. */
static int fill_up(int64_t until, int32_t *foreign, int most)
{
	static const char payload[2000] = "foreign";
	char description[64];
	int count = 0;

	while (count < most) {
		int64_t left = until - charged();
		size_t length = left < 100 ? 0 : left > 1100 ? 1000 : (size_t)left - 60;
		long serial;

		if (length == 0)
			break;
		snprintf(description, sizeof(description), "foreign%d", count);
		serial = syscall(SYS_add_key, "user", description, payload, length,
		                 KEY_SPEC_USER_KEYRING);
		if (serial <= 0)
			break;
		foreign[count++] = (int32_t)serial;
	}
	return count;
}

static bool is_alive(int32_t serial)
{
	char buffer[2000];
	size_t length;

	return kt_kernel_key_read(serial, buffer, sizeof(buffer), &length);
}

static void drop_foreign(int32_t *foreign, int count)
{
	for (int i = 0; i < count; i++) {
		syscall(SYS_keyctl, KEYCTL_REVOKE, foreign[i]);
		syscall(SYS_keyctl, KEYCTL_UNLINK, foreign[i], KEY_SPEC_USER_KEYRING);
	}
}

/* Waits until the kernel has given back what was dropped; false after two seconds. */
static bool settle(int64_t before)
{
	for (int i = 0; i < 200 && charged() > before; i++)
		kt_clock_sleep(10);
	return charged() <= before;
}

/*
 * As an ordinary user, whose quota is 20,000 bytes, in a child of its own: the user's keyring has
 * nothing else in it.
 */
static void as_a_user(uid_t uid, int (*test)(void))
{
	pid_t child;
	int status;

	if (geteuid() != 0)
		skip_because("needs root, to become a user whose quota may be filled");
	child = fork();
	assert_true(child >= 0);
	/* An earlier run's keys are taken back by the kernel's collector, beside us. */
	if (child == 0)
		_exit(setuid(uid) == 0 &&
		      syscall(SYS_keyctl, KEYCTL_CLEAR, KEY_SPEC_USER_KEYRING) == 0 && settle(200)
		      ? test() : 99);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/*
 * At each fill level that other programs reach in steps of 100 bytes: with disposable keys in the
 * rest, a precious one of 2,000 bytes is put wherever it fits without them, and what others put
 * there is as it was.
 */
static int put_at_every_level(void)
{
	static const char payload[2000] = "precious";
	char description[64];
	int32_t foreign[64];
	int64_t start;

	if (!kt_kernel_key_put_disposable("keyturn:v1:warm", "x", 1, 60))
		return 2;
	start = charged();
	for (int64_t level = start + 400; level <= 20000; level += 100) {
		int count = fill_up(level, foreign, 64);
		int64_t filled = charged();
		int32_t serial;

		for (int i = 0; i < 40; i++) {
			snprintf(description, sizeof(description), "keyturn:v1:answer%d", i);
			if (!kt_kernel_key_put_disposable(description, payload, 500, 60))
				break;
		}
		serial = kt_kernel_key_put(first, payload, sizeof(payload), 60);
		/* 200: its description, its link, and what the kernel has not given back yet. */
		if (!serial && filled + (int64_t)sizeof(payload) + 200 <= 20000)
			return 3;
		if (serial && !is_alive(serial))
			return 4;
		for (int i = 0; i < count; i++)
			if (!is_alive(foreign[i]))
				return 5;
		if (serial)
			kt_kernel_key_drop(serial);
		drop_foreign(foreign, count);
		kt_kernel_key_each("keyturn:v1:", drop, NULL);
		if (!settle(start + 300))
			return 6;
	}
	return 0;
}

static void a_precious_key_is_put_at_every_fill_level(void **state)
{
	(void)state;
	as_a_user(61272, put_at_every_level);
}

/* A rotation's escrow replaces the one before, where there is no room for both. */
static int replace_where_full(void)
{
	static const char payload[6000] = "grant";
	int32_t foreign[64];
	int count;
	int32_t serial;

	if (!kt_kernel_key_put(first, payload, sizeof(payload), 60))
		return 2;
	count = fill_up(19900, foreign, 64);
	serial = kt_kernel_key_put(first, payload, sizeof(payload), 60);
	if (!serial || kt_kernel_key_find(first) != serial)
		return 3;
	for (int i = 0; i < count; i++)
		if (!is_alive(foreign[i]))
			return 4;
	return 0;
}

static void a_precious_key_replaces_itself_where_all_is_full(void **state)
{
	(void)state;
	as_a_user(61273, replace_where_full);
}

static void what_lives_goes_on_behind_the_turn_of_a_day(void **state)
{
	int32_t retired = kt_kernel_key_put(first, "login", 5, 60);

	(void)state;
	assert_true(kt_kernel_key_retire(retired, 60));
	for (days = 1; days >= 0; days--) {
		int32_t answer = kt_kernel_key_put_disposable(second, "answer", 6, 60);

		assert_true(answer > 0);
		assert_int_equal(kt_kernel_key_find(first), retired);
		assert_payload(retired, "login");
		assert_int_equal(kt_kernel_key_find(second), answer);
		assert_payload(answer, "answer");
	}
	days = 0;
}

/*
 * Claims that end by themselves for weeks: the rest of each that the kernel keeps goes with the
 * day.
 */
static int expire_for_long(void)
{
	char description[64];
	int64_t start;

	if (!kt_kernel_key_put(first, "kept", 4, 600))
		return 2;
	start = charged();
	for (int i = 0; i < 3000; i++) {
		int32_t serial;

		snprintf(description, sizeof(description), "keyturn:test:leak%d", i);
		serial = kt_kernel_key_put_disposable(description, "x", 1, 60);
		for (int tries = 0; !serial && tries < 200; tries++) {
			kt_clock_sleep(10);
			serial = kt_kernel_key_put_disposable(description, "x", 1, 60);
		}
		if (!serial || syscall(SYS_keyctl, KEYCTL_INVALIDATE, serial) != 0)
			break;
	}
	/* The next precious key that finds no room, or the next day, takes the pool away. */
	kt_kernel_key_drop_disposable();
	if (!settle(start + 200))
		return 3;
	return kt_kernel_key_find(first) ? 0 : 4;
}

static void what_expires_leaves_nothing_for_good(void **state)
{
	(void)state;
	as_a_user(61274, expire_for_long);
}

static int share_of_the_quota(void)
{
	static const char payload[1000] = "answer";
	char description[64];
	int count = 0;

	while (kt_kernel_key_has_share(20, sizeof(payload)) && count < 100) {
		snprintf(description, sizeof(description), "keyturn:v1:a%d", count++);
		if (!kt_kernel_key_put_disposable(description, payload, sizeof(payload), 60))
			return 2;
	}
	return count < 5 || count > 9 || charged() > 11000;
}

static void disposable_keys_have_half_of_the_quota(void **state)
{
	(void)state;
	as_a_user(61275, share_of_the_quota);
}

static void retired_key_is_found_and_makes_room(void **state)
{
	int32_t serial = kt_kernel_key_put(first, "stored", 6, 3600);

	(void)state;
	assert_true(kt_kernel_key_retire(serial, 60));
	assert_int_equal(kt_kernel_key_find(first), serial);
	kt_kernel_key_drop_disposable();
	assert_int_equal(kt_kernel_key_find(first), 0);
}

/* Seconds, minutes, hours or days until its end, as proc_keys(5) shows it: "59s", "59m", "1h". */
static void assert_timeout(int32_t serial, char unit)
{
	FILE *keys = fopen("/proc/keys", "r");
	char line[512];
	unsigned long listed = 0;
	const char *until;

	assert_non_null(keys);
	while (listed != (unsigned long)serial && fgets(line, sizeof(line), keys))
		listed = strtoul(line, NULL, 16);
	fclose(keys);
	assert_int_equal(listed, serial);
	until = word_of(line, 3);
	assert_int_equal(until[strcspn(until, " ") - 1], unit);
}

static void retired_keys_are_prolonged_and_no_others(void **state)
{
	int32_t retired = kt_kernel_key_put(first, "stored", 6, 10 * 3600);
	int32_t precious = kt_kernel_key_put(second, "kept", 4, 10 * 3600);
	int32_t answer;
	char other[96];

	(void)state;
	snprintf(other, sizeof(other), "another:%s", first);
	answer = kt_kernel_key_put_disposable(other, "answer", 6, 30);
	assert_true(kt_kernel_key_retire(retired, 30));
	assert_timeout(retired, 's');
	kt_kernel_key_prolong(prefix, 1800);
	assert_timeout(retired, 'm');
	assert_timeout(precious, 'h');
	assert_timeout(answer, 's');
	kt_kernel_key_drop(answer);
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
		KEPT_CLEAN(a_large_payload_replaces_another),
		KEPT_CLEAN(dropped_key_is_gone),
		KEPT_CLEAN(claim_is_had_once),
		KEPT_CLEAN(claim_goes_to_one_of_many),
		KEPT_CLEAN(expired_claim_goes_to_one_of_many),
		KEPT_CLEAN(expired_claim_is_replaced_by_one_at_a_time),
		KEPT_CLEAN(each_visits_what_begins_so_and_lives),
		KEPT_CLEAN(longest_description_is_found),
		KEPT_CLEAN(retired_key_is_found_and_makes_room),
		KEPT_CLEAN(retired_keys_are_prolonged_and_no_others),
		KEPT_CLEAN(disposable_keys_have_half_of_the_quota),
		KEPT_CLEAN(a_precious_key_is_put_at_every_fill_level),
		KEPT_CLEAN(a_precious_key_replaces_itself_where_all_is_full),
		KEPT_CLEAN(what_lives_goes_on_behind_the_turn_of_a_day),
		KEPT_CLEAN(what_expires_leaves_nothing_for_good),
	};

	if (!kt_kernel_key_is_usable()) {
		print_message("skipped: the kernel's keyring is not to be had here\n");
		return 77;
	}
	return cmocka_run_group_tests_name("kernel key", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/errand.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "tests/lib/in_time.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static int make_pair(void **state)
{
	static int pair[2];

	*state = pair;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static int close_pair(void **state)
{
	int *pair = *state;

	close(pair[0]);
	close(pair[1]);
	return 0;
}

static void add(struct kt_errand *errand, const char *name, const char *value)
{
	struct kt_error error = { 0 };

	assert_true(kt_errand_add(errand, name, value, &error));
}

static void what_is_sent_arrives(void **state)
{
	const int *pair = *state;
	KT_CLEANUP(kt_errand_clear) struct kt_errand sent = { 0 };
	KT_CLEANUP(kt_errand_clear) struct kt_errand received = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };
	int64_t number = 0;

	assert_true(kt_secret_append(&bytes, "a\0b", 3, &error));
	add(&sent, "errand", "post");
	add(&sent, "empty", "");
	assert_true(kt_errand_add_number(&sent, "timeout", INT64_MAX, &error));
	assert_true(kt_errand_add_secret(&sent, "bytes", &bytes, &error));
	add(&received, "old", "content");

	assert_true(kt_errand_send(&sent, pair[0], 0, &error));
	assert_true(kt_errand_receive(&received, pair[1], 0, &error));

	assert_int_equal(received.count, 4);
	assert_true(kt_errand_is(&received, "errand", "post"));
	assert_string_equal(kt_errand_text(&received, "empty"), "");
	assert_true(kt_errand_number(&received, "timeout", &number));
	assert_true(number == INT64_MAX);
	assert_true(kt_secret_is_equal(kt_errand_secret(&received, "bytes"), &bytes));
	assert_null(kt_errand_text(&received, "bytes"));
	assert_null(kt_errand_secret(&received, "absent"));
	assert_false(kt_errand_number(&received, "errand", &number));
}

static void a_secret_is_copied_where_there_is_one(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_false(kt_errand_copy_secret(&errand, "code", &value, &error));
	assert_int_equal(error.code, KT_ERROR_INTERNAL);
	add(&errand, "code", "one");

	assert_true(kt_errand_copy_secret(&errand, "code", &value, &error));
	assert_string_equal(kt_secret_reveal(&value), "one");
}

static void a_field_stands_once_and_has_a_good_name(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	static const char *const bad[] = { "twice", "", "a b", "a\n", "\xc3\xa9" };

	(void)state;
	add(&errand, "twice", "1");
	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		struct kt_error error = { 0 };

		assert_false(kt_errand_add(&errand, bad[i], "2", &error));
		assert_int_equal(error.code, KT_ERROR_INTERNAL);
	}

	assert_int_equal(errand.count, 1);
	assert_true(kt_errand_is(&errand, "twice", "1"));
}

static void fields_are_bounded(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	struct kt_error error = { 0 };
	char name[] = "aa";

	(void)state;
	for (int i = 0; i < KT_ERRAND_FIELDS; i++) {
		name[0] = (char)('A' + i / 32);
		name[1] = (char)('@' + i % 32);
		add(&errand, name, "");
	}

	assert_false(kt_errand_add(&errand, "more", "", &error));
}

/* A writer that stops in the middle until somebody reads: larger than a socket's buffer. */
static void a_message_of_the_largest_size_passes(void **state)
{
	const int *pair = *state;
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret large = { 0 };
	struct kt_error error = { 0 };
	const int small = 4096;
	pid_t child;
	int status;

	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	while (kt_secret_length(&large) < KT_ERRAND_MAXIMUM - 16)
		assert_true(kt_secret_append(&large, "x", 1, &error));
	assert_true(kt_errand_add_secret(&errand, "name", &large, &error));

	child = fork();
	if (child == 0)
		_exit(!kt_errand_send(&errand, pair[0], kt_clock_monotonic() + 5000, &error));
	kt_clock_sleep(50);
	assert_true(kt_errand_receive(&errand, pair[1], kt_clock_monotonic() + 5000, &error));

	assert_true(kt_secret_is_equal(kt_errand_secret(&errand, "name"), &large));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_message_larger_than_that_is_not_sent(void **state)
{
	const int *pair = *state;
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret large = { 0 };
	struct kt_error error = { 0 };
	char byte;

	while (kt_secret_length(&large) < KT_ERRAND_MAXIMUM - 15)
		assert_true(kt_secret_append(&large, "x", 1, &error));
	assert_true(kt_errand_add_secret(&errand, "name", &large, &error));

	assert_false(kt_errand_send(&errand, pair[0], 0, &error));
	assert_int_equal(recv(pair[1], &byte, 1, MSG_DONTWAIT), -1);
}

/* A message in the wire's form: the count, then per field its lengths, name and value. */
#define LONG_FIELD 0x7fffffffu

static void broken_messages_are_refused(void **state)
{
	const int *pair = *state;
	static const uint32_t messages[][8] = {
		{ 0 },                                   /* no count */
		{ 3, 0 },                                /* half a count */
		{ 4, 1 },                                /* a field that is not there */
		{ 12, 1, 4, 0 },                         /* a name that is not there */
		{ 12, 1, 0, 0 },                         /* a field without a name */
		{ 16, 1, 4, 4, 0x61616161 },             /* a value that is not there */
		{ 16, 1, LONG_FIELD, 0, 0x61616161 },    /* lengths beyond the message */
		{ 16, 1, 4, UINT32_MAX, 0x61616161 },
		{ 20, 1, 4, 0, 0x61616161, 0x62626262 }, /* bytes behind the last field */
		{ 16, 0, 1, 1, 0x6161 },
		{ 16, 1, 4, 0, 0x61006161 },             /* a NUL in a name */
		{ 28, 2, 4, 0, 0x61616161, 4, 0, 0x61616161 }, /* a field twice */
		{ KT_ERRAND_MAXIMUM + 1, 0 },
		{ UINT32_MAX, 0 },
	};

	for (size_t i = 0; i < ELEMENTS(messages); i++) {
		KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
		struct kt_error error = { 0 };
		size_t length = 4 + (messages[i][0] < 32 ? messages[i][0] : 4);
		char rest[32];

		assert_int_equal(send(pair[0], messages[i], length, 0), length);

		assert_false(kt_errand_receive(&errand, pair[1], kt_clock_monotonic() + 1000,
		                               &error));
		assert_int_equal(error.code, KT_ERROR_INTERNAL);
		assert_int_equal(errand.count, 0);
		while (recv(pair[1], rest, sizeof(rest), MSG_DONTWAIT) > 0)
			;
	}
}

static void an_end_in_the_middle_is_an_error(void **state)
{
	static const uint32_t message[] = { 16, 1, 4, 0, 0x61616161 };

	(void)state;
	for (size_t length = 0; length < sizeof(message); length++) {
		KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
		struct kt_error error = { 0 };
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		assert_int_equal(send(pair[0], message, length, 0), length);
		close(pair[0]);

		assert_false(kt_errand_receive(&errand, pair[1], 0, &error));
		assert_int_equal(error.code, KT_ERROR_NETWORK);
		close(pair[1]);
	}
}

static void waiting_ends_at_the_deadline(void **state)
{
	const int *pair = *state;
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret large = { 0 };
	struct kt_error error = { 0 };
	struct kt_error second = { 0 };
	int64_t begin = kt_clock_monotonic();
	bool sent = true;

	assert_false(kt_errand_receive(&errand, pair[1], begin + 100, &error));
	assert_int_equal(error.code, KT_ERROR_NETWORK);

	while (kt_secret_length(&large) < 100000)
		assert_true(kt_secret_append(&large, "xxxxxxxxxxxxxxxx", 16, &error));
	assert_true(kt_errand_add_secret(&errand, "name", &large, &error));
	for (int i = 0; i < 100 && sent; i++)
		sent = kt_errand_send(&errand, pair[0], begin + 300, &second);
	assert_false(sent);
	assert_int_equal(second.code, KT_ERROR_NETWORK);
	assert_true(is_in_time(kt_clock_monotonic() - begin, 300, 2000));
}

static void a_closed_end_is_an_error_and_no_signal(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	struct kt_error error = { 0 };
	int pair[2];

	(void)state;
	add(&errand, "say", "go");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	close(pair[1]);
	signal(SIGPIPE, SIG_DFL);

	assert_false(kt_errand_send(&errand, pair[0], 0, &error));
	assert_int_equal(error.code, KT_ERROR_NETWORK);
	close(pair[0]);
}

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
	(void)number;
	alarms++;
}

static void signals_do_not_end_a_wait(void **state)
{
	const int *pair = *state;
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	struct kt_error error = { 0 };
	struct sigaction action = { .sa_handler = count_alarm };
	const struct itimerval often = { { 0, 5000 }, { 0, 5000 } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	int64_t begin = kt_clock_monotonic();

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);

	assert_false(kt_errand_receive(&errand, pair[1], begin + 200, &error));

	setitimer(ITIMER_REAL, &never, NULL);
	assert_true(alarms > 3);
	assert_true(kt_clock_monotonic() - begin >= 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_sent_arrives, make_pair, close_pair),
		cmocka_unit_test(a_secret_is_copied_where_there_is_one),
		cmocka_unit_test(a_field_stands_once_and_has_a_good_name),
		cmocka_unit_test(fields_are_bounded),
		cmocka_unit_test_setup_teardown(a_message_of_the_largest_size_passes, make_pair,
		                                close_pair),
		cmocka_unit_test_setup_teardown(a_message_larger_than_that_is_not_sent, make_pair,
		                                close_pair),
		cmocka_unit_test_setup_teardown(broken_messages_are_refused, make_pair, close_pair),
		cmocka_unit_test(an_end_in_the_middle_is_an_error),
		cmocka_unit_test_setup_teardown(waiting_ends_at_the_deadline, make_pair,
		                                close_pair),
		cmocka_unit_test(a_closed_end_is_an_error_and_no_signal),
		cmocka_unit_test_setup_teardown(signals_do_not_end_a_wait, make_pair, close_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

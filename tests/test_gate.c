/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyring/clock.h"
#include "keyring/gate.h"
#include "tests/lib/alone.h"

#define LIMIT 1000

/* Exit statuses of those who wait. */
enum { PASSED, GAVE_UP, WRONG };

static void free_gate_opens_at_once(void **state)
{
	KT_CLEANUP(kt_gate_leave) struct kt_gate gate = { 0 };
	struct kt_error error = { 0 };
	bool waited = true;

	(void)state;
	assert_true(kt_gate_enter(&gate, 1, LIMIT, &waited, &error));
	assert_false(waited);
}

static void each_lane_takes_one(void **state)
{
	KT_CLEANUP(kt_gate_leave) struct kt_gate first = { 0 };
	KT_CLEANUP(kt_gate_leave) struct kt_gate second = { 0 };
	KT_CLEANUP(kt_gate_leave) struct kt_gate third = { 0 };
	struct kt_error error = { 0 };
	bool waited = true;

	(void)state;
	assert_true(kt_gate_enter(&first, 2, LIMIT, &waited, &error));
	assert_false(waited);
	assert_true(kt_gate_enter(&second, 2, LIMIT, &waited, &error));
	assert_false(waited);
	assert_false(kt_gate_enter(&third, 2, 100, &waited, &error));
	assert_true(waited);
	kt_gate_leave(&first);
	assert_true(kt_gate_enter(&third, 2, LIMIT, &waited, &error));
	assert_false(waited);
}

/* Has a turn of so many milliseconds and ends it with a note. */
static int have_turn(int64_t turn, void (*note)(struct kt_gate *gate))
{
	struct kt_gate gate = { 0 };
	struct kt_error error = { 0 };
	bool waited;

	if (!kt_gate_enter(&gate, 1, LIMIT, &waited, &error))
		return error.code == KT_ERROR_UNAVAILABLE && !kt_lock_is_held(&gate.lock) ? GAVE_UP
		                                                                           : WRONG;
	kt_clock_sleep(turn);
	note(&gate);
	kt_gate_leave(&gate);
	return PASSED;
}

static void note_nothing(struct kt_gate *gate)
{
	(void)gate;
}

/* So many processes at once: how many ended how, and when the last did. */
static int64_t crowd(int size, int64_t turn, void (*note)(struct kt_gate *gate), int *ends)
{
	int64_t start = kt_clock_monotonic();
	int status;

	memset(ends, 0, 3 * sizeof(*ends));
	for (int i = 0; i < size; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			_exit(have_turn(turn, note));
	}
	for (int i = 0; i < size; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= WRONG);
		ends[WEXITSTATUS(status)]++;
	}
	return kt_clock_monotonic() - start;
}

/* 1,000 turns of 3 ms take three times as long as the limit. */
static void crowd_behind_a_living_daemon_all_pass(void **state)
{
	int ends[3];
	int64_t duration = crowd(1000, 3, kt_gate_note_answer, ends);

	(void)state;
	assert_int_equal(ends[PASSED], 1000);
	assert_true(duration > 3 * LIMIT);
}

static void crowd_behind_a_dead_daemon_gives_up_together(void **state)
{
	int ends[3];
	int64_t duration = crowd(1000, LIMIT, kt_gate_note_timeout, ends);

	(void)state;
	assert_int_equal(ends[WRONG], 0);
	assert_true(ends[PASSED] >= 1 && ends[PASSED] < 5);
	assert_true(duration < 3 * LIMIT);
}

static pid_t holder(int64_t turn, void (*note)(struct kt_gate *gate))
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(have_turn(turn, note));
	kt_clock_sleep(100);
	return child;
}

static void assert_gives_up_after(int64_t least, int64_t most)
{
	struct kt_gate gate = { 0 };
	struct kt_error error = { 0 };
	int64_t start = kt_clock_monotonic();
	bool waited;

	assert_false(kt_gate_enter(&gate, 1, LIMIT, &waited, &error));
	assert_int_equal(error.code, KT_ERROR_UNAVAILABLE);
	assert_true(waited);
	assert_false(kt_lock_is_held(&gate.lock));
	assert_in_range(kt_clock_monotonic() - start, least, most);
}

static void silence_ends_the_wait_at_the_limit(void **state)
{
	pid_t child = holder(3 * LIMIT, note_nothing);

	(void)state;
	assert_gives_up_after(LIMIT, LIMIT + 300);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void timeout_of_another_ends_the_wait(void **state)
{
	pid_t child = holder(400, kt_gate_note_timeout);

	(void)state;
	assert_gives_up_after(200, 600);
	waitpid(child, NULL, 0);
}

static void timeout_before_us_does_not_count(void **state)
{
	pid_t child = holder(0, kt_gate_note_timeout);
	KT_CLEANUP(kt_gate_leave) struct kt_gate gate = { 0 };
	struct kt_error error = { 0 };
	bool waited;

	(void)state;
	waitpid(child, NULL, 0);
	child = holder(300, note_nothing);
	assert_true(kt_gate_enter(&gate, 1, LIMIT, &waited, &error));
	assert_true(waited);
	waitpid(child, NULL, 0);
}

static void gate_opens_when_its_holder_dies(void **state)
{
	pid_t child = holder(10 * LIMIT, note_nothing);
	pid_t killer = fork();
	KT_CLEANUP(kt_gate_leave) struct kt_gate gate = { 0 };
	struct kt_error error = { 0 };
	bool waited;

	(void)state;
	assert_true(killer >= 0);
	if (killer == 0) {
		kt_clock_sleep(200);
		_exit(kill(child, SIGKILL));
	}
	assert_true(kt_gate_enter(&gate, 1, LIMIT, &waited, &error));
	waitpid(child, NULL, 0);
	waitpid(killer, NULL, 0);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void signals_and_timer_are_as_before(void **state)
{
	const struct itimerval later = { .it_value = { 1000, 0 } };
	const struct itimerval none = { 0 };
	pid_t child = holder(3 * LIMIT, note_nothing);
	struct itimerval timer;
	struct sigaction action;
	sigset_t mask;

	(void)state;
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &later, NULL);
	assert_gives_up_after(LIMIT, LIMIT + 300);
	sigaction(SIGALRM, NULL, &action);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	setitimer(ITIMER_REAL, &none, &timer);

	assert_ptr_equal(action.sa_handler, on_alarm);
	assert_false(sigismember(&mask, SIGALRM));
	assert_true(timer.it_value.tv_sec > 900);
	signal(SIGALRM, SIG_DFL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_gate_opens_at_once),
		cmocka_unit_test(each_lane_takes_one),
		cmocka_unit_test(crowd_behind_a_living_daemon_all_pass),
		cmocka_unit_test(crowd_behind_a_dead_daemon_gives_up_together),
		cmocka_unit_test(silence_ends_the_wait_at_the_limit),
		cmocka_unit_test(timeout_of_another_ends_the_wait),
		cmocka_unit_test(timeout_before_us_does_not_count),
		cmocka_unit_test(gate_opens_when_its_holder_dies),
		cmocka_unit_test(signals_and_timer_are_as_before),
	};

	return cmocka_run_group_tests_name("gate", tests, alone, NULL);
}

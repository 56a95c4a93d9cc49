/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyring/clock.h"
#include "keyring/gate.h"
#include "tests/lib/alone.h"
#include "tests/lib/beside.h"

#define LIMIT 1000

/* Longer than the whole test: a wait that ends before was ended by something else. */
#define LONG 300000

#define CROWD 1000

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

/* Adds a process unless it is among them already. */
static void add_pid(pid_t *pids, int *count, pid_t pid)
{
	for (int i = 0; i < *count; i++)
		if (pids[i] == pid)
			return;
	if (*count == CROWD)
		_exit(WRONG);
	pids[(*count)++] = pid;
}

/*
 * True if so many processes wait for the lane. The kernel lists who waits for which file, and
 * may list one twice while others come.
 */
static bool has_waiters(const struct kt_gate *gate, int least)
{
	FILE *locks = fopen("/proc/locks", "r");
	pid_t pids[CROWD];
	char file[64];
	char *line = NULL;
	size_t size = 0;
	struct stat status;
	int count = 0;
	int pid;

	if (!locks || fstat(kt_lock_descriptor(&gate->lock), &status) != 0)
		_exit(WRONG);
	snprintf(file, sizeof(file), " %02x:%02x:%ju ", major(status.st_dev), minor(status.st_dev),
	         (uintmax_t)status.st_ino);
	/* A process that waits behind another is indented by one more. */
	while (getline(&line, &size, locks) > 0)
		if (strstr(line, file) && sscanf(line, "%*s -> FLOCK %*s %*s %d", &pid) == 1)
			add_pid(pids, &count, pid);
	free(line);
	fclose(locks);
	return count >= least;
}

/* A process that has the gate until so many others wait, and then notes how its turn ended. */
struct holder {
	struct kt_gate gate;
	int waiters;
	void (*note)(struct kt_gate *gate);
};

static bool enter_beside(void *context)
{
	struct holder *holder = context;
	struct kt_error error = { 0 };
	bool waited;

	return kt_gate_enter(&holder->gate, 1, LIMIT, &waited, &error);
}

static int leave_beside(void *context)
{
	struct holder *holder = context;

	while (!has_waiters(&holder->gate, holder->waiters))
		kt_clock_sleep(5);
	holder->note(&holder->gate);
	kt_gate_leave(&holder->gate);
	return PASSED;
}

static pid_t holder(int waiters, void (*note)(struct kt_gate *gate))
{
	struct holder holder = { .waiters = waiters, .note = note };

	return beside_start(enter_beside, leave_beside, &holder);
}

/* One that stays until it is killed. */
static pid_t holder_for_ever(void)
{
	struct holder holder = { 0 };

	return beside_start(enter_beside, NULL, &holder);
}

static void note_nothing(struct kt_gate *gate)
{
	(void)gate;
}

static void die(struct kt_gate *gate)
{
	(void)gate;
	raise(SIGKILL);
}

/* When the gate was last left, and the longest time in which nobody was answered: for all. */
struct turns {
	int64_t last;
	int64_t longest_silence;
};

/* Has a turn of so many milliseconds, in which it is answered. The gate guards *turns. */
static int have_turn(int64_t limit, int64_t turn, struct turns *turns)
{
	KT_CLEANUP(kt_gate_leave) struct kt_gate gate = { 0 };
	struct kt_error error = { 0 };
	int64_t silence;
	bool waited;

	if (!kt_gate_enter(&gate, 1, limit, &waited, &error))
		return error.code == KT_ERROR_UNAVAILABLE && !kt_lock_is_held(&gate.lock) ? GAVE_UP
		                                                                           : WRONG;
	kt_clock_sleep(turn);
	kt_gate_note_answer(&gate);
	silence = kt_clock_monotonic() - turns->last;
	if (silence > turns->longest_silence)
		turns->longest_silence = silence;
	turns->last = kt_clock_monotonic();
	return PASSED;
}

static void start_crowd(int size, int64_t limit, int64_t turn, struct turns *turns)
{
	for (int i = 0; i < size; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			_exit(have_turn(limit, turn, turns));
	}
}

/* How many of the crowd ended how. */
static void end_crowd(int size, int *ends)
{
	int status;

	memset(ends, 0, 3 * sizeof(*ends));
	for (int i = 0; i < size; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= WRONG);
		ends[WEXITSTATUS(status)]++;
	}
}

static struct turns *shared_turns(void)
{
	struct turns *turns = mmap(NULL, sizeof(*turns), PROT_READ | PROT_WRITE,
	                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(turns != MAP_FAILED);
	turns->last = kt_clock_monotonic();
	return turns;
}

/*
 * 1,000 turns of 3 ms take three times as long as the limit. Giving up is right only if the
 * machine itself let nobody be answered for so long.
 */
static void crowd_behind_a_living_daemon_all_pass(void **state)
{
	struct turns *turns = shared_turns();
	int64_t start = kt_clock_monotonic();
	int ends[3];

	(void)state;
	start_crowd(CROWD, LIMIT, 3, turns);
	end_crowd(CROWD, ends);
	assert_true(kt_clock_monotonic() - start >= 3 * ends[PASSED]);
	assert_int_equal(ends[WRONG], 0);
	if (turns->longest_silence < LIMIT)
		assert_int_equal(ends[PASSED], CROWD);
	munmap(turns, sizeof(*turns));
}

/*
 * Callers that waited when the holder's wait in vain ended do not wait for an answer of their
 * own.
 */
static void crowd_behind_a_dead_daemon_gives_up_together(void **state)
{
	struct turns *turns = shared_turns();
	int64_t start = kt_clock_monotonic();
	int ends[3];

	(void)state;
	holder(CROWD - 1, kt_gate_note_timeout);
	start_crowd(CROWD - 1, LONG, 0, turns);
	end_crowd(CROWD, ends);
	assert_int_equal(ends[WRONG], 0);
	assert_int_equal(ends[PASSED], 1);
	assert_int_equal(ends[GAVE_UP], CROWD - 1);
	assert_true(kt_clock_monotonic() - start < LONG);
	munmap(turns, sizeof(*turns));
}

/* How long it takes to give up. */
static int64_t give_up_after(int64_t limit)
{
	struct kt_gate gate = { 0 };
	struct kt_error error = { 0 };
	int64_t start = kt_clock_monotonic();
	bool waited;

	assert_false(kt_gate_enter(&gate, 1, limit, &waited, &error));
	assert_int_equal(error.code, KT_ERROR_UNAVAILABLE);
	assert_true(waited);
	assert_false(kt_lock_is_held(&gate.lock));
	return kt_clock_monotonic() - start;
}

/* The control is a sleep as long as the limit, here and now. */
static void assert_gives_up_at_the_limit(void)
{
	int64_t took = give_up_after(LIMIT);
	int64_t start = kt_clock_monotonic();

	kt_clock_sleep(LIMIT);
	assert_in_range(took, LIMIT, 2 * (kt_clock_monotonic() - start));
}

static void silence_ends_the_wait_at_the_limit(void **state)
{
	pid_t child = holder_for_ever();

	(void)state;
	assert_gives_up_at_the_limit();
	beside_end(child);
}

static void timeout_of_another_ends_the_wait(void **state)
{
	pid_t child = holder(1, kt_gate_note_timeout);

	(void)state;
	assert_true(give_up_after(LONG) < LONG);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Enters after waiting for the child, which leaves the gate or dies. */
static void assert_enters_after(pid_t child)
{
	KT_CLEANUP(kt_gate_leave) struct kt_gate gate = { 0 };
	struct kt_error error = { 0 };
	bool waited;

	assert_true(kt_gate_enter(&gate, 1, LONG, &waited, &error));
	assert_true(waited);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void timeout_before_us_does_not_count(void **state)
{
	pid_t child = holder(0, kt_gate_note_timeout);
	int64_t end;

	(void)state;
	assert_int_equal(waitpid(child, NULL, 0), child);
	/* The note counts in milliseconds, and one of ours would be within the wait. */
	end = kt_clock_monotonic();
	while (kt_clock_monotonic() == end)
		kt_clock_sleep(1);
	assert_enters_after(holder(1, note_nothing));
}

static void gate_opens_when_its_holder_dies(void **state)
{
	(void)state;
	assert_enters_after(holder(1, die));
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void signals_and_timer_are_as_before(void **state)
{
	const struct itimerval later = { .it_value = { 1000, 0 } };
	const struct itimerval none = { 0 };
	pid_t child = holder_for_ever();
	struct itimerval timer;
	struct sigaction action;
	sigset_t mask;

	(void)state;
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &later, NULL);
	assert_gives_up_at_the_limit();
	sigaction(SIGALRM, NULL, &action);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	setitimer(ITIMER_REAL, &none, &timer);

	assert_ptr_equal(action.sa_handler, on_alarm);
	assert_false(sigismember(&mask, SIGALRM));
	assert_true(timer.it_value.tv_sec > 900);
	signal(SIGALRM, SIG_DFL);
	beside_end(child);
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

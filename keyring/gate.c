/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/time.h>
#include <unistd.h>

#include "keyring/clock.h"
#include "keyring/gate.h"

/* Where in the file the notes stand: readings of the monotonic clock, which all share. */
enum note {
	NOTE_ANSWER = KT_LOCK_NOTES,
	NOTE_TIMEOUT = KT_LOCK_NOTES + sizeof(int64_t),
};

/*
 * Milliseconds. The limits of those who wait are seconds, so a note more often than this is of
 * no use.
 */
#define ANSWER_NOTES_APART 100

/* The state of this process that is changed while it waits. */
struct alarm_clock {
	struct sigaction action;
	struct itimerval timer;
	sigset_t mask;
};

static void write_note(const struct kt_gate *gate, enum note note)
{
	int64_t now = kt_clock_monotonic();

	if (!kt_lock_is_held(&gate->lock))
		return;
	/* Without the note others wait no longer than they would anyway. */
	if (pwrite(kt_lock_descriptor(&gate->lock), &now, sizeof(now), note) < 0)
		return;
}

/* 0 where there is none, or one of an earlier boot. */
static int64_t read_note(const struct kt_gate *gate, enum note note)
{
	int64_t when;

	if (pread(kt_lock_descriptor(&gate->lock), &when, sizeof(when), note) != sizeof(when) ||
	    when > kt_clock_monotonic())
		return 0;
	return when;
}

/* Milliseconds that are still worth waiting for one who came at arrival; 0: give up. */
static int64_t patience(const struct kt_gate *gate, int64_t arrival, int64_t limit)
{
	int64_t answer = read_note(gate, NOTE_ANSWER);
	int64_t timeout = read_note(gate, NOTE_TIMEOUT);
	int64_t left = (answer > arrival ? answer : arrival) + limit - kt_clock_monotonic();

	if (timeout >= arrival && timeout > answer)
		return 0;
	return left > 0 ? left : 0;
}

static void wake(int signal)
{
	(void)signal;
}

/* SIGALRM will interrupt a system call (no SA_RESTART), and is blocked until then. */
static void wind_up(struct alarm_clock *saved)
{
	struct sigaction action = { .sa_handler = wake };
	sigset_t alarm;

	sigemptyset(&action.sa_mask);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, &saved->mask);
	getitimer(ITIMER_REAL, &saved->timer);
	sigaction(SIGALRM, &action, &saved->action);
}

static void put_back(const struct alarm_clock *saved)
{
	sigaction(SIGALRM, &saved->action, NULL);
	setitimer(ITIMER_REAL, &saved->timer, NULL);
	pthread_sigmask(SIG_SETMASK, &saved->mask, NULL);
}

/* Waits in flock for at most so many milliseconds; false with errno, EINTR when they are over. */
static bool lock_within(int descriptor, int64_t milliseconds)
{
	/* The interval: a signal that comes just before flock would else be no help. */
	const struct itimerval timer = {
		.it_value = { milliseconds / 1000, (milliseconds % 1000) * 1000 },
		.it_interval = { 0, 100000 },
	};
	const struct itimerval none = { 0 };
	sigset_t alarm;
	bool taken;
	int problem;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	setitimer(ITIMER_REAL, &timer, NULL);
	pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
	taken = flock(descriptor, LOCK_EX) == 0;
	problem = errno;
	/* Stopped while it is unblocked, so that none is left pending. */
	setitimer(ITIMER_REAL, &none, NULL);
	pthread_sigmask(SIG_BLOCK, &alarm, NULL);
	errno = problem;
	return taken;
}

static bool wait_for_turn(const struct kt_gate *gate, int64_t arrival, int64_t limit,
                          struct kt_error *error)
{
	struct alarm_clock saved;
	bool taken = false;
	int problem = EINTR;
	int64_t left;

	wind_up(&saved);
	while (!taken && problem == EINTR && (left = patience(gate, arrival, limit)) > 0) {
		taken = lock_within(kt_lock_descriptor(&gate->lock), left);
		problem = taken ? 0 : errno;
	}
	put_back(&saved);
	if (taken && patience(gate, arrival, limit) > 0)
		return true;
	if (!taken && problem != EINTR)
		return kt_fail(error, KT_ERROR_UNAVAILABLE, "the keyring's gate cannot be locked: %s",
		               strerror(problem));
	kt_fail(error, KT_ERROR_UNAVAILABLE,
	        "the keyring service has not answered anybody for %lld seconds",
	        (long long)(limit / 1000));
	return kt_advise(error, "restart the keyring service, for example by logging out and in");
}

static bool open_lane(struct kt_gate *gate, int lane, struct kt_error *error)
{
	char name[24];

	kt_gate_leave(gate);
	snprintf(name, sizeof(name), "gate-%d", lane);
	return kt_lock_open(&gate->lock, name, error);
}

bool kt_gate_enter(struct kt_gate *gate, int lanes, int64_t limit, bool *waited,
                   struct kt_error *error)
{
	int64_t arrival = kt_clock_monotonic();
	int own = getpid() % lanes;

	*waited = false;
	/* One's own lane last: it is the one to wait in. */
	for (int i = 1; i <= lanes; i++) {
		if (!open_lane(gate, (own + i) % lanes, error))
			return false;
		if (flock(kt_lock_descriptor(&gate->lock), LOCK_EX | LOCK_NB) == 0) {
			kt_lock_name_holder(&gate->lock);
			return true;
		}
	}
	*waited = true;
	if (!wait_for_turn(gate, arrival, limit, error)) {
		kt_gate_leave(gate);
		return false;
	}
	kt_lock_name_holder(&gate->lock);
	return true;
}

void kt_gate_note_answer(struct kt_gate *gate)
{
	int64_t now = kt_clock_monotonic();

	if (now - gate->noted < ANSWER_NOTES_APART)
		return;
	write_note(gate, NOTE_ANSWER);
	gate->noted = now;
}

void kt_gate_note_timeout(struct kt_gate *gate)
{
	write_note(gate, NOTE_TIMEOUT);
}

void kt_gate_leave(struct kt_gate *gate)
{
	gate->noted = 0;
	kt_lock_release(&gate->lock);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "helper/keeper/cache/stamp.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/text.h"

struct stamp {
	uint64_t number;    /* random, new for each change */
	uint64_t previous;  /* the number before it */
	uint64_t account;   /* that was renewed; 0: another change */
	int64_t generation; /* of its credential */
};

/*
 * Behind the stamp: ends, each in a place that its question shares with some others. They are no
 * more than hints, so one question may be taken for another.
 */
#define ENDS_OFFSET 64
#define ENDS 64

/* Milliseconds: a holder that is stopped must not stop everybody. */
#define LOCK_LIMIT 2000

static bool lock_in_time(int descriptor, int lock)
{
	int64_t deadline = kt_clock_monotonic() + LOCK_LIMIT;

	while (flock(descriptor, lock | LOCK_NB) != 0) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || kt_clock_monotonic() >= deadline)
			return false;
		kt_clock_sleep(1);
	}
	return true;
}

/* The file, locked: readers see a whole stamp. */
static int open_mark(int flags, int lock)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *path = NULL;
	struct kt_error ignored = { 0 };
	int descriptor;

	if (!kt_environment_state_directory(&directory, &ignored) ||
	    !kt_text_format(&path, &ignored, "%s/changes", directory))
		return -1;
	descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (descriptor < 0 || lock_in_time(descriptor, lock))
		return descriptor;
	/* A change that cannot be noted: without a stamp nothing is inserted, and nothing is stale. */
	if (lock == LOCK_EX)
		(void)!ftruncate(descriptor, 0);
	close(descriptor);
	return -1;
}

static struct stamp read_from(int descriptor)
{
	struct stamp stamp;

	if (pread(descriptor, &stamp, sizeof(stamp), 0) != (ssize_t)sizeof(stamp))
		return (struct stamp){ 0 };
	return stamp;
}

static struct stamp read_mark(void)
{
	int descriptor = open_mark(O_RDONLY, LOCK_SH);
	struct stamp stamp = { 0 };

	if (descriptor < 0)
		return stamp;
	stamp = read_from(descriptor);
	close(descriptor);
	return stamp;
}

void kt_stamp_advance(uint64_t account, int64_t generation)
{
	struct stamp stamp = { .account = account, .generation = generation };
	int descriptor = open_mark(O_RDWR | O_CREAT, LOCK_EX);

	if (descriptor < 0)
		return;
	stamp.previous = read_from(descriptor).number;
	/*
	 * If the new stamp cannot be written, the file is cut to nothing: without a stamp nothing
	 * is inserted.
	 */
	if (getrandom(&stamp.number, sizeof(stamp.number), 0) != (ssize_t)sizeof(stamp.number) ||
	    pwrite(descriptor, &stamp, sizeof(stamp), 0) != (ssize_t)sizeof(stamp))
		(void)!ftruncate(descriptor, 0);
	close(descriptor);
}

uint64_t kt_stamp_read(void)
{
	return read_mark().number;
}

static off_t end_offset(uint64_t question)
{
	return ENDS_OFFSET + (off_t)(question % ENDS * sizeof(struct kt_stamp_end));
}

static bool is_over(int descriptor, uint64_t question)
{
	struct kt_stamp_end end;

	return pread(descriptor, &end, sizeof(end), end_offset(question)) == (ssize_t)sizeof(end) &&
	       end.question == question && end.until && kt_clock_wall() >= end.until;
}

/* Without the hint a renewal begins a little later. */
static void write_end(int descriptor, const struct kt_stamp_end *end)
{
	(void)!pwrite(descriptor, end, sizeof(*end), end_offset(end->question));
}

bool kt_stamp_is_still(uint64_t since, uint64_t account, int64_t generation,
                       const struct kt_stamp_end *end)
{
	int descriptor = open_mark(end ? O_RDWR : O_RDONLY, end ? LOCK_EX : LOCK_SH);
	struct stamp stamp;
	bool is_still;

	if (descriptor < 0)
		return false;
	stamp = read_from(descriptor);
	is_still = since && (stamp.number == since ||
	                     (account && stamp.previous == since &&
	                      stamp.generation == generation && stamp.account == account));
	if (is_still && end)
		write_end(descriptor, end);
	close(descriptor);
	return is_still;
}

uint64_t kt_stamp_claim_end(uint64_t question, bool *over)
{
	const struct kt_stamp_end taken = { .question = question };
	int descriptor = open_mark(O_RDWR, LOCK_SH);
	uint64_t number;

	*over = false;
	if (descriptor < 0)
		return 0;
	number = read_from(descriptor).number;
	/* Looked at once more: the lock is given up for a moment before it is had alone. */
	*over = is_over(descriptor, question) && lock_in_time(descriptor, LOCK_EX) &&
	        is_over(descriptor, question);
	if (*over)
		write_end(descriptor, &taken);
	close(descriptor);
	return number;
}

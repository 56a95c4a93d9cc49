/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/lock.h"
#include "keyring/text.h"
#include "keyring/translate.h"

static bool check_file(int descriptor, const char *path, struct kt_error *error)
{
	struct stat status;

	if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_uid == geteuid() && !(status.st_mode & (S_IWGRP | S_IWOTH)))
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "the lock file %s is not a file that only you can write",
	        path);
	return kt_advise(error, "remove it and run the command again");
}

bool kt_lock_open(struct kt_lock *lock, const char *name, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *path = NULL;
	int descriptor;

	if (!kt_environment_state_directory(&directory, error) ||
	    !kt_text_format(&path, error, "%s/%s", directory, name))
		return false;
	/* O_NONBLOCK: a FIFO that was put there must not stop us. */
	descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (descriptor < 0) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "the lock file %s cannot be opened: %s", path,
		        strerror(errno));
		return kt_advise(error, "make %s writable, with room on its disk", directory);
	}
	if (!check_file(descriptor, path, error)) {
		close(descriptor);
		return false;
	}
	lock->is_open = true;
	lock->descriptor = descriptor;
	return true;
}

/* For messages alone: a full disk is no reason to do without the lock. */
static void write_holder(const struct kt_lock *lock, const char *text)
{
	char line[KT_LOCK_NOTES + 1];

	snprintf(line, sizeof(line), "%-*s\n", KT_LOCK_NOTES - 1, text);
	if (pwrite(kt_lock_descriptor(lock), line, KT_LOCK_NOTES, 0) < 0)
		return;
}

void kt_lock_name_holder(struct kt_lock *lock)
{
	char pid[KT_LOCK_NOTES];

	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	write_holder(lock, pid);
	lock->is_named = true;
}

/* The process named in the file; 0 where none is. */
static pid_t named_holder(const struct kt_lock *lock)
{
	char line[KT_LOCK_NOTES];
	ssize_t got = pread(kt_lock_descriptor(lock), line, sizeof(line), 0);
	size_t digits = 0;
	int64_t pid;

	while (got > 0 && digits < (size_t)got && line[digits] >= '0' && line[digits] <= '9')
		digits++;
	return kt_text_to_number(line, digits, 1, INT32_MAX, &pid) ? (pid_t)pid : 0;
}

static bool fail_busy(const struct kt_lock *lock, const char *what, const char *which,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *subject = NULL;
	pid_t pid = named_holder(lock);

	if (!kt_text_format(&subject, error, "%s%s%s", kt_translate(what), which ? " " : "",
	                    kt_text_or_empty(which)))
		return false;
	if (pid && (kill(pid, 0) == 0 || errno == EPERM))
		kt_fail(error, KT_ERROR_BUSY, "%s is in use by process %ld", subject, (long)pid);
	else
		kt_fail(error, KT_ERROR_BUSY, "%s is in use by another process", subject);
	return kt_advise(error, "wait for it to end, then run the command again");
}

bool kt_lock_take(struct kt_lock *lock, const char *name, enum kt_lock_mode mode, int64_t deadline,
                  const char *what, const char *which, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock fresh = { 0 };
	int operation = (mode == KT_LOCK_SHARED ? LOCK_SH : LOCK_EX) | LOCK_NB;
	int64_t pause = 2;

	if (!kt_lock_open(&fresh, name, error))
		return false;
	while (flock(kt_lock_descriptor(&fresh), operation) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			kt_fail(error, KT_ERROR_UNAVAILABLE, "the lock for %s cannot be had: %s",
			        kt_translate(what), strerror(errno));
			return kt_advise(error, "run: keyturn doctor");
		}
		if (kt_clock_monotonic() >= deadline)
			return fail_busy(&fresh, what, which, error);
		/* The pid makes waiters that came together go different ways. */
		kt_clock_sleep(pause + getpid() % 7);
		pause = pause < 32 ? 2 * pause : pause;
	}
	fresh.was_left = named_holder(&fresh) != 0;
	if (mode == KT_LOCK_EXCLUSIVE)
		kt_lock_name_holder(&fresh);
	*lock = fresh;
	fresh = (struct kt_lock){ 0 };
	return true;
}

bool kt_lock_is_held(const struct kt_lock *lock)
{
	return lock->is_open;
}

int kt_lock_descriptor(const struct kt_lock *lock)
{
	return lock->descriptor;
}

void kt_lock_release(struct kt_lock *lock)
{
	if (!kt_lock_is_held(lock))
		return;
	if (lock->is_named)
		write_holder(lock, "");
	/* Said aloud: a child between fork and exec still has the descriptor. */
	flock(kt_lock_descriptor(lock), LOCK_UN);
	close(kt_lock_descriptor(lock));
	*lock = (struct kt_lock){ 0 };
}

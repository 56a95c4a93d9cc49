/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A process beside the test, which holds something that the test wants. To be included after
 * cmocka.h.
 */

#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Returns once begin, which must not fail, has run in the process. It goes on with stay, whose
 * result is its exit status; where that is NULL, it waits to be killed. It dies with the test.
 */
static inline pid_t beside_start(bool (*begin)(void *context), int (*stay)(void *context),
                                 void *context)
{
	int ready[2];
	char byte;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		if (!begin(context) || write(ready[1], "x", 1) != 1)
			_exit(1);
		if (stay)
			_exit(stay(context));
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

static inline void beside_end(pid_t child)
{
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

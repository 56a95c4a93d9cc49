/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * For tests of promises about time, on a machine that may be busy. Waiting takes the same time
 * anywhere. Work takes as much longer as the control does, a loop of a known CPU time.
 */

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "keyring/clock.h"

static inline int64_t in_time_cpu(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

/* Milliseconds; so many of those promised are a wait, and it took at least as long. */
static inline bool is_in_time(int64_t took, int64_t wait, int64_t promised)
{
	const int64_t work = 200;
	int64_t start = kt_clock_monotonic();
	int64_t until = in_time_cpu() + work;

	if (took < wait || took <= promised)
		return took >= wait;
	while (in_time_cpu() < until)
		;
	return took <= wait + (promised - wait) * (kt_clock_monotonic() - start) / work;
}

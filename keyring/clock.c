/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "keyring/clock.h"
#include "keyring/text.h"

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	/* Cannot fail: each of these clocks is older than any kernel that has key calls. */
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t kt_clock_wall(void)
{
	return read_clock(CLOCK_REALTIME) / 1000;
}

int64_t kt_clock_wall_milliseconds(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t kt_clock_boot(void)
{
	return read_clock(CLOCK_BOOTTIME) / 1000;
}

int64_t kt_clock_boot_milliseconds(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

int64_t kt_clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void kt_clock_sleep(int64_t milliseconds)
{
	struct timespec pause = {
		.tv_sec = (time_t)(milliseconds / 1000),
		.tv_nsec = (long)(milliseconds % 1000) * 1000000,
	};

	if (milliseconds > 0)
		nanosleep(&pause, NULL);
}

bool kt_clock_boot_id(char **text, struct kt_error *error)
{
	/* Read once; a place without /proc has one boot, the unnamed. */
	static char id[64];
	static ssize_t length = -1;
	int descriptor;

	if (length < 0) {
		descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
		length = descriptor < 0 ? 0 : read(descriptor, id, sizeof(id));
		if (descriptor >= 0)
			close(descriptor);
		while (length > 0 && id[length - 1] == '\n')
			length--;
	}
	return kt_text_set_bytes(text, id, length > 0 ? (size_t)length : 0, error);
}

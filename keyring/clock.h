/* SPDX-License-Identifier: MIT */
#pragma once

/* The clocks, in one place. */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/error.h"

/* Seconds since the epoch. */
int64_t kt_clock_wall(void);

/* Milliseconds since the epoch. */
int64_t kt_clock_wall_milliseconds(void);

/* Seconds since this boot, time asleep included (CLOCK_BOOTTIME). */
int64_t kt_clock_boot(void);

/* Milliseconds since this boot, time asleep included. */
int64_t kt_clock_boot_milliseconds(void);

/* Milliseconds of the monotonic clock: for deadlines. */
int64_t kt_clock_monotonic(void);

/* Sleeps this many milliseconds; a signal may end it early. */
void kt_clock_sleep(int64_t milliseconds);

/* Replaces *text by the name of this boot; CLOCK_BOOTTIME compares within one only. */
bool kt_clock_boot_id(char **text, struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The login session that is to be opened: where it lives, and until when this attempt at it
 * may last. Texts are borrowed from the environment.
 */

#include <stdbool.h>
#include <stdint.h>

struct kt_session {
	const char *runtime_dir;
	const char *home;        /* NULL: not known */
	const char *bus_address; /* NULL: the runtime directory's own bus */
	bool may_create;         /* a login keyring that does not exist yet */
	int64_t deadline;        /* kt_clock_monotonic() */
};

/* Milliseconds until the deadline, 0 if it has passed. */
int kt_session_time_left(const struct kt_session *session);

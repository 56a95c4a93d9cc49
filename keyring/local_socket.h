/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Connecting to a socket of the user's own: a password goes to nobody else. Directory, socket
 * and the process behind it must all be this user's.
 */

#include <stdint.h>

/* How it went with a daemon. */
enum kt_contact {
	KT_CONTACT_MADE,
	KT_CONTACT_DENIED, /* the daemon refused the password */
	KT_CONTACT_FAILED, /* something answered, but neither yes nor no */
	KT_CONTACT_ABSENT, /* nobody is there */
	KT_CONTACT_SILENT, /* no answer in time */
	KT_CONTACT_UNSAFE, /* a socket or daemon that is not the user's */
};

/* Milliseconds until the deadline of kt_clock_monotonic(), 0 if it has passed. For poll(). */
int kt_local_socket_time_left(int64_t deadline);

/*
 * Connects to name in directory (which is absolute). MADE, and *descriptor is a blocking
 * stream to be closed by the caller; or any other but DENIED.
 */
enum kt_contact kt_local_socket_connect(const char *directory, const char *name, int64_t deadline,
                                        int *descriptor);

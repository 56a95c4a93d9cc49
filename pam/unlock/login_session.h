/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The login session that is to be opened: where it lives, and until when this attempt at it
 * may last. Texts are borrowed from the environment.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/local_socket.h"
#include "keyring/unlock_outcome.h"
#include "pam/unlock_request.h"

struct kt_login_session {
	const char *runtime_dir; /* NULL: there is none, and so no daemon */
	const char *home;        /* NULL: not known */
	const char *bus_address; /* NULL: the runtime directory's own bus */
	bool may_create;         /* a login keyring that does not exist yet */
	int64_t deadline;        /* kt_clock_monotonic() */
};

/* Milliseconds until the deadline, 0 if it has passed. */
int kt_login_session_time_left(const struct kt_login_session *session);

/* The status with which a contact is answered. */
enum kt_unlock_status kt_login_session_status(enum kt_contact contact);

/* The word to leave; NONE for a status that says nothing about the keyring. */
enum kt_unlock_outcome kt_login_session_outcome(enum kt_unlock_status status);

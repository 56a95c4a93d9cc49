/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The way over the message bus is in a module, keyturn-unlock-bus.so: GIO and its libraries cost a
 * start more than all else that keyturn-unlock does while a login waits, and most logins need none
 * of it. The module has its own copy of the code that it shares with the program.
 */

#include <stdbool.h>

#include "pam/unlock/backend.h"

struct kt_unlock_bus_module {
	const char *version; /* what follows has the form of this version's */
	struct kt_unlock_backend backend;
	bool (*is_open)(const struct kt_login_session *session);
	void (*start_unit)(const struct kt_login_session *session, const char *unit);
};

/* All that the module exports. */
__attribute__((visibility("default"))) extern const struct kt_unlock_bus_module
	kt_unlock_bus_module;

/* SPDX-License-Identifier: MIT */
#pragma once

/* The user's message bus (GDBus), reached without GLib's own search for one. */

#include <stdbool.h>

#include "pam/unlock/login_session.h"
#include "pam/unlock_request.h"

struct _GDBusConnection;

struct kt_bus {
	struct _GDBusConnection *connection;
};

/* OPENED, or ABSENT, SILENT, UNSAFE: the bus must run as this user. */
enum kt_unlock_status kt_bus_connect(struct kt_bus *bus, const struct kt_login_session *session);

/* Disconnects, once what was sent is on its way; safe to repeat. */
void kt_bus_clear(struct kt_bus *bus);

/* Asks the user's service manager to start a unit, and does not wait for it. */
void kt_bus_start_unit(const struct kt_login_session *session, const char *unit);

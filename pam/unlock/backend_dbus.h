/* SPDX-License-Identifier: MIT */
#pragma once

/* The way over the message bus (kt_unlock_backend_dbus): its module is opened at the first use. */

#include <stdbool.h>

#include "pam/unlock/login_session.h"

/* Is it known that the login collection is open? Starts no daemon to find out. */
bool kt_dbus_is_open(const struct kt_login_session *session);

/* Asks the user's service manager to start a unit, and does not wait for it. */
void kt_dbus_start_unit(const struct kt_login_session *session, const char *unit);

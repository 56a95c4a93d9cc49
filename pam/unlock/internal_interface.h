/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * gnome-keyring's InternalUnsupportedGuiltRiddenInterface (kt_unlock_backend_dbus): opens its
 * login collection with a password over the bus, where there is no control socket. Only after
 * checks that the owner of the name runs as this user and has that interface; never with a
 * prompt.
 */

#include <stdbool.h>

#include "pam/unlock/login_session.h"

/* Is it known that the login collection is open? Starts no daemon to find out. */
bool kt_internal_interface_is_open(const struct kt_login_session *session);

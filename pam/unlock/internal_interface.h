/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * gnome-keyring's InternalUnsupportedGuiltRiddenInterface: opens its login collection with a
 * password over the bus, where there is no control socket. Only after checks that who owns
 * the name runs as this user and has that interface; never with a prompt.
 */

#include <stdbool.h>

#include "keyring/secret.h"
#include "pam/request.h"
#include "pam/unlock/session.h"

enum kt_status kt_internal_interface_unlock(const struct kt_session *session,
                                            const struct kt_secret *password);

enum kt_status kt_internal_interface_change(const struct kt_session *session,
                                            const struct kt_secret *old_password,
                                            const struct kt_secret *new_password);

/* Is it known that the login collection is open? Starts no daemon to find out. */
bool kt_internal_interface_is_open(const struct kt_session *session);

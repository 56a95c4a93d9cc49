/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Connecting to a socket of the user's own: a password goes to nobody else. Directory, socket
 * and the process behind it must all be this user's.
 */

#include "pam/request.h"
#include "pam/unlock/session.h"

/* Closes it if it is open, and sets it to -1. For KT_CLEANUP. */
void kt_local_socket_close(int *descriptor);

/*
 * Connects to name in directory (which is absolute). OPENED, and *descriptor is a blocking
 * stream to be closed by the caller; or ABSENT, SILENT, UNSAFE.
 */
enum kt_status kt_local_socket_connect(const struct kt_session *session, const char *directory,
                                       const char *name, int *descriptor);

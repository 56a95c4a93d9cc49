/* SPDX-License-Identifier: MIT */
#pragma once

/* Whose process is at the other end of a connection on this machine. */

#include <stdbool.h>
#include <sys/types.h>

/*
 * A descriptor with which kt_peer_is_own() asks the kernel (sock_diag(7)), if it can tell whose the
 * TCP listener is; else -1.
 */
int kt_peer_prepare(int listener);

/*
 * The client is this user's, or, on a unix socket, root's or the guest's (0: nobody else's). True
 * where the kernel cannot tell.
 */
bool kt_peer_is_own(int diagnosis, int client, uid_t guest);

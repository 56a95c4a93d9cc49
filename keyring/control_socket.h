/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * gnome-keyring's control socket: the way its own PAM module takes, which needs neither bus nor
 * display. The daemon knows the peer by its uid; packets are lengths and bytes, most
 * significant first. libc alone, for keyturn-unlock and for commands that ask at a terminal.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/local_socket.h"
#include "keyring/secret.h"

/*
 * Asks whether there is a login keyring: unlocking makes one with the password if there is
 * none. False also for a home (or NULL) that cannot be looked into.
 */
bool kt_control_socket_has_keyring(const char *home);

/*
 * Both wait until the deadline of kt_clock_monotonic(). DENIED is said of a wrong password, and
 * also by a daemon that is still starting, and of a keyring that is open already.
 */
enum kt_contact kt_control_socket_unlock(const char *runtime_dir, const struct kt_secret *password,
                                         int64_t deadline);
enum kt_contact kt_control_socket_change(const char *runtime_dir,
                                         const struct kt_secret *old_password,
                                         const struct kt_secret *new_password, int64_t deadline);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * gnome-keyring's control socket: the way its own PAM module takes, which needs no bus. The
 * daemon knows the peer by its uid; packets are lengths and bytes, most significant first.
 */

#include "keyring/secret.h"
#include "pam/request.h"
#include "pam/unlock/session.h"

enum kt_status kt_control_socket_unlock(const struct kt_session *session,
                                        const struct kt_secret *password);

enum kt_status kt_control_socket_change(const struct kt_session *session,
                                        const struct kt_secret *old_password,
                                        const struct kt_secret *new_password);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The session bus: found, and reached only where the process behind the socket is this user's or
 * root's. Every address form is checked in the same way: on the connection itself, before the
 * first byte is sent.
 *
 * Only for backend_secret_service.c: GLib's types stay out of the other headers.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret_service_call.h"

/*
 * There is an address that may be tried: DBUS_SESSION_BUS_ADDRESS, which must be unix sockets
 * alone, or else a socket where a session keeps its bus. Talks to nobody.
 */
bool kt_bus_check_address(struct kt_error *error);

/*
 * Connects call->bus. Where DBUS_SESSION_BUS_ADDRESS names a bus that is gone (a terminal that
 * outlived its session) the user's living one is taken. Another user's is KT_ERROR_UNSAFE.
 */
bool kt_bus_connect(struct kt_call *call, struct kt_error *error);

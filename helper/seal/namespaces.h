/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The seal's own view of the machine: user, mount and IPC namespaces of this process, in which the
 * same user has no rights over processes outside, and sees less of the file system.
 */

#include <stdbool.h>

#include "helper/seal/places.h"
#include "keyring/error.h"

/*
 * Enters new namespaces and treats the places as they are listed. Then no right of the new user
 * namespace is left to this process, and none can be had by running a program. The process has one
 * thread.
 */
bool kt_namespaces_enter(const struct kt_places *places, struct kt_error *error);

/* No new privileges by a program that is run, nor rights of root's that could come with one. */
bool kt_namespaces_drop_rights(struct kt_error *error);

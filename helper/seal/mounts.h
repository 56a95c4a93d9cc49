/* SPDX-License-Identifier: MIT */
#pragma once

/* The mounts of a seal, in a mount namespace of its own. */

#include <stdbool.h>

#include "helper/seal/places.h"
#include "keyring/error.h"

/*
 * Covers, keeps, hides and freezes places; terminals and sockets of others are hidden as well.
 * Leaves the working directory at the root: another one would lead behind the covers.
 */
bool kt_mounts_make(const struct kt_places *places, struct kt_error *error);

/* Says that a place cannot be treated, with the reason in errno; false. */
bool kt_mounts_fail(const char *path, struct kt_error *error);

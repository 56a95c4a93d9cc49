/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Modules: libraries of ours that few calls need, opened by those. Each exports one object, whose
 * first member is the version that its form is of.
 */

#include "keyring/error.h"

/*
 * Opens the module at path (NULL: none is named) and returns the object of that name, or NULL. One
 * of another version is KT_ERROR_UNAVAILABLE; where it cannot be opened at all, error stays as it
 * is and *why says the reason, which is valid until the next call. A module is never closed, for
 * its libraries cannot be.
 */
const void *kt_module_open(const char *path, const char *object, const char **why,
                           struct kt_error *error);

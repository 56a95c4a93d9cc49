/* SPDX-License-Identifier: MIT */
#pragma once

/* A change of a file as a person reads it: diff(1), unified, with three lines around it. */

#include "keyring/error.h"
#include "keyring/secret.h"

/*
 * Appends the difference. Every line is made printable, and of a line that may hold a password or
 * a token only the beginning is shown.
 */
bool kt_difference_append(struct kt_secret *output, const char *path, const struct kt_secret *old,
                          const struct kt_secret *new, struct kt_error *error);

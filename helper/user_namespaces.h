/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * User namespaces (user_namespaces(7)), which systems forbid to programs in several ways: for the
 * seal, which needs one, and for doctor. libc alone.
 */

#include <stdbool.h>

#include "keyring/error.h"

/* Says that this system forbids them, and what is to be done about the rule that does. False. */
bool kt_user_namespaces_fail(struct kt_error *error);

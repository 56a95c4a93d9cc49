/* SPDX-License-Identifier: MIT */
#pragma once

/* --expires DAYS|DATE|never: what a user knows of a token's end. */

#include <stdbool.h>

#include "keyring/credential.h"

/*
 * Sets expires and never_expires from "30", "2027-01-31" (the end of that day, local time) or
 * "never". A day that is past, or anything else, is KT_ERROR_USAGE.
 */
bool kt_expiry_set(struct kt_credential *credential, const char *text, struct kt_error *error);

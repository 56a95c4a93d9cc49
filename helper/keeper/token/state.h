/* SPDX-License-Identifier: MIT */
#pragma once

/* The state of an account, as list, show and doctor tell it. */

#include "keyring/credential.h"

/* "ok", "refused", "ends soon", "ended", "suspect", "unknown" or "dead". */
const char *kt_token_state(const struct kt_credential *credential);

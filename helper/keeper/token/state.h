/* SPDX-License-Identifier: MIT */
#pragma once

/* The state of an account, as list, show and doctor tell it. */

#include <stdbool.h>

#include "keyring/credential.h"

/* "ok", "refused", "ends soon", "ended", "unsure", "unknown" or "dead". */
const char *kt_token_state(const struct kt_credential *credential);

/* The remedy for that state: a sentence with the command; NULL where there is nothing to mend. */
bool kt_token_state_remedy(const struct kt_credential *credential, char **text,
                           struct kt_error *error);

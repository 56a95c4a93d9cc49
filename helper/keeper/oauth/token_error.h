/* SPDX-License-Identifier: MIT */
#pragma once

/* Errors of a token endpoint that a person can mend, with the setting and the page where it is. */

#include <stdbool.h>

#include "helper/keeper/oauth/token_response.h"
#include "keyring/credential.h"

/*
 * Writes the error for an answer that brought no tokens: as kt_token_response_fail(), but for
 * an app of the wrong type and a client that is not known it says what to change. Always returns
 * false.
 */
bool kt_token_error_write(const struct kt_token_response *response,
                          const struct kt_credential *credential, struct kt_error *error);

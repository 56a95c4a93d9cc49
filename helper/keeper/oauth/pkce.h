/* SPDX-License-Identifier: MIT */
#pragma once

/* Proof Key for Code Exchange (RFC 7636), S256 alone. */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* The challenge that belongs to a verifier: 43 characters. */
bool kt_pkce_challenge(const struct kt_secret *verifier, char **challenge,
                       struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/* Unguessable names: 256 bits from the kernel, in base64url. */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* Replaces *text, or the secret's content, by 43 random characters. */
bool kt_random_text(char **text, struct kt_error *error);
bool kt_random_secret(struct kt_secret *secret, struct kt_error *error);

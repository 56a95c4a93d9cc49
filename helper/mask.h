/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a server says is shown to people, and a server may repeat what it was sent.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/*
 * Puts "(masked)" wherever secret stands in text. A secret of less than six characters stays,
 * because it would mask half of an ordinary sentence.
 */
bool kt_mask(struct kt_secret *text, const char *secret, struct kt_error *error);

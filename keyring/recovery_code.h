/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Recovery codes: 160 random bits for paper. 32 letters in groups of four and two check letters,
 * which tell a slip of the pen from another code. The letters are Crockford's base 32: no U, and O,
 * I and L are read as the digits that they look like, in either case. Blanks and dashes count for
 * nothing.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

enum kt_recovery_code {
	KT_RECOVERY_CODE_NONE,     /* this is something else, such as a passphrase */
	KT_RECOVERY_CODE_MISTYPED, /* as long as a code, and its check letters do not fit */
	KT_RECOVERY_CODE_WHOLE,
};

/* Replaces code by a new one, as it is printed, and material by its 32 letters. */
bool kt_recovery_code_make(struct kt_secret *code, struct kt_secret *material,
                           struct kt_error *error);

/* Replaces material by the 32 letters, if what was typed is a WHOLE one. */
bool kt_recovery_code_read(const struct kt_secret *typed, struct kt_secret *material,
                           enum kt_recovery_code *verdict, struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/* The token that a token exchange presents (RFC 8693): kept, in a file, or another account's. */

#include <stdbool.h>

#include "helper/keeper/keeper.h"
#include "keyring/credential.h"

/*
 * Replaces subject by the token that credential exchanges: the file is read anew, and an account's
 * token is renewed first if need be, under that account's own lock.
 */
bool kt_subject_get(struct kt_keeper *keeper, const struct kt_credential *credential,
                    struct kt_secret *subject, struct kt_error *error);

/* Reads a file's token, without the blanks around it; "-" is stdin. */
bool kt_subject_read(struct kt_secret *subject, const char *path, struct kt_error *error);

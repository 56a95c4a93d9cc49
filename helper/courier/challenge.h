/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A resource's challenge in WWW-Authenticate (RFC 9110, 11.6.1): the address of its metadata (RFC
 * 9728, 5.1) and the scope that a token needs (RFC 6750, 3). No I/O; the bytes are a server's.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"

/* Visible ASCII, the scope with blanks; NULL where it was not said. */
struct kt_challenge {
	char *resource_metadata;
	char *scope;
};

/*
 * Takes what the value of one header says and no earlier one has said. A value that breaks the
 * grammar is read up to there. False where memory ran out.
 */
bool kt_challenge_read(struct kt_challenge *challenge, const char *value, size_t length,
                       struct kt_error *error);
void kt_challenge_clear(struct kt_challenge *challenge);

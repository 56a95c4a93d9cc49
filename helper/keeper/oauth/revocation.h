/* SPDX-License-Identifier: MIT */
#pragma once

/* RFC 7009: a server that offers it is told that a refresh token is no longer wanted. */

#include <stdbool.h>

#include "keyring/credential.h"

/* True where the server said that it is revoked; that it cannot be told is no error. */
bool kt_revocation_send(const struct kt_credential *credential);

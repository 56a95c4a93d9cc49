/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Registers a client for one login (RFC 7591): a native app whose redirect ends on this machine
 * (RFC 8252), without a secret where the server allows that.
 */

#include <stdbool.h>

#include "helper/errand.h"
#include "keyring/credential.h"

/*
 * Gives the credential a client of its own at the server that published metadata: its id, its
 * redirect URI, its way to authenticate itself, and its secret where the server gave one. A
 * server that registers nobody is KT_ERROR_REFUSED, and the remedy says how to name a client.
 */
bool kt_registration_run(struct kt_credential *credential, const struct kt_errand *metadata,
                         struct kt_error *error);

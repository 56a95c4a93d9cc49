/* SPDX-License-Identifier: MIT */
#pragma once

/* Metadata that an OAuth server publishes: RFC 8414, else OpenID Connect Discovery. */

#include <stdbool.h>

#include "helper/keeper/login/settings.h"
#include "keyring/credential.h"

/* KT_ERROR_USAGE for a login of that kind at a server that nobody named. Always returns false. */
bool kt_discovery_fail_no_server(enum kt_kind kind, struct kt_error *error);

/*
 * Fills credential, whose identity is there, for a login at settings->issuer: all but its tokens,
 * with a new grant. Metadata of another issuer, or endpoints without TLS, are KT_ERROR_UNSAFE.
 */
bool kt_discovery_fill(struct kt_credential *credential, const struct kt_settings *settings,
                       struct kt_error *error);

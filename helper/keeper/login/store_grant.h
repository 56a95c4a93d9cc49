/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A grant that a program hands over through git's store: oauth_refresh_token= with client_id=
 * (and client_secret=, kind=, token_endpoint=) becomes a credential that keyturn renews.
 */

#include <stdbool.h>

#include "helper/request.h"
#include "keyring/credential.h"
#include "keyring/keyring.h"

/* The request brings a grant, not merely git's own oauth_refresh_token of a password. */
bool kt_store_grant_is_offered(const struct kt_request *request);

/*
 * Fills credential with the grant, as a new one of identity. Refusals are those of
 * kt_store_grant().
 */
bool kt_store_grant_fill(struct kt_credential *credential, const struct kt_identity *identity,
                         const struct kt_request *request, struct kt_error *error);

/*
 * Stores the grant as a new one under identity. The kind is inferred if none is named. Every
 * service but Coze's own needs an endpoint. A missing setting is KT_ERROR_USAGE.
 */
bool kt_store_grant(struct kt_keyring *keyring, const struct kt_identity *identity,
                    const struct kt_request *request, struct kt_error *error);

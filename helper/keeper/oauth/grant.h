/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Grants (RFC 6749): each builds the token request with which it gets tokens. One file a
 * grant; none calls another.
 */

#include <stdbool.h>

#include "helper/errand.h"
#include "helper/keeper/oauth/dialect.h"
#include "keyring/credential.h"

/*
 * Begins a request to an endpoint of the credential's server: address, form, CA, and the time for
 * all of it in milliseconds. The second one is in JSON whatever the server's form is, the third one
 * a GET.
 */
bool kt_grant_begin_at(const char *url, const struct kt_credential *credential, int64_t timeout,
                       struct kt_errand *errand, struct kt_error *error);
bool kt_grant_begin_json(const char *url, const struct kt_credential *credential, int64_t timeout,
                         struct kt_errand *errand, struct kt_error *error);
bool kt_grant_begin_get(const char *url, const struct kt_credential *credential, int64_t timeout,
                        struct kt_errand *errand, struct kt_error *error);

/* Adds what --param named: for requests at whose end a person is asked. */
bool kt_grant_add_parameters(const struct kt_credential *credential, struct kt_errand *errand,
                             struct kt_error *error);

/*
 * Calls add for each NAME=VALUE line of list (NULL: none) with the name and the value, until it
 * fails.
 */
bool kt_grant_each_parameter(const char *list,
                             bool (*add)(void *context, const char *name, const char *value,
                                         struct kt_error *error),
                             void *context, struct kt_error *error);

/*
 * Begins a token request: endpoint, form, CA, and the time for all of it in milliseconds. The
 * caller adds grant_type and the rest.
 */
bool kt_grant_begin(const struct kt_credential *credential, int64_t timeout,
                    struct kt_errand *errand, struct kt_error *error);

/* RFC 6749, 6: a refresh with this refresh token, as a rotating errand. */
bool kt_grant_refresh_token(const struct kt_credential *credential,
                            const struct kt_secret *refresh_token, int64_t timeout,
                            struct kt_errand *errand, struct kt_error *error);

/*
 * docs/coze.md, section 6: a token for an assertion that is signed here, for the server's time
 * now (seconds since the epoch). Each call signs a new one: an assertion works once.
 */
bool kt_grant_jwt_bearer(const struct kt_credential *credential, int64_t now, int64_t timeout,
                         struct kt_errand *errand, struct kt_error *error);

/*
 * RFC 6749, 4.1: the address at which a person allows the login. verifier is that of PKCE (RFC
 * 7636), NULL for a client that goes without.
 */
bool kt_grant_authorize_url(const struct kt_credential *credential, const char *redirect_uri,
                            const char *state, const struct kt_secret *verifier, char **url,
                            struct kt_error *error);

/* RFC 6749, 4.1.3: tokens for the code, with the same redirect URI and verifier. */
bool kt_grant_authorization_code(const struct kt_credential *credential,
                                 const struct kt_secret *code, const char *redirect_uri,
                                 const struct kt_secret *verifier, int64_t timeout,
                                 struct kt_errand *errand, struct kt_error *error);

/* RFC 6749, 4.4: a token for the client itself. */
bool kt_grant_client_credentials(const struct kt_credential *credential, int64_t timeout,
                                 struct kt_errand *errand, struct kt_error *error);

/* RFC 8693, 2.1: a token in exchange for another one. */
bool kt_grant_token_exchange(const struct kt_credential *credential,
                             const struct kt_secret *subject_token, int64_t timeout,
                             struct kt_errand *errand, struct kt_error *error);

/* RFC 8628: 3.1 asks for the codes, 3.4 polls. */
bool kt_grant_device_begin(const struct kt_credential *credential, int64_t timeout,
                           struct kt_errand *errand, struct kt_error *error);
bool kt_grant_device_code(const struct kt_credential *credential,
                          const struct kt_secret *device_code, int64_t timeout,
                          struct kt_errand *errand, struct kt_error *error);

/* Seconds between polls after a slow_down. Coze's have an upper bound (docs/coze.md, 5). */
int64_t kt_grant_device_slower(const struct kt_dialect *dialect, int64_t interval);

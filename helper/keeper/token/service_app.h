/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The tokens of apps that act for themselves (kt_kind_is_app()); a service app's one for each
 * session name, duration and scope. They lie in the kernel cache alone; if the kernel refuses it,
 * the account's own stands in its item. A token that is lost is asked for anew.
 */

#include <stdbool.h>

#include "helper/keeper/keeper.h"
#include "helper/keeper/token/requirement.h"
#include "keyring/credential.h"

/*
 * Makes credential, just loaded, one whose access token is of the wish's session and meets the
 * requirement. However many callers ask at once, one request is made for each session.
 */
bool kt_service_app_run(struct kt_keeper *keeper, struct kt_credential *credential,
                        const struct kt_requirement *requirement, struct kt_error *error);

/*
 * Asks the service for a token now, without keyring, lock or cache, but for the account whose
 * token is exchanged. An assertion is signed once more where the clock may be wrong
 * (docs/safety.md, J3). If the keeper has started a courier, that one is used first.
 */
bool kt_service_app_ask(struct kt_keeper *keeper, struct kt_credential *credential,
                        struct kt_error *error);

/*
 * Puts the account's own token, just signed at a login, into the kernel cache. False if the
 * kernel does not take it.
 */
bool kt_service_app_remember(const struct kt_cache *cache, const struct kt_credential *credential);

/*
 * Drops the token of the wish's session, which the service refused, if it is still the current
 * one (NULL: any). Call with the account's lock held.
 */
bool kt_service_app_reject(struct kt_keeper *keeper, struct kt_credential *credential,
                           const struct kt_requirement *requirement, const struct kt_secret *token,
                           struct kt_error *error);

/* Says of the credential which of its tokens the requirement means. */
bool kt_service_app_choose(struct kt_credential *credential,
                           const struct kt_requirement *requirement, struct kt_error *error);

/* Reads a scope: one JSON object of at most 64 KiB, from a file or "-" for stdin. */
bool kt_service_app_read_scope(char **scope, const char *path, struct kt_error *error);

/* Reads a --duration: 1 to 86,399 seconds. */
bool kt_service_app_read_duration(const char *text, int64_t *duration, struct kt_error *error);

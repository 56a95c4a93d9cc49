/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Facts of a grant (docs/safety.md, 2.5): what a renewal of it does, as far as that is known. A
 * fact that nobody has seen counts as the worse of its cases.
 */

#include <stdbool.h>

#include "keyring/credential.h"

/* A new access token can be had: with a refresh token, or because an app asks for each anew. */
bool kt_facts_has_refresh(const struct kt_credential *credential);

/* The same, and the grant is not known to be over. */
bool kt_facts_is_renewable(const struct kt_credential *credential);

/* A renewal leaves the access token of before alive: it may come ahead of time. */
bool kt_facts_old_token_lives(const struct kt_credential *credential);

/* keyturn login NAME can log in again: a hand-over may lack what that takes. */
bool kt_facts_can_log_in(const struct kt_credential *credential);

/*
 * For people: the old token "lives", "dies" or is "unknown"; a refresh token "rotates", "stays" or
 * is "unknown", there is "none", or each token is "signed" for, or "asked" for anew.
 */
const char *kt_facts_old_token(const struct kt_credential *credential);
const char *kt_facts_rotation(const struct kt_credential *credential);

/*
 * Takes the facts over that were learned of an earlier login of the same client at the same
 * service, unless this one says otherwise.
 */
bool kt_facts_inherit(struct kt_credential *credential, const struct kt_credential *before,
                      struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The default accounts, general and of each service: $XDG_CONFIG_HOME/keyturn/defaults, one
 * line each, nothing secret. A line that cannot be read is passed over.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/identity.h"

/* The default of the service (its protocol and host), or the general one for NULL. */
bool kt_default_get(const struct kt_identity *service, struct kt_identity *identity,
                    bool *found, struct kt_error *error);

enum kt_default_scope {
	KT_DEFAULT_NONE,
	KT_DEFAULT_SERVICE, /* of the account's service */
	KT_DEFAULT_GENERAL, /* in general, and of its service */
};

/* Makes identity the default of its service, or in general too. */
bool kt_default_set(const struct kt_identity *identity, enum kt_default_scope scope,
                    struct kt_error *error);

/* The same where there is no default yet. *became: whether it is one now, and of what. */
bool kt_default_offer(const struct kt_identity *identity, enum kt_default_scope scope,
                      enum kt_default_scope *became, struct kt_error *error);

/* Removes the default of the service, or the general one for NULL. *found: there was one. */
bool kt_default_unset(const struct kt_identity *service, bool *found, struct kt_error *error);

/* Calls visit for each default; one that returns false ends it. */
bool kt_default_each(bool (*visit)(void *context, bool is_general,
                                   const struct kt_identity *identity, struct kt_error *error),
                     void *context, struct kt_error *error);

/* Removes every default that is this account; with a successor that one takes its place. */
bool kt_default_replace(const struct kt_identity *identity,
                        const struct kt_identity *successor, struct kt_error *error);

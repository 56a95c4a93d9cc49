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

/* Makes identity its service's default and, if general, the general one too. */
bool kt_default_set(const struct kt_identity *identity, bool general, struct kt_error *error);

/* The same where there is no default yet. */
bool kt_default_offer(const struct kt_identity *identity, bool general, struct kt_error *error);

/* Removes every default that is this account; with a successor that one takes its place. */
bool kt_default_replace(const struct kt_identity *identity,
                        const struct kt_identity *successor, struct kt_error *error);

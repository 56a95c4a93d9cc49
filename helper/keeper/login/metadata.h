/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Metadata that servers and resources publish as JSON at well-known addresses (RFC 8414, RFC
 * 9728, OpenID Connect Discovery), and where they may point.
 */

#include <stdbool.h>

#include "helper/errand.h"
#include "keyring/credential.h"

/* An address that a request may go to: https, or this machine's; without user and fragment. */
bool kt_metadata_is_safe(const char *url);

/* The same, and plain http only if the address that it was found under is plain http as well. */
bool kt_metadata_is_safe_below(const char *url, const char *from);

/* The same address: an empty path is "/" (RFC 9110, 4.2.3), and every other byte counts. */
bool kt_metadata_is_same(const char *url, const char *other);

/* Asks with the credential's CA. False where no courier can be had; any outcome is in answer. */
bool kt_metadata_ask(const char *address, const struct kt_credential *credential,
                     struct kt_errand *answer, struct kt_error *error);

/* The answer's HTTP status; 0: nothing was answered. */
int64_t kt_metadata_status(const struct kt_errand *answer);

/* True if the list (entries joined by newlines) has the word; by_default if there is no list. */
bool kt_metadata_lists(const struct kt_errand *answer, const char *name, const char *word,
                       bool by_default);

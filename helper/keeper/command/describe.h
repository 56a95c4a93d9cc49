/* SPDX-License-Identifier: MIT */
#pragma once

/* Descriptions of an account for list and show. They never hold a secret. */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/credential.h"
#include "keyring/json.h"

/* When the credential itself ends, as kt_expiry_format() writes it. */
bool kt_describe_end(const struct kt_credential *credential, char **text,
                     struct kt_error *error);

/* The same for a column: "in 30 days", "renews itself", "never", "unknown". */
bool kt_describe_end_briefly(const struct kt_credential *credential, char **text,
                             struct kt_error *error);

/*
 * When nothing but its person can make the account go on: 0 for never, for what renews itself, and
 * where it is not known. A PAT of unknown end counts as if it had 30 days.
 */
int64_t kt_describe_own_end(const struct kt_credential *credential);

/* account, service, kind, state, expires_at, default: as list --json and show --json have it. */
bool kt_describe_json(const struct kt_credential *credential, bool is_default,
                      struct kt_json *json, struct kt_error *error);

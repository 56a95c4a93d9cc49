/* SPDX-License-Identifier: MIT */
#pragma once

/* The output of "keyturn vault status" and "keyturn vault keys". */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/keyring_options.h"

/* The vault's directory, ways and state; that there is none is KT_ERROR_UNAVAILABLE. */
bool kt_vault_print_status(bool wants_json, struct kt_error *error);

/* Each way in, and whether it opens the vault here and now; nobody is asked. */
bool kt_vault_print_keys(const struct kt_security_keys *security_keys, bool wants_json,
                         struct kt_error *error);

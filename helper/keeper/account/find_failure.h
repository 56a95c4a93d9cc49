/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The sentences of a search that brought no account: none fits, several do, or a place is bound to
 * one that is not there. Each always returns false.
 */

#include <stdbool.h>

#include "keyring/credential.h"
#include "keyring/error.h"

/* Nothing says which of the list answers. */
bool kt_account_fail_ambiguous(const struct kt_credentials *list, struct kt_error *error);

/*
 * Nothing is stored under ACCOUNT (NULL: none was named). list: all accounts that are seen, one of
 * which may have been meant.
 */
bool kt_account_fail_absent(const struct kt_credentials *list, const char *account,
                            struct kt_error *error);

/* The place is bound to an account that is not stored. */
bool kt_account_fail_unstored(const char *place, const char *name, struct kt_error *error);

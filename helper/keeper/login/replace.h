/* SPDX-License-Identifier: MIT */
#pragma once

/* A login over a stored one: nothing good is replaced that nobody meant to replace. */

#include "helper/keeper/login/login.h"

/*
 * Call before anybody types a token or approves anything. If the account is there: at a terminal a
 * login without a name is asked for one, and one of another kind whether it may replace it; without
 * a terminal a login of another kind needs --replace (KT_ERROR_UNSAFE). *found: an old one is
 * there.
 */
bool kt_login_settle_account(const struct kt_login_options *login, enum kt_kind kind,
                             struct kt_keyring *keyring, struct kt_identity *identity,
                             struct kt_credential *old, bool *found, struct kt_error *error);

/*
 * Call before the new login is stored over the old one. The service is asked whose both are, unless
 * user tells it of the new one already; another person's replaces only if it is confirmed, or with
 * --replace.
 */
bool kt_login_check_replaced(const struct kt_login_options *login,
                             const struct kt_credential *old,
                             const struct kt_credential *credential, const char *user,
                             struct kt_error *error);

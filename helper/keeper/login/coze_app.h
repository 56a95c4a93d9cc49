/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * An OAuth app of Coze: from its settings a credential, with every endpoint (docs/coze.md,
 * section 3).
 */

#include "helper/keeper/login/settings.h"
#include "keyring/credential.h"

/* Used where no redirect URI is said; it must be registered with the app. */
#define KT_COZE_APP_REDIRECT_URI "http://127.0.0.1:8080/callback"

/*
 * Fills credential, whose identity is there, for a login of an app: all but its tokens, with a new
 * grant. A setting that is missing or breaks a rule is KT_ERROR_USAGE or KT_ERROR_REFUSED. A
 * private key is brought to its kept form.
 */
bool kt_coze_app_fill(struct kt_credential *credential, const struct kt_settings *settings,
                      struct kt_error *error);

/*
 * Fills in the members that every grant's credential has, whichever server issues it: those for
 * the lock, the journal and lists.
 */
bool kt_login_begin_grant(struct kt_credential *credential, const struct kt_settings *settings,
                          struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a renewal does to the access token of before (docs/safety.md, 2.5): learned once for each
 * grant, by showing that token to the service's own who-am-I.
 */

#include "helper/keeper/keeper.h"
#include "keyring/credential.h"

/*
 * Asks, after a renewal that was stored, if it is not known yet and before's token would have lived
 * on for some seconds; renewed and its item get what was learned. Nothing is lost where it fails.
 * Called under the account's lock.
 */
void kt_old_token_learn(struct kt_keeper *keeper, const struct kt_credential *before,
                        struct kt_credential *renewed);

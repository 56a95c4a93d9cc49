/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One refresh, nothing lost (docs/safety.md, section 2): under the account's lock, with a
 * journal for the next caller, in case this process dies, and an escrow for the answer until
 * the keyring has it.
 */

#include <stdbool.h>

#include "helper/keeper/keeper.h"
#include "helper/keeper/token/requirement.h"
#include "keyring/credential.h"

/*
 * Makes the access token of credential, a grant that was just loaded, meet the wish: adopts the
 * token of another caller, or renews it. On return credential equals the item in the keyring.
 * Errors: KT_ERROR_DEAD where the grant is over, KT_ERROR_REFUSED where a setting is wrong,
 * KT_ERROR_NETWORK, _SERVER and _BUSY where trying again helps; KT_ERROR_LOCKED or _UNAVAILABLE
 * where the renewed grant is safe in escrow but not yet in the keyring. No error loses a
 * refresh token.
 */
bool kt_rotation_run(struct kt_keeper *keeper, struct kt_credential *credential,
                     const struct kt_requirement *requirement, struct kt_error *error);

/*
 * Stores a grant that waits in escrow as the account's item, and as credential, which was just
 * loaded. Call inside a change, before a command replaces the item.
 */
bool kt_rotation_adopt(struct kt_keyring *keyring, struct kt_credential *credential,
                       struct kt_error *error);

/* A request may have spent the refresh token and its answer is not known. */
bool kt_rotation_is_unclear(const struct kt_credential *credential);

/*
 * The account from gets another identity: what its journal tells of the refresh token goes along.
 * Inside a change of both, before the item is stored under the new one.
 */
bool kt_rotation_move(const struct kt_identity *from, const struct kt_identity *to,
                      struct kt_error *error);

/*
 * Forgets journal and escrow of an account whose grant is replaced or gone, but for a login's own
 * escrow. Inside a change.
 */
bool kt_rotation_forget(const struct kt_identity *identity, struct kt_error *error);

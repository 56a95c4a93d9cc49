/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * An account's valid token: from its credential the answer for a caller, renewed first if need
 * be.
 */

#include <stdbool.h>
#include <stdint.h>

#include "helper/answer.h"
#include "helper/keeper/keeper.h"
#include "helper/keeper/token/requirement.h"
#include "keyring/credential.h"

/*
 * Fills answer from the credential. A grant's access token that does not meet the requirement
 * is renewed first (rotation.h tells the errors). A refused PAT or SAT is KT_ERROR_REFUSED with
 * the command that mends it. A password that has expired counts as absent: *found is false. The
 * answer's expires stays 0 for PAT and SAT: an end that a user typed warns and never blocks.
 */
bool kt_token_get(struct kt_keeper *keeper, struct kt_credential *credential,
                  const struct kt_requirement *requirement, struct kt_answer *answer,
                  bool *found, struct kt_error *error);

/* The same from the credential as it is, whatever its age. */
bool kt_token_as_is(const struct kt_credential *credential, struct kt_answer *answer,
                    bool *found, struct kt_error *error);

/*
 * Makes the access token of a grant meet the wish: a service app signs (session.h), any other
 * grant refreshes (rotation.h). Both write the errors that rotation.h tells.
 */
bool kt_token_renew(struct kt_keeper *keeper, struct kt_credential *credential,
                    const struct kt_requirement *requirement, struct kt_error *error);

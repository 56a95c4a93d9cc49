/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Hand-outs that are on record (docs/safety.md, R10): where a renewal may kill the token of
 * before, whoever was given that token has it for the time that was promised.
 */

#include <stdbool.h>

#include "helper/keeper/token/journal.h"
#include "helper/keeper/token/requirement.h"
#include "keyring/credential.h"

/* A renewal may kill the token, and comes soon: a hand-out of it has to be on record. */
bool kt_promise_is_needed(const struct kt_credential *credential);

/* Puts a hand-out on record where it has to be. Without a record it may be replaced too soon. */
void kt_promise_note(struct kt_journal *journal, const struct kt_requirement *requirement,
                     const struct kt_credential *credential);

/*
 * True if the token is promised to somebody: it is handed out to its end. One that has not even a
 * second left is no use to this caller, who waits that long for the next.
 */
bool kt_promise_holds(const struct kt_journal *journal, const struct kt_requirement *requirement,
                      const struct kt_credential *credential);

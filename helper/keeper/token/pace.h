/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The pace of an account's renewals: a service that takes back each token at once, or refuses with
 * a word that nobody knows, is not asked at every call. Notes are kept in the journal; its caller
 * writes it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "helper/keeper/oauth/token_response.h"
#include "helper/keeper/token/journal.h"

/* Notes a renewal. One that a person asked for (is_fresh) is none that came early. */
void kt_pace_note_renewal(struct kt_journal *journal, int64_t lifetime, bool is_fresh);

/* Notes an answer without tokens, if it is a refusal with an unknown word. */
void kt_pace_note_refusal(struct kt_journal *journal, const struct kt_token_response *response);

/* KT_ERROR_BUSY before the next renewal's time; never for one that a person asked for. */
bool kt_pace_check(const struct kt_journal *journal, const char *name, bool is_fresh,
                   struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/* The keeper's part of renewals ahead of need (helper/renewal.h). */

#include <stdbool.h>

#include "helper/answer.h"
#include "helper/keeper/command.h"
#include "keyring/credential.h"
#include "keyring/kernel_cache.h"

/*
 * Whether a renewal may run behind its caller's back: one that spends a refresh token must not
 * be ended by the end of its caller's container half-way.
 */
bool kt_ahead_is_wise(const struct kt_credential *credential);

/* Has the renewal of this answer's account started, unless somebody else has. */
void kt_ahead_start(const struct kt_cache *cache, const struct kt_answer *answer);

/* What is started; nobody types it. */
extern const struct kt_command kt_command_renew_ahead;

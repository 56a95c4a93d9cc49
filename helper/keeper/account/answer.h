/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The answer that an account hands out, made from its credential as it is. Nothing is renewed
 * here.
 */

#include <stdbool.h>

#include "helper/answer.h"
#include "keyring/credential.h"

/* Fills answer; its expires stays 0 for PAT and SAT (supply.h). */
bool kt_answer_from_credential(const struct kt_credential *credential, struct kt_answer *answer,
                               struct kt_error *error);

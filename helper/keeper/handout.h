/* SPDX-License-Identifier: MIT */
#pragma once

/* What an account hands out, as an answer: read from its credential, nothing renewed. */

#include <stdbool.h>

#include "helper/answer.h"
#include "keyring/credential.h"

/* Fills answer; its expires stays 0 for PAT and SAT (supply.h). */
bool kt_handout_fill(const struct kt_credential *credential, struct kt_answer *answer,
                     struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/* The cache, filled ahead of the first question: after a login. */

#include <stdbool.h>

#include "helper/keeper/keeper.h"

/*
 * Remembers what each account hands out now, under the questions that name it, and what answers
 * where none is named. The keyring is read once, and once more for each choice among several
 * accounts. Nothing is renewed: a token that is due is left out, and so are accounts beyond 64.
 */
bool kt_prefetch(struct kt_keeper *keeper, struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The hot path: answers from the kernel cache alone. A request that is odd in any way is left
 * to the keeper, which says what is wrong with it.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/*
 * Answers the command on stdout, or finds that there is nothing to say. False with no error:
 * it is the keeper's; input holds the whole request that was read from stdin meanwhile. False with
 * an error: the request could not be read whole, or the answer not be written.
 */
bool kt_hot_answer(int count, char **arguments, char *const environment[],
                   struct kt_secret *input, struct kt_error *error);

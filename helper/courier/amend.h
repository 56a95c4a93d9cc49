/* SPDX-License-Identifier: MIT */
#pragma once

/* Changes to a flattened answer that its errand asks for. */

#include <stdbool.h>

#include "helper/errand.h"

/*
 * Takes the members of the object that the errand names ("member") for the answer's own, gives
 * tokens without an expires_in the errand's "lifetime", and masks in texts for people all secrets
 * that were sent.
 */
bool kt_amend_answer(const struct kt_errand *errand, struct kt_errand *answer,
                     struct kt_error *error);

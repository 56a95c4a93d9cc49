/* SPDX-License-Identifier: MIT */
#pragma once

/* Only for backend_secret_service.c: items of other programs (foreign.h). */

#include "keyring/foreign.h"
#include "keyring/secret_service_turn.h"

/* Adds the items that fit the pattern. Locked ones are told of, and not opened. */
bool kt_foreign_find(struct kt_turn *turn, const struct kt_foreign_pattern *pattern,
                     struct kt_foreign_items *found, struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The basic seal, for systems that forbid namespaces: file rules of Landlock, which know only what
 * is allowed. So everything is allowed but what is hidden, by a walk along it.
 */

#include <stdbool.h>

#include "helper/seal/places.h"
#include "keyring/error.h"

/*
 * Takes away: reading what is hidden, changing what is frozen, new files in the directories above
 * either, looking into other processes. Needs no_new_privs.
 */
bool kt_walk_enter(const struct kt_places *places, struct kt_error *error);

/* Abstract sockets of others and signals to others, where this kernel can tell them apart. */
bool kt_walk_enter_scopes(struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The sentences of a renewal that brought no token, for the account of that name. Each always
 * returns false.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/error.h"

/* The renewed grant could not be stored: why (cause), and where it is kept meanwhile. */
bool kt_rotation_fail_unsaved(const char *name, const struct kt_error *cause, bool is_escrowed,
                              struct kt_error *error);

/* The grant is over; or it seems to be, because an answer did not reach us. */
bool kt_rotation_fail_dead(const char *name, struct kt_error *error);
bool kt_rotation_fail_lost(const char *name, int64_t sent_wall, struct kt_error *error);

/* The answer was lost: it is asked for again after left seconds, or when the token is over. */
bool kt_rotation_fail_too_early(const char *name, int64_t left, struct kt_error *error);
bool kt_rotation_fail_still_good(const char *name, struct kt_error *error);

/* There is nothing to renew with, and never a request; is_good: the token lives. */
bool kt_rotation_fail_no_refresh(const char *name, bool is_good, struct kt_error *error);

/* Replaces the remedy for a grant that keyturn login cannot get again. */
bool kt_rotation_advise_hand_over(struct kt_error *error);

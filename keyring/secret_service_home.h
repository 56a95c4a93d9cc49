/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Whether the service that answers is the home of our logins, and has all of its collections: one
 * that has just started may not have them yet, and one of another provider never will.
 *
 * Only for backend_secret_service.c: GLib's types stay out of the other headers.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret_service_record.h"
#include "keyring/secret_service_turn.h"

/*
 * Waits, in the turn's time, for the collections of a provider that has its name before them.
 * *is_later: it is such a one, so that what was asked before may now be answered otherwise.
 */
bool kt_home_await(struct kt_turn *turn, bool *is_later, struct kt_error *error);

/*
 * *elsewhere: what was recorded is in the keeping of another provider than the one that answers,
 * which does not take its collections over.
 */
bool kt_home_is_elsewhere(struct kt_turn *turn, const struct kt_record *record, bool *elsewhere,
                          struct kt_error *error);

/* KT_ERROR_UNAVAILABLE if the logins are elsewhere: names both providers. */
bool kt_home_check(struct kt_turn *turn, struct kt_error *error);

/* No service answers: adds to that error whose logins they are, where that was recorded. */
void kt_home_name_missing(struct kt_error *error);

/* Replaces the error of a call that ran out of time by that of kt_home_check, if it has one. */
void kt_home_explain(struct kt_turn *turn, struct kt_error *error);

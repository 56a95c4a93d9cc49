/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Prompts, with which the service may answer a call: one at a time on the screen, for 120 s at
 * most, while others go on. Their purpose tells which of them a person has to see.
 *
 * Only for backend_secret_service.c: GLib's types stay out of the other headers.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret_service_turn.h"

/* Somebody can be asked: the options allow it, and there is a display. */
bool kt_prompt_is_possible(const struct kt_turn *turn);

/* KT_ERROR_LOCKED, by the provider's name. Always returns false. */
bool kt_prompt_fail_locked(struct kt_turn *turn, struct kt_error *error);

/*
 * Sees the prompt of an unlock through ("/": there is none). Where nobody can be asked it is
 * dismissed, so that it holds up no other client, and the keyring is locked. One that was
 * dismissed, or that nobody answered, is not shown again for ten minutes.
 */
bool kt_prompt_unlock(struct kt_turn *turn, const char *prompt, struct kt_error *error);

/*
 * Completes a prompt that needs no person, within the turn's time limit: one of a write to an
 * open keyring, or of a wallet that is open. It may take a person's time only if somebody can
 * be asked.
 */
bool kt_prompt_complete(struct kt_turn *turn, const char *prompt, struct kt_error *error);

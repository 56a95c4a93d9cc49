/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A turn with the desktop's keyring service: through the gate, connected in an encrypted
 * session, with 5 s for all its calls; and prompts, which take a turn of their own kind: one at
 * a time on the screen, for 120 s at most, while others go on.
 *
 * Only for backend_secret_service.c: GLib's types stay out of the other headers.
 */

#define SECRET_API_SUBJECT_TO_CHANGE
#include <libsecret/secret.h>
#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/gate.h"
#include "keyring/identity.h"
#include "keyring/keyring_options.h"
#include "keyring/secret_service_call.h"

/* A zeroed one is closed. */
struct kt_turn {
	struct kt_keyring_options options;
	struct kt_gate gate;
	int entered; /* by kt_turn_enter, so often: not ended by a single call */
	struct kt_call call;
	SecretService *service;
	char *owner; /* the bus name of the process that service speaks to */
	bool is_greeted; /* service has answered a call of ours, and knows us */
	char *collection; /* the default one, once asked for; NULL: there is none yet */
	char *home;       /* the collection of the item that was found last; NULL: not known */
	struct kt_identity tenant; /* that item's */
};

/* Checks that there is a session bus that may be used; talks to nobody yet. */
bool kt_turn_open(struct kt_turn *turn, const struct kt_keyring_options *options,
                  struct kt_error *error);
void kt_turn_clear(struct kt_turn *turn);

/* A turn for several calls: see kt_backend's enter and leave. */
bool kt_turn_enter(struct kt_turn *turn, bool *waited, struct kt_error *error);
void kt_turn_leave(struct kt_turn *turn);

/*
 * A turn for one call, or the part of the entered one: connected, and after the service was
 * restarted connected anew. Returns turn, or NULL; kt_turn_end is for KT_CLEANUP and takes both.
 */
struct kt_turn *kt_turn_take(struct kt_turn *turn, struct kt_error *error);
void kt_turn_end(struct kt_turn **turn);

/* Opens the encrypted session that secrets travel in, unless it is open; "plain" is refused. */
bool kt_turn_open_session(struct kt_turn *turn, struct kt_error *error);

/* Asks the service for its default collection, which may have become another. */
bool kt_turn_find_collection(struct kt_turn *turn, struct kt_error *error);

/*
 * The collection that holds an account's item, noted when the item (its path) is found: it is
 * replaced there, even if the default collection is another by now.
 */
bool kt_turn_note_home(struct kt_turn *turn, const struct kt_identity *identity,
                       const char *item, struct kt_error *error);
const char *kt_turn_home_of(const struct kt_turn *turn, const struct kt_identity *identity);

/* Somebody can be asked: the options allow it, and there is a display. */
bool kt_turn_can_prompt(const struct kt_turn *turn);

/* KT_ERROR_LOCKED. Always returns false. */
bool kt_turn_fail_locked(const struct kt_turn *turn, struct kt_error *error);

/*
 * Sees the prompt through that a call answered with ("/": none). Where nobody can be asked it
 * is dismissed, so that it holds up no other client, and the keyring is locked.
 */
bool kt_turn_settle(struct kt_turn *turn, const char *prompt, struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A turn with the desktop's keyring service: through the gate, connected in an encrypted
 * session, with 5 s for each answer.
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

/*
 * Milliseconds: without an answer, as for one call; for a whole turn; and those in which a service
 * that did not answer is left alone.
 */
#define KT_TURN_LIMIT KT_CALL_LIMIT
#define KT_TURN_LONGEST 30000
#define KT_TURN_REST 1000

struct kt_provider;

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
	bool is_unserved; /* the bus answered, and has nobody who serves the name */
	bool is_loaded; /* the service has all of its collections (secret_service_home.h) */
	const struct kt_provider *provider; /* NULL: not asked for yet */
	char **hidden; /* paths of items and collections that the last search found locked */
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

/* How many sessions are tried, each with keys of its own: see kt_turn_renew_session. */
#define KT_TURN_SESSIONS 4

/* Opens the encrypted session that secrets travel in, unless it is open; "plain" is refused. */
bool kt_turn_open_session(struct kt_turn *turn, struct kt_error *error);

/* Opens another one: what is sent in a session of different keys, nobody can read. */
bool kt_turn_renew_session(struct kt_turn *turn, struct kt_error *error);

/* Asks the service for its default collection, which may have become another. */
bool kt_turn_find_default(struct kt_turn *turn, struct kt_error *error);

/* The lane is ours again, and a new time limit begins; for one who left it for a while. */
bool kt_turn_pass_gate(struct kt_turn *turn, bool *waited, struct kt_error *error);

/* The process that was connected to is still the one that owns the service's name. */
bool kt_turn_is_connected(const struct kt_turn *turn);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The functions of a backend. A backend keeps credentials as single items that are replaced
 * whole. It tells five bad outcomes apart: locked, unavailable, dismissed, corrupt, and absent
 * (nothing was found, which is no error). "Absent" is said only of an open keyring.
 */

#include <stdbool.h>

#include "keyring/credential.h"
#include "keyring/keyring_options.h"

struct kt_backend {
	const char *name;

	/* The backend itself, where this names one that lies in a module (secret_service.h). */
	const struct kt_backend *(*load)(const struct kt_keyring_options *options,
	                                 struct kt_error *error);

	/* Checks what can be known without a turn, asks nobody. *state is the backend's own. */
	bool (*open)(void **state, const struct kt_keyring_options *options,
	             struct kt_error *error);
	void (*close)(void *state);

	/*
	 * One turn with the keyring: enter waits until nobody else talks to it (waited tells
	 * whether that took any time), leave ends the turn. Each other call enters and leaves by
	 * itself when its caller has not. NULL where callers need not take turns.
	 */
	bool (*enter)(void *state, bool *waited, struct kt_error *error);
	void (*leave)(void *state);

	/* Adds every credential that matches the pattern, secrets included. */
	bool (*search)(void *state, const struct kt_identity *pattern,
	               struct kt_credentials *found, struct kt_error *error);

	/* Stores or replaces the item of the credential's identity, as a whole. */
	bool (*store)(void *state, const struct kt_credential *credential,
	              struct kt_error *error);

	/* Deletes the item of exactly this identity; that it is not there is no error. */
	bool (*erase)(void *state, const struct kt_identity *identity, struct kt_error *error);

	/* Closes and opens the keyring. unlock may use what options allow to ask the user. */
	bool (*lock)(void *state, struct kt_error *error);
	bool (*unlock)(void *state, struct kt_error *error);

	/* True when items can be read now without anyone being asked. */
	bool (*is_open)(void *state, bool *open, struct kt_error *error);
};

extern const struct kt_backend kt_backend_secret_service;
extern const struct kt_backend kt_backend_vault;
extern const struct kt_backend kt_backend_memory;

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The functions of a backend. A backend keeps credentials as single items that are replaced
 * whole. It tells which items it found, their places, and whether a lock hides more; keyring.c
 * alone decides that a credential is absent, locked or partly locked.
 */

#include <stdbool.h>

#include "keyring/credential.h"
#include "keyring/foreign.h"
#include "keyring/keyring_options.h"

/* The longest that a service takes to write what it took, in seconds. */
#define KT_SETTLING_MAXIMUM 30

struct kt_backend {
	const char *name;

	/* Items are found by attributes, which may have become others than their content's. */
	bool has_attributes;

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

	/*
	 * Fills found, which is empty, with every credential that matches the pattern, secrets
	 * included, each with its place, and with every damaged item that may; found->hidden tells
	 * what a lock keeps from view. Asks nobody (the vault excepted, which has one lock for
	 * everything).
	 */
	bool (*search)(void *state, const struct kt_identity *pattern,
	               struct kt_credentials *found, struct kt_error *error);

	/*
	 * Opens what the last search found hidden, and asks the person where options allow it. Stays
	 * it closed, that is KT_ERROR_LOCKED or KT_ERROR_DISMISSED. NULL where nothing is ever hidden.
	 */
	bool (*reveal)(void *state, struct kt_error *error);

	/*
	 * Writes the item as a whole: in place of before (its place and kind), or a new one where
	 * before is NULL. Nothing is replaced before kt_credential_write() has made the new form, for
	 * one that cannot be read again is no form. KT_ERROR_NOT_FOUND: there is no item at that
	 * place any more.
	 */
	bool (*store)(void *state, const struct kt_credential *credential,
	              const struct kt_credential *before, struct kt_error *error);

	/* Deletes the item at this place; that it is not there is no error. */
	bool (*erase)(void *state, const char *place, struct kt_error *error);

	/*
	 * Adds other programs' items that fit the pattern. Asks nobody. NULL where no other program
	 * keeps anything.
	 */
	bool (*search_foreign)(void *state, const struct kt_foreign_pattern *pattern,
	                       struct kt_foreign_items *found, struct kt_error *error);

	/* The way in which a password that is typed at a terminal opens it. NULL: none does. */
	bool (*takes_password)(void *state, enum kt_password_way *way, struct kt_error *error);

	/*
	 * Opens with the password what is locked and may hold logins. *opened: nothing of it stays
	 * locked. NULL where takes_password never says KT_PASSWORD_SERVICE.
	 */
	bool (*unlock_with)(void *state, const struct kt_secret *password, bool *opened,
	                    struct kt_error *error);

	/*
	 * Seconds for which what was stored may still be lost with the daemon that took it, no more
	 * than KT_SETTLING_MAXIMUM. NULL: none.
	 */
	int (*settling)(void *state);

	/*
	 * A line for people on the keyring's provider and state; *line NULL: there is nothing to say.
	 * *is_odd: a person should look into it.
	 */
	bool (*describe)(void *state, char **line, bool *is_odd, struct kt_error *error);

	/* Closes and opens the keyring. unlock may use what options allow to ask the user. */
	bool (*lock)(void *state, struct kt_error *error);
	bool (*unlock)(void *state, struct kt_error *error);

	/* True when items can be read now without anyone being asked. */
	bool (*is_open)(void *state, bool *open, struct kt_error *error);
};

extern const struct kt_backend kt_backend_secret_service;
extern const struct kt_backend kt_backend_vault;
extern const struct kt_backend kt_backend_memory;

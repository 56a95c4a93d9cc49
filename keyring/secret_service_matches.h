/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The items of ours that match, read from the service. A name alone decides nothing: what an item
 * is stands in its content.
 *
 * Only for backend_secret_service.c: GLib's types stay out of the other headers.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/credential.h"
#include "keyring/error.h"
#include "keyring/secret_service_turn.h"

#define KT_ITEM_SCHEMA "org.keyturn.Credential"
#define KT_ITEM_SCHEMA_ATTRIBUTE "xdg:schema"

/* An item that is ours: its credential, or that it cannot be read. */
struct kt_match {
	char *path;
	bool is_corrupt;
	struct kt_secret form; /* a damaged one's */
	struct kt_credential credential;
};

struct kt_matches {
	struct kt_match *items;
	size_t count;
};

/* For KT_CLEANUP. */
void kt_matches_clear(struct kt_matches *matches);

/* D-Bus knows UTF-8 alone. */
bool kt_matches_check_identity(const struct kt_identity *identity, struct kt_error *error);

/*
 * Finds what there is of the pattern, and notes in the turn what is locked: items that match or,
 * where nothing was found or everything was asked for, collections that may hold some.
 */
bool kt_matches_find(struct kt_turn *turn, const struct kt_identity *pattern,
                     struct kt_matches *matches, enum kt_hidden *hidden, struct kt_error *error);

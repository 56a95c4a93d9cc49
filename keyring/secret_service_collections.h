/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The service's collections: the one that new items go to, those that hold ours, and which of
 * them are locked. Those that were seen to hold an item of ours are recorded by their paths
 * ($XDG_CONFIG_HOME/keyturn/collections, one a line, nothing secret), because a locked one does
 * not tell.
 *
 * Only for backend_secret_service.c: GLib's types stay out of the other headers.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret_service_turn.h"

#define KT_COLLECTION "org.freedesktop.Secret.Collection"
#define KT_ITEM "org.freedesktop.Secret.Item"

/* A property of an object of the service, which has the type; the caller unrefs. */
GVariant *kt_collection_read(struct kt_turn *turn, const char *path, const char *interface,
                             const char *property, const char *type, struct kt_error *error);

bool kt_collection_is_locked(struct kt_turn *turn, const char *collection, bool *locked,
                             struct kt_error *error);

/* The default collection, made and opened if need be. */
bool kt_collections_open_default(struct kt_turn *turn, char **path, struct kt_error *error);

/*
 * Replaces *hidden by the locked collections that may hold an item of ours: the default one and
 * those recorded, or any as long as none is. One that its provider does not even list while it is
 * closed is named as recorded, and so are all of a provider that does not answer any more.
 */
bool kt_collections_list_hidden(struct kt_turn *turn, char ***hidden, struct kt_error *error);

/*
 * Looks, where the provider would ask a person at a search while all is locked, whether it is:
 * *is_closed, and the turn's hidden paths are those of the collections. Costs nothing with a
 * provider that is known not to ask.
 */
bool kt_collections_check_search(struct kt_turn *turn, bool *is_closed, struct kt_error *error);

/*
 * Opens items and collections by their paths: without a question where the provider says that it
 * can be, else by asking where that is possible.
 */
bool kt_collections_unlock(struct kt_turn *turn, const char *const *paths,
                           struct kt_error *error);

/* Records the provider and the collection that holds this item. */
void kt_collections_note(struct kt_turn *turn, const char *item);

/* Locks the default collection and those recorded, as far as they are open. */
bool kt_collections_lock(struct kt_turn *turn, struct kt_error *error);

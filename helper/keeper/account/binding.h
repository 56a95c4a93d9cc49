/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Bindings: which account answers in a directory and below it, or for the remotes whose URL begins
 * with a prefix. They stand in $XDG_CONFIG_HOME/keyturn/bindings, one line each, nothing secret; a
 * line that cannot be read is passed over. A directory's own file .keyturn names accounts too, and
 * is obeyed where that directory was allowed, with the content that the file had then.
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/route.h"
#include "keyring/error.h"
#include "keyring/identity.h"
#include "keyring/secret.h"

enum kt_binding_kind {
	KT_BINDING_DIRECTORY,
	KT_BINDING_PREFIX,
	KT_BINDING_ALLOWED,
};

struct kt_binding {
	enum kt_binding_kind kind;
	char *place; /* a directory's path without links, or a prefix in its one form */
	struct kt_identity identity; /* the account; of an allowed file none */
	char *hash;  /* of an allowed file's content */
	char *stamp; /* of an allowed file, when it was allowed (helper/route.h) */
	enum kt_route_kind route; /* of a directory: whether its file is obeyed now */
	char *names; /* what an obeyed file names, a line each */
};

/* All bindings, and the caller's place among them. */
struct kt_bindings {
	struct kt_binding *items;
	size_t count;
	struct kt_secret routes;     /* empty: no directory is bound */
	struct kt_route_place here;  /* the working directory, "" for none */
	struct kt_route_place place; /* the deepest directory above it that is bound */
};

/* Reads the bindings, and the files of those allowed directories that are above the caller's. */
bool kt_bindings_read(struct kt_bindings *bindings, struct kt_error *error);

/* Reads the files of all allowed directories, to tell of them. */
bool kt_bindings_look(struct kt_bindings *bindings, struct kt_error *error);

/* The prefix binding that fits the request's URL: the longest; NULL for none. */
const struct kt_binding *kt_bindings_prefix(const struct kt_bindings *bindings,
                                            const struct kt_identity *wanted);

/* The next place above: the deepest bound directory that holds it; "" for none. */
void kt_bindings_climb(const struct kt_bindings *bindings, struct kt_route_place *place);

/* The obeyed file names the account: NAME, NAME@SITE or NAME@HOST. */
bool kt_binding_names(const struct kt_binding *binding, const struct kt_identity *identity);

/* True for a binding that has a say in this place: it is bound, or its file is obeyed. */
bool kt_binding_is_of(const struct kt_binding *binding, const struct kt_route_place *place);

/* Binds the place to the account, which replaces an earlier one of the same service there. */
bool kt_binding_set(enum kt_binding_kind kind, const char *place,
                    const struct kt_identity *identity, struct kt_error *error);

/* Allows the directory's file with its present content. *names: the accounts it names. */
bool kt_binding_allow(const char *directory, char **names, struct kt_error *error);

/* Removes all bindings of this place, and what was allowed there; *count: how many. */
bool kt_binding_unset(const char *place, size_t *count, struct kt_error *error);

/* An account has another name now. */
bool kt_binding_rename(const struct kt_identity *identity, const struct kt_identity *successor,
                       struct kt_error *error);

/* The URL of a prefix, as it is compared: no user, no slash at its end, no ".git". */
bool kt_binding_read_prefix(struct kt_identity *prefix, char **place, const char *url,
                            struct kt_error *error);

/* The URL of prefix is the request's, or ends at a whole name of its path. */
bool kt_binding_is_prefix(const struct kt_identity *prefix, const struct kt_identity *wanted);

void kt_bindings_clear(struct kt_bindings *bindings);

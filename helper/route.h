/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Routes: the directories on which an answer depends, as the cache holds them in place of an answer
 * to a question that does not say its directory. The directory in which the caller stands becomes a
 * part of the question then. Door and keeper choose here, so that the door finds what the keeper
 * put. libc alone.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* The file of a directory that names accounts. */
#define KT_ROUTE_FILE ".keyturn"

enum kt_route_kind {
	KT_ROUTE_BOUND = 'b',  /* the directory is bound */
	KT_ROUTE_FILED = 'f',  /* it is allowed, and its file is obeyed */
	KT_ROUTE_CLOSED = 'c', /* it is allowed, but for another content: the file is not obeyed */
};

/* A directory's absolute path without links; "" where no route leads to it, or there is none. */
struct kt_route_place {
	char text[PATH_MAX];
};

/* What tells one state of a file from another; 0 stands for a file that is not there. */
uint64_t kt_route_stamp(const struct stat *status);

/* Adds a route; stamp is the file's at the moment at which it was read, 0 for a bound one. */
bool kt_route_append(struct kt_secret *routes, enum kt_route_kind kind, const char *directory,
                     uint64_t stamp, struct kt_error *error);

/* True for what kt_route_append() made, false for an answer. */
bool kt_route_is(const char *bytes, size_t length);

/* The directory itself, or one below it. */
bool kt_route_holds(const char *directory, const char *path);

/* Where the caller stands. False: nowhere, as in a directory that was deleted. One system call. */
bool kt_route_here(struct kt_route_place *place);

/*
 * Replaces place, the caller's directory, by the deepest one that is bound, or whose file is
 * obeyed, above it. False: a file is no longer as it was, or there are too many to look at.
 */
bool kt_route_choose(const char *bytes, size_t length, struct kt_route_place *place);

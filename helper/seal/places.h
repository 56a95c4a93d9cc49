/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Places of the file system, as the seal treats them. All are absolute, without links, and there: a
 * mount point that is missing would have to be made in the real home. libc alone.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"

#define KT_PLACES_MAXIMUM 128

struct kt_place_list {
	char *paths[KT_PLACES_MAXIMUM];
	size_t count;
};

/* A zeroed one is empty. */
struct kt_places {
	struct kt_place_list covered; /* an empty directory of the command's own in their place */
	struct kt_place_list hidden;  /* nobody enters, nobody reads */
	struct kt_place_list frozen;  /* can be read, not changed */
	struct kt_place_list kept;    /* asked for by name: stay, whatever lies in them */
	struct kt_place_list stays;   /* stay, but for the sockets in them: home, working directory */
	struct kt_place_list written; /* can be changed in a home that is frozen */
	char *home;                   /* NULL where there is none */
	char *passwd_home;            /* where daemons of this user keep things, if HOME is another */
	char *directory;              /* the working directory */
	char *runtime;                /* XDG_RUNTIME_DIR; NULL where there is none */
	bool freezes_home;
};

/* Adds a place; one that is not there is left out. */
bool kt_place_add(struct kt_place_list *list, const char *path, struct kt_error *error);

/* The same for a place that a person named: it has to be there. */
bool kt_place_add_named(struct kt_place_list *list, const char *path, struct kt_error *error);

/* True if the path is one of the list's, or lies below one. */
bool kt_place_is_within(const struct kt_place_list *list, const char *path);

/* True if a place of the list lies below the path, and is not the path itself. */
bool kt_place_is_above(const struct kt_place_list *list, const char *path);

/* True if path is top, or lies below it. */
bool kt_place_is_below(const char *path, const char *top);

/*
 * Adds the places that every seal knows: the working directory, the home, directories of sockets,
 * keyrings, files that are run at the next login. Call with the caller's environment, behind
 * places that were named.
 */
bool kt_places_find(struct kt_places *places, struct kt_error *error);

/* For KT_CLEANUP; safe to repeat. */
void kt_places_clear(struct kt_places *places);

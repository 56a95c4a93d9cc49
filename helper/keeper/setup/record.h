/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Records of setup, by which a change is undone to the byte: a file of ours for each file that was
 * changed, in the directory setup of the configuration. Of the file itself it keeps what was
 * replaced, and no more: the rest may hold secrets that are to be deleted there one day.
 *
 *	one JSON object: version, file, existed, directories, made, start, length of old and new, hashes
 *	a line feed, the bytes that were replaced, the bytes that came for them
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/keeper/setup/target.h"
#include "keyring/error.h"
#include "keyring/secret.h"

struct kt_setup_record {
	char *path;           /* of the record */
	char *before;         /* hash of the whole file */
	char *after;          /* likewise */
	bool existed;         /* there was a file */
	int64_t directories;  /* that were made for it */
	int64_t start;        /* of what was replaced */
	struct kt_secret old; /* what was replaced */
	struct kt_secret new; /* what came for it */
	char *made;           /* words of the tool's: what came that may go with its line; or NULL */
};

/* Finds the record of this tool about the target; *found is false where there is none. */
bool kt_setup_record_find(struct kt_setup_record *record, const char *tool,
                          const struct kt_setup_target *target, bool *found,
                          struct kt_error *error);

/* Writes it, for a target that content will replace; call before the target is written. */
bool kt_setup_record_write(struct kt_setup_record *record, const char *tool,
                           const struct kt_setup_target *target, const struct kt_secret *content,
                           struct kt_error *error);

/*
 * The target is as setup left it: *is_same, and content gets the bytes that the file had before.
 * A record that does not fit to its own hashes is no basis (*is_same is false).
 */
bool kt_setup_record_restore(const struct kt_setup_record *record,
                             const struct kt_setup_target *target, struct kt_secret *content,
                             bool *is_same, struct kt_error *error);

/* Removes the record; that it is not there is no failure. */
void kt_setup_record_remove(const struct kt_setup_record *record);

/* For KT_CLEANUP. */
void kt_setup_record_clear(struct kt_setup_record *record);

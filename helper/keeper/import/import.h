/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Credentials that lie in plain text in others' files, moved into the keyring. The order of a move:
 * all files are read; each secret is stored and read back; then it is taken out of its file. A move
 * that was broken off is done again from its beginning: secrets that are stored are found to be.
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/keeper/import/source.h"
#include "helper/keeper/keeper.h"

/* All that is to be moved by one command. A zeroed struct is empty. */
struct kt_import {
	struct kt_import_file *files;
	size_t count;
	const char *site;        /* for all files */
	const char *host;        /* of tokens whose service nothing names; NULL: they are left */
	bool is_keyring_wanted;  /* kt_import_read() was asked for it */
	struct kt_error refusal; /* of the last file that was passed over; those before are told */
};

/*
 * Reads what words name: a source's name, a file or a directory; none: all that lies in the home.
 * A file that is not to be changed (another user's, read-only, no text), or that breaks its tool's
 * rules, is passed over whole: import->refusal.
 */
bool kt_import_read(struct kt_import *import, int count, char **words, struct kt_error *error);

/*
 * Adds the items that other programs keep in the keyring, if they were asked for: by their name, or
 * by no name at all.
 */
bool kt_import_read_keyring(struct kt_import *import, struct kt_keyring *keyring,
                            struct kt_error *error);

/*
 * Settles the accounts' names and each item's state. keyring NULL: none is looked at, as there is
 * none yet.
 */
bool kt_import_settle(struct kt_import *import, struct kt_keyring *keyring,
                      struct kt_error *error);

/* Stores the item that was settled as new, and reads it back; item->is_kept. */
bool kt_import_keep(struct kt_import_item *item, struct kt_keyring *keyring,
                    struct kt_error *error);

/* The two hold the same secret of the same service. */
bool kt_import_is_same(const struct kt_credential *credential, const struct kt_credential *other);

/*
 * Reads the file anew, after another change of it. The items whose secret was kept are kept again,
 * and have the account's name that their file or our choice gives them: call before the names are
 * needed.
 */
bool kt_import_read_again(struct kt_import_file *file, struct kt_error *error);

/* Appends what the file will have without the items that are kept. */
bool kt_import_append_rest(const struct kt_import_file *file, struct kt_secret *content,
                           struct kt_error *error);

/*
 * Appends what the file has, or will have (is_after), as a person may see it: each secret is three
 * dots.
 */
bool kt_import_append_shown(const struct kt_import_file *file, bool is_after,
                            struct kt_secret *content, struct kt_error *error);

/* Takes the items that are kept out of the file, or deletes the other program's item. */
bool kt_import_take_out(struct kt_import_file *file, const struct kt_secret *content,
                        struct kt_keyring *keyring, struct kt_error *error);

/* Appends a list of the sources, for help. */
bool kt_import_describe(struct kt_secret *output, struct kt_error *error);

/* For KT_CLEANUP. */
void kt_import_clear(struct kt_import *import);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Items that git-credential-libsecret, Git Credential Manager, gh and docker's helper keep in the
 * same keyring.
 */

#include "helper/keeper/import/source.h"
#include "keyring/keyring.h"

#define KT_IMPORT_OWNERS 5

struct kt_import_foreign {
	struct kt_foreign_items list;
	size_t owners[KT_IMPORT_OWNERS]; /* how many there are when each was looked for */
	size_t count;
};

/* Finds them all. A keyring that has no other programs' items gives none. */
bool kt_import_foreign_find(struct kt_import_foreign *found, struct kt_keyring *keyring,
                            struct kt_error *error);

/* Moves the one of this index to the file, and adds its item. */
bool kt_import_foreign_take(struct kt_import_foreign *found, size_t index,
                            struct kt_import_file *file, struct kt_error *error);

/* For KT_CLEANUP. */
void kt_import_foreign_clear(struct kt_import_foreign *found);

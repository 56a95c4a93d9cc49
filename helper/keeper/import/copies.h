/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Copies of a secret that no change of its file reaches: in version control, and in backups that
 * editors and people leave beside the file. Such a secret is to be revoked.
 */

#include "helper/keeper/import/source.h"

/*
 * The place of a copy: "under version control" or a file's name. NULL: none was found. Call before
 * the secret is taken out.
 */
bool kt_import_find_copy(const struct kt_import_file *file, const struct kt_import_item *item,
                         char *const *environment, char **place, struct kt_error *error);

/* The page where the secret is revoked; the service's address where none is known. */
bool kt_import_revocation_page(const struct kt_import_item *item, char **page,
                               struct kt_error *error);

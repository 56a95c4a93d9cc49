/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Copies of a secret that no change of its file reaches: in version control, and in backups that
 * editors and people leave beside the file. Such a secret is to be revoked.
 */

#include "helper/keeper/import/source.h"

/* git's history has the file, in whatever state. */
bool kt_import_is_tracked(const struct kt_import_file *file, char *const *environment);

/*
 * A file beside it whose name has the file's name in it, and that holds the item's secret; NULL:
 * none was found.
 */
bool kt_import_find_backup(const struct kt_import_file *file, const struct kt_import_item *item,
                           char **path, struct kt_error *error);

/* The page where the secret is revoked; the service's address where none is known. */
bool kt_import_revocation_page(const struct kt_import_item *item, char **page,
                               struct kt_error *error);

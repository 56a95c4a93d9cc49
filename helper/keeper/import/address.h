/* SPDX-License-Identifier: MIT */
#pragma once

/* Addresses with a user name and a password before the host (RFC 3986, 3.2.1). */

#include "helper/keeper/import/item.h"

/*
 * Fills the item with the login of the address. has_path: it is for that path alone, as git's
 * credential-store has it.
 */
bool kt_import_set_address(struct kt_import_item *item, const char *url, size_t length,
                           bool has_path, struct kt_error *error);

/*
 * Adds an item for each address of the line that has a password; the part that gives way is the
 * colon and the password.
 */
bool kt_import_add_addresses(struct kt_import_file *file, const struct kt_import_line *line,
                             struct kt_error *error);

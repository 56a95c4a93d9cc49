/* SPDX-License-Identifier: MIT */
#pragma once

/* The words of keyturn import: the table of places, the questions, the result. */

#include "helper/keeper/import/import.h"

/* Prints what was found, a line each. */
bool kt_import_print(const struct kt_import *import, struct kt_error *error);

/* "Keep work (pat) at api.coze.cn, from ~/.bashrc:3? [y/N] " */
bool kt_import_question(const struct kt_import_file *file, const struct kt_import_item *item,
                        char **question, struct kt_error *error);

/* "Whose token is in line 3 of ~/.bashrc?" */
bool kt_import_host_question(const struct kt_import_file *file,
                             const struct kt_import_item *item, char **question,
                             struct kt_error *error);

/* Tells of each kept item that has copies elsewhere, and where to revoke it. */
bool kt_import_tell_copies(const struct kt_import_file *file, char *const *environment,
                           struct kt_error *error);

/*
 * Tells how it came out, or prints the object. False, with the reason of the first one, where
 * something was left.
 */
bool kt_import_tell(const struct kt_import *import, bool is_dry, bool wants_json,
                    struct kt_error *error);

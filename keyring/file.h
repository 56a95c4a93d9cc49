/* SPDX-License-Identifier: MIT */
#pragma once

/* Small files of ours: read whole within a bound, replaced whole or not at all. */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/*
 * Appends the file's content. Absent is no error: *found is false. More than limit bytes, not
 * a regular file, or unreadable is KT_ERROR_UNAVAILABLE.
 */
bool kt_file_read(const char *path, size_t limit, struct kt_secret *content, bool *found,
                  struct kt_error *error);

/*
 * The same for a file that the user names: it may be reached by links and may be a pipe, as a
 * shell's <(...) is; "-" is stdin. A file that cannot be read is KT_ERROR_USAGE.
 */
bool kt_file_read_given(const char *path, size_t limit, struct kt_secret *content, bool *found,
                        struct kt_error *error);

/* Writes all bytes to the descriptor; false, with errno, where it does not take them. */
bool kt_file_write(int descriptor, const char *bytes, size_t length);

/*
 * Writes a temporary file beside path, 0600, syncs it, renames it over path and syncs the
 * directory. After a failure (KT_ERROR_UNAVAILABLE) the old content stands and the temporary
 * file is gone.
 */
bool kt_file_replace(const char *path, const void *bytes, size_t length,
                     struct kt_error *error);

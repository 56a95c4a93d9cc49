/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The file .keyturn of a directory: accounts (NAME, NAME@SITE, NAME@HOST), one a line, and comments
 * behind '#'. It comes with a repository, so nothing in it is obeyed before its directory was
 * allowed with just this content.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/error.h"

struct kt_directory_file {
	char *names;    /* a line each; NULL where there is no such file */
	char *hash;     /* of the whole content, SHA-256 */
	uint64_t stamp; /* kt_route_stamp() from before it was read */
};

/*
 * Reads the file of this directory. Absent is no error. A link, a file that is too large, one that
 * names too many accounts or none, and one with a token in it, is KT_ERROR_USAGE; the stamp is
 * known then, too.
 */
bool kt_directory_file_read(struct kt_directory_file *file, const char *directory,
                            struct kt_error *error);

void kt_directory_file_clear(struct kt_directory_file *file);

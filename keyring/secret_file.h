/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Files that hold a secret: opened once, looked at, and only then read. The caller says in words
 * of its own why one is refused.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct kt_secret_file_rule {
	bool may_be_roots;      /* besides the user's own */
	bool may_be_pipe;       /* as a shell's <(...) is; nothing else is asked of one */
	mode_t forbidden;       /* rights that others must not have */
	size_t least;
	size_t most;
};

enum kt_secret_file {
	KT_SECRET_FILE_OPENED,
	KT_SECRET_FILE_UNREADABLE, /* errno */
	KT_SECRET_FILE_IRREGULAR,
	KT_SECRET_FILE_ANOTHERS,
	KT_SECRET_FILE_SHARED,
	KT_SECRET_FILE_SIZE,
};

/*
 * OPENED: *descriptor is the caller's, and *others (which may be NULL) the rights that others have.
 * Links are followed, and the file at their end is looked at.
 */
enum kt_secret_file kt_secret_file_open(const char *path, const struct kt_secret_file_rule *rule,
                                        int *descriptor, mode_t *others);

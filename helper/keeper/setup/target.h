/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A file of the user's that another tool reads, and that setup changes: a regular file of this
 * user, writable, of one name and at most 1 MiB. Links to it are followed and stay. It is written
 * beside itself, synced and renamed, so that a reader has the old one or the new one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "keyring/error.h"
#include "keyring/secret.h"

#define KT_SETUP_FILE_MAXIMUM ((size_t)1 << 20)

struct kt_setup_target {
	char *path;               /* as the tool names it */
	char *file;               /* behind its links */
	struct kt_secret content; /* empty where the file is not there */
	bool exists;
	size_t missing;           /* directories above it that are not there either */
	struct stat status;       /* as it was read */
};

/* Reads the file of that name. A file that is not there is none of the refusals (unsafe). */
bool kt_setup_target_read(struct kt_setup_target *target, const char *path,
                          struct kt_error *error);

/*
 * Replaces the file, unless it is no longer as it was read (busy). Its mode, group and extended
 * attributes stay; a new one gets the mode.
 */
bool kt_setup_target_write(struct kt_setup_target *target, const struct kt_secret *content,
                           mode_t mode, struct kt_error *error);

/* Removes the file, and so many empty directories above it. */
bool kt_setup_target_remove(const struct kt_setup_target *target, size_t directories,
                            struct kt_error *error);

/* The path names this file, if by another way. */
bool kt_setup_target_is(const struct kt_setup_target *target, const char *path);

/* For KT_CLEANUP. */
void kt_setup_target_clear(struct kt_setup_target *target);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The stash: a password that was typed, between the phase that sees it and the phase that may
 * use it. One mapping of its own, kept out of swap, core dumps and forked children as far as
 * the kernel allows. Only stash.c writes the fields.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pam/unlock_request.h"

struct kt_stash {
	uint32_t magic;
	uid_t uid;
	pid_t pid;
	size_t old_length;
	size_t new_length;
	char old_password[KT_UNLOCK_PASSWORD_MAX];
	char new_password[KT_UNLOCK_PASSWORD_MAX];
};

/* Can this text be kept: there, not empty, not too long? */
bool kt_stash_is_keepable(const char *password);

/*
 * A stash with a copy of the password that uid has now; NULL without memory. *locked says
 * whether the kernel keeps it out of swap. The password must be keepable.
 */
struct kt_stash *kt_stash_new(uid_t uid, const char *password, bool *locked);

/* Notes that the password was changed since, from old to new. Both must be keepable. */
void kt_stash_change(struct kt_stash *stash, const char *old_password,
                     const char *new_password);

/* Is this a stash of this process and of this user? A forked child's copy is not. */
bool kt_stash_is_for(const struct kt_stash *stash, uid_t uid);

/* Wipes and unmaps; NULL is allowed. */
void kt_stash_free(struct kt_stash *stash);

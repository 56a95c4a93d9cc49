/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The modules of one service and one type in pam.d (pam.conf(5)), in their order, included
 * files among them. For doctor, which tells what is wrong; it takes no part in any login.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"

#define KT_PAM_STACK_MAXIMUM 256

struct kt_pam_line {
	char *control;   /* "required", "[success=1 default=ignore]", ... */
	char *module;    /* "pam_unix.so", without its directory; NULL: a substack begins */
	char *arguments; /* "" for none */
	size_t level;    /* how many substacks it stands in */
};

/* A zeroed one is empty. */
struct kt_pam_stack {
	struct kt_pam_line lines[KT_PAM_STACK_MAXIMUM];
	size_t count;
};

/*
 * Replaces stack by what the service has of a type: "auth", "account", "password" or "session".
 * directories ends in NULL; the first that has a file of a name is asked for it, as libpam does.
 * A file that cannot be read, or a line that makes no sense, counts as not there.
 */
bool kt_pam_stack_read(struct kt_pam_stack *stack, const char *const *directories,
                       const char *service, const char *type, struct kt_error *error);

/* For KT_CLEANUP; safe to repeat. */
void kt_pam_stack_clear(struct kt_pam_stack *stack);

/* The place of a module; count where it has none. */
size_t kt_pam_stack_find(const struct kt_pam_stack *stack, const char *module);

/* Does the service take in that other file, for this type (NULL: for any)? */
bool kt_pam_stack_is_included(const char *const *directories, const char *service,
                              const char *name, const char *type);

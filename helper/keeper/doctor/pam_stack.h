/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The modules of one service and one type in pam.d (pam.conf(5)), in their order, included
 * files among them, and which of them a login reaches. For doctor, which tells what is wrong;
 * it takes no part in any login.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"

#define KT_PAM_STACK_MAXIMUM 128

struct kt_pam_line {
	char *control; /* "required", "[success=1 default=ignore]", ... */
	char *module;  /* "pam_unix.so", without its directory */
	size_t end;    /* where the (sub)stack that it belongs to ends */
};

/* A zeroed one is empty. */
struct kt_pam_stack {
	struct kt_pam_line lines[KT_PAM_STACK_MAXIMUM];
	size_t count;
};

/*
 * Replaces stack by the service's modules in directory; type is "auth", "session" or
 * "password". A file that cannot be read, or a line that makes no sense, counts as not there.
 */
bool kt_pam_stack_read(struct kt_pam_stack *stack, const char *directory, const char *service,
                       const char *type, struct kt_error *error);

/* For KT_CLEANUP; safe to repeat. */
void kt_pam_stack_clear(struct kt_pam_stack *stack);

/* The place of a module; count where it has none. */
size_t kt_pam_stack_find(const struct kt_pam_stack *stack, const char *module);

/* A module that asks for the login password, checks it and sets it. */
bool kt_pam_stack_is_asking(const struct kt_pam_line *line);

/*
 * Does the login come to this place, with a good or a wrong password? *asked: a module that
 * asks for the password stands before it. Other ways in (a fingerprint, say) are taken to fail.
 */
bool kt_pam_stack_reaches(const struct kt_pam_stack *stack, size_t place, bool is_good,
                          bool *asked);

/* Does the service take in that other file ("include", "substack", "@include")? */
bool kt_pam_stack_is_included(const char *directory, const char *service, const char *name);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The answer that libpam would give: a stack walked through as libpam walks it (actions, jumps,
 * substacks), with answers that the usual modules give to a person like this one. A module that
 * is not known here is taken to agree where it must agree, and to let nobody in by itself.
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/keeper/doctor/pam_stack.h"

struct kt_pam_person {
	const char *service;   /* the name that pam_succeed_if compares */
	bool is_of_domain;     /* known to pam_sss, pam_winbind, pam_ldap or pam_krb5 alone */
	bool knows_password;
	bool has_finger;       /* or a key, or a card: lets in without a password */
};

struct kt_pam_walk {
	bool is_let_in;
	bool is_asked;      /* for a password, or for a new one */
	size_t decided_by;  /* the line that let the person in, or ended the stack; else count */
	bool is_reached;    /* the line at the place that was asked for */
	bool was_asked;     /* for a password, before that line */
};

/* Walks; type as for kt_pam_stack_read(); place is a line of the stack, or its count. */
struct kt_pam_walk kt_pam_walk(const struct kt_pam_stack *stack, const char *type,
                               const struct kt_pam_person *person, size_t place);

/* A module that asks for the login password, checks it and sets it. */
bool kt_pam_walk_is_asking(const struct kt_pam_line *line);

/* One of these for the users of a directory service. */
bool kt_pam_walk_is_domain(const struct kt_pam_line *line);

/* A module that can let somebody in without a password. */
bool kt_pam_walk_is_finger(const struct kt_pam_line *line);

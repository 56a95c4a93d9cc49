/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The module's arguments, as they stand in pam.d. A wrong one never fails: it is counted, and
 * the default stays.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "pam/unlock_request.h"

struct kt_module_options {
	uint32_t timeout; /* milliseconds, the budget of one phase */
	uint32_t grace;   /* seconds */
	uid_t minimum_uid;
	const char *only_if; /* comma lists, borrowed from the arguments; NULL: none */
	const char *skip_if;
	uint8_t backends[KT_UNLOCK_BACKENDS_MAX];
	bool no_dbus;
	bool create;
	bool allow_root;
	bool prefetch;
	bool debug;
	bool quiet;
	int rejected; /* place (from 1) of the first argument that means nothing; 0: none */
};

/* Reads the arguments over the defaults. */
void kt_module_options_parse(struct kt_module_options *options, int argc, const char **argv);

/* Is the module to act for this PAM service (NULL: no name is known)? */
bool kt_module_options_has_service(const struct kt_module_options *options, const char *service);

/* Is that one of the ways to go? */
bool kt_module_options_has_backend(const struct kt_module_options *options,
                                   enum kt_unlock_backend_number backend);

/* Is the module to act for this user? */
bool kt_module_options_has_user(const struct kt_module_options *options, uid_t uid);

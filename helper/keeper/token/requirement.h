/* SPDX-License-Identifier: MIT */
#pragma once

/* Requirements of a caller on an access token, and whether a token meets them. */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/credential.h"

struct kt_lookup;

/* A zeroed requirement is the usual one: good for kt_lifetime_margin(). */
struct kt_requirement {
	int64_t minimum_seconds; /* --min-valid */
	/* Where a renewal leaves the old token alive (facts.h); else as the usual one. */
	bool nine_tenths_left;   /* of its life: run */
	bool before_last_fifth;  /* of its life: refresh --due, and renewal ahead */
	bool fresh;              /* a new one in any case, also of a grant called dead: refresh */
	/*
	 * These choose one of a service app's tokens. Texts are borrowed; a zeroed one means
	 * the account's own setting.
	 */
	const char *session_name;
	const char *scope;       /* JSON text */
	int64_t duration;        /* seconds */
	/* The question of the cache (answers.h) that a renewed token answers; NULL: none. */
	struct kt_lookup *lookup;
};

/*
 * True if the credential's access token meets the requirement. A minimum longer than the token's
 * whole life means the newest token there can be: nine tenths of a life, or, where the renewal
 * would kill the old one, the usual. A token that cannot be renewed is good to its end.
 */
bool kt_requirement_is_met(const struct kt_requirement *requirement,
                           const struct kt_credential *credential);

/* SPDX-License-Identifier: MIT */
#pragma once

/* What a caller wants of an access token beyond its being good. */

#include <stdbool.h>
#include <stdint.h>

/* A zeroed wish is the usual one: good for kt_lifetime_margin(). */
struct kt_wish {
	int64_t minimum;      /* --min-valid: seconds */
	bool nearly_whole;    /* nine tenths of its life: run */
	bool ahead;           /* not in its last fifth: refresh --due */
	bool renew;           /* a fresh one in any case, also of a grant called dead: refresh */
	/* Of a service app: which of its tokens. Borrowed; zeroed: as the account says. */
	const char *session_name;
	const char *scope;    /* JSON text */
	int64_t duration;     /* seconds */
};

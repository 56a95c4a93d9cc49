/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A dialect is the one place where Coze and RFC 6749 differ: the form of the body, where the
 * client's secret stands, the meaning of error names. One file each.
 */

#include <stdbool.h>
#include <stdint.h>

#include "helper/errand.h"
#include "keyring/credential.h"

/* The meaning of a token endpoint's error for the grant. */
enum kt_error_meaning {
	KT_MEANING_DEAD,          /* the grant itself: log in again */
	KT_MEANING_UNKNOWN,       /* a word that nobody knows: the grant may be untouched */
	KT_MEANING_SETTING,       /* client, secret, scope, ...: the grant is untouched */
	KT_MEANING_PASSING,       /* the server's trouble, or the app is paused: try again */
	KT_MEANING_PENDING,       /* device flow (RFC 8628, 3.5): nobody has approved yet */
	KT_MEANING_SLOW_DOWN,
	KT_MEANING_DENIED,        /* the person said no */
	KT_MEANING_EXPIRED,       /* the device code ran out */
};

struct kt_dialect {
	const char *name;
	const char *format;       /* a POST body's: "json" or "form" */

	int64_t slowest_poll;     /* seconds that a device login waits at most; 0: no bound */

	/* Adds client_id and, where the client has one, its secret to a token request. */
	bool (*identify_client)(const struct kt_credential *credential, struct kt_errand *errand,
	                        struct kt_error *error);

	/* The meaning of an OAuth error's name. */
	enum kt_error_meaning (*meaning_of)(const char *name);
};

extern const struct kt_dialect kt_dialect_coze;
extern const struct kt_dialect kt_dialect_standard;

/* The dialect a credential names. */
const struct kt_dialect *kt_dialect_of(const struct kt_credential *credential);

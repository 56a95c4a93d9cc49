/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Asks a service whether a token works: Coze's /v1/users/me (docs/coze.md, section 9), an issuer's
 * userinfo endpoint. A token is sent to the service it was stored for and nowhere else.
 */

#include <stdbool.h>
#include <stdint.h>

#include "helper/errand.h"
#include "keyring/credential.h"

enum kt_whoami_verdict {
	KT_WHOAMI_WORKS,
	KT_WHOAMI_REFUSED,    /* the service does not take the token; the reason tells which case */
	KT_WHOAMI_UNKNOWN,    /* it cannot tell: no permission, no such endpoint */
	KT_WHOAMI_UNANSWERED, /* nothing came back */
};

struct kt_whoami {
	enum kt_whoami_verdict verdict;
	char *user_name;
	struct kt_error reason; /* where it does not work: message and remedy */
};

/* The service has a who-am-I that is known. */
bool kt_whoami_is_known(const struct kt_credential *credential);

/* timeout in milliseconds, for the whole question. */
bool kt_whoami_ask(struct kt_whoami *whoami, const struct kt_credential *credential,
                   const struct kt_secret *token, int64_t timeout, struct kt_error *error);

/* The verdict of an answer to that question. */
bool kt_whoami_read(struct kt_whoami *whoami, const struct kt_credential *credential,
                    const struct kt_errand *answer, struct kt_error *error);
void kt_whoami_clear(struct kt_whoami *whoami);

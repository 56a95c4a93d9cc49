/* SPDX-License-Identifier: MIT */
#pragma once

/* A credential's identity and kind, which door and keeper both know. libc alone. */

#include <stdbool.h>

#include "keyring/error.h"

/*
 * As a credential's own identity all four are there, an absent one as "". As a pattern a NULL
 * member matches anything and every other must be equal.
 */
struct kt_identity {
	char *protocol; /* "https" */
	char *host;     /* lower case, with ":port" unless it is the protocol's own */
	char *path;     /* without leading slash */
	char *username; /* the account's name */
};

enum kt_kind {
	KT_KIND_NONE,
	KT_KIND_PAT,
	KT_KIND_SAT,
	KT_KIND_WEB,
	KT_KIND_PKCE,
	KT_KIND_DEVICE,
	KT_KIND_JWT,
	KT_KIND_OAUTH,
	KT_KIND_CLIENT_CREDENTIALS,
	KT_KIND_TOKEN_EXCHANGE,
	KT_KIND_PASSWORD,
};

/* "pat", "sat", ...; "" for none. */
const char *kt_kind_name(enum kt_kind kind);

/* KT_KIND_NONE where the name is none of ours. */
enum kt_kind kt_kind_from_name(const char *name);

/* Kinds whose access token is got with a grant: web, pkce, device, jwt, and those of any server. */
bool kt_kind_is_grant(enum kt_kind kind);

/* Grants of any RFC 6749 server: oauth, client-credentials, token-exchange. */
bool kt_kind_is_standard(enum kt_kind kind);

/*
 * Apps that act for themselves, so that nobody is asked and there is no refresh token: each token
 * is asked for anew. jwt, client-credentials, token-exchange.
 */
bool kt_kind_is_app(enum kt_kind kind);

/* Kinds that a console shows once and that nothing renews: pat, sat. */
bool kt_kind_is_fixed(enum kt_kind kind);

/* Every member of the pattern that is not NULL equals the identity's. */
bool kt_identity_is_match(const struct kt_identity *pattern, const struct kt_identity *identity);

/* Equal in all four. */
bool kt_identity_is_equal(const struct kt_identity *identity, const struct kt_identity *other);

bool kt_identity_copy(struct kt_identity *identity, const struct kt_identity *source,
                      struct kt_error *error);
void kt_identity_clear(struct kt_identity *identity);

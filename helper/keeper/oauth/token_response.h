/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The meaning of a token endpoint's answer (docs/safety.md, 2.3), read from the courier's last
 * message. Nothing in it is trusted beyond its bounds.
 */

#include <stdbool.h>
#include <stdint.h>

#include "helper/errand.h"
#include "helper/keeper/oauth/dialect.h"

enum kt_verdict {
	KT_VERDICT_TOKENS,    /* 2xx with an access token */
	KT_VERDICT_UNSENT,    /* nothing was sent */
	KT_VERDICT_BUSY,      /* 429, 503: untouched, as the server says */
	KT_VERDICT_UNTOUCHED, /* the grant was not used: a redirect, a proxy's page, a pause */
	KT_VERDICT_UNCLEAR,   /* the server may have acted */
	KT_VERDICT_REFUSED,   /* a well-formed OAuth error; see meaning */
};

/* Texts are borrowed from the message. */
struct kt_token_response {
	enum kt_verdict verdict;
	enum kt_error_meaning meaning;
	int64_t status;       /* HTTP; 0 where there was no answer */
	int64_t now;          /* the server's Date; by our clock where it sent none */
	int64_t took;         /* milliseconds from before the request was sent until now */
	int64_t retry_after;  /* seconds; 0: not said */
	const char *name;     /* the OAuth error's */
	/* The next three are NULL where tokens came. */
	const char *logid;
	const char *text;     /* the server's or the courier's sentence beside the name */
	const char *cause;    /* dns, connect, timeout, tls, certificate, redirect, body, other */
	const char *token_type; /* RFC 6749, 7.1; NULL where it is not said */
	/* As they came, or NULL. Where the verdict is KT_VERDICT_TOKENS, the second may be empty. */
	const struct kt_secret *access_token;
	const struct kt_secret *refresh_token;
};

/* Reads message, which must outlive response. */
void kt_token_response_read(struct kt_token_response *response, const struct kt_errand *message,
                            const struct kt_dialect *dialect);

/*
 * Milliseconds to wait before the request is made again for the tries + 1st time, with full
 * jitter (docs/safety.md, H5); 0: it is not made again. It is if the server was busy, or, where
 * the request may be repeated at no loss, if it was not answered.
 */
int64_t kt_token_response_pause(const struct kt_token_response *response, int tries,
                                bool may_repeat);

/* A token answer's parts, its own. */
struct kt_tokens {
	struct kt_secret access_token;
	struct kt_secret refresh_token; /* empty where none came */
	bool has_end;                   /* the service told a life */
	int64_t lifetime;               /* seconds */
	int64_t spent;                  /* milliseconds of it that are over */
	char *scope;                    /* as granted; NULL where it is not said */
	char *subject;                  /* sub of an id_token; NULL where there is none */
};

/* Takes the tokens out of an answer judged KT_VERDICT_TOKENS. */
bool kt_tokens_read(struct kt_tokens *tokens, const struct kt_token_response *response,
                    const struct kt_errand *message, struct kt_error *error);

/*
 * Makes access token, life, scope and subject those of the credential, and tokens have the access
 * token no more. The refresh token is left: whether it is another one the caller has to see.
 */
bool kt_tokens_give(struct kt_tokens *tokens, struct kt_credential *credential,
                    struct kt_error *error);
void kt_tokens_clear(struct kt_tokens *tokens);

/*
 * Writes the error for an answer that brought no tokens: KT_ERROR_NETWORK or KT_ERROR_SERVER
 * where trying again may help, KT_ERROR_REFUSED where a setting is wrong, KT_ERROR_DEAD where
 * the grant is. whose names the account. Always returns false.
 */
bool kt_token_response_fail(const struct kt_token_response *response, const char *whose,
                            struct kt_error *error);

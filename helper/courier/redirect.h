/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The redirect that ends a login in the browser: which address it comes to, and whether an HTTP
 * request is the expected one (docs/safety.md, L2 and L3). No I/O here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* The most that one request may be, its blank line included. */
#define KT_REDIRECT_REQUEST ((size_t)8192)

/* A loopback redirect URI, taken apart. */
struct kt_redirect_address {
	char *host;    /* "127.0.0.1", "[::1]" or "localhost" */
	uint16_t port; /* 0: the kernel chooses; the listener puts its choice here */
	char *path;    /* with its slash */
};

/*
 * Takes apart http://HOST[:PORT][/PATH]; without a port it is 80. Refuses (KT_ERROR_USAGE)
 * another scheme or host, a query and a fragment.
 */
bool kt_redirect_parse_uri(struct kt_redirect_address *address, const char *uri,
                           struct kt_error *error);
void kt_redirect_address_clear(struct kt_redirect_address *address);

/* The redirect that is expected. */
struct kt_redirect {
	struct kt_redirect_address address;
	const struct kt_secret *state; /* borrowed, not empty */
	const char *issuer;            /* borrowed; NULL: iss is not looked at (RFC 9207) */
	bool needs_issuer;             /* one without iss is not the server's */
};

/* The redirect's result: a code; or an error, and perhaps its description. */
struct kt_redirect_result {
	struct kt_secret code;
	struct kt_secret error;
	struct kt_secret description;
};

enum kt_redirect_verdict {
	KT_REDIRECT_INCOMPLETE,  /* more bytes are needed */
	KT_REDIRECT_CODE,        /* the redirect, with a code */
	KT_REDIRECT_DENIED,      /* the redirect, with an error */
	KT_REDIRECT_STRAY,       /* malformed, or not the redirect that is expected */
	KT_REDIRECT_NOT_FOUND,   /* for another host or path */
	KT_REDIRECT_NOT_ALLOWED, /* another method than GET */
	KT_REDIRECT_TOO_LARGE,
};

/*
 * Judges what has come of a request. state is compared, in constant time, before any other
 * parameter is looked at. result is filled for CODE and DENIED and else left empty.
 */
enum kt_redirect_verdict kt_redirect_judge(const struct kt_redirect *redirect,
                                           const char *bytes, size_t length,
                                           struct kt_redirect_result *result);

void kt_redirect_result_clear(struct kt_redirect_result *result);

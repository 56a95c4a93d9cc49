/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A request: the service and account that a caller asks for, and the rest of git's key=value
 * lines. Parsing does no I/O. A request that breaks a rule (docs/safety.md, P1 to P9) is
 * refused whole, with KT_ERROR_USAGE naming the rule and the line, never its bytes. libc alone:
 * the door and the keeper both read requests. (request_url.c is about hosts and URLs.)
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/identity.h"
#include "keyring/secret.h"

/* git's documented limits and ours: bytes of a request, its lines, one line with its LF. */
#define KT_REQUEST_MAXIMUM ((size_t)1 << 20)
#define KT_REQUEST_LINES 1024
#define KT_REQUEST_LINE_MAXIMUM 65535

struct kt_request {
	/* protocol and host lower case; the protocol's own port is left out of host. */
	struct kt_identity pattern;

	bool has_password;
	struct kt_secret password;
	char *authtype;                       /* as sent; NULL when absent */
	struct kt_secret credential;          /* pre-encoded, with authtype */
	bool has_expiry;
	int64_t expiry;                       /* password_expiry_utc; unreadable: 1, long past */
	struct kt_secret oauth_refresh_token;
	bool is_ephemeral;

	bool is_foreign;                      /* without a host: a client certificate's file */
	bool can_authtype;                    /* capability[]=authtype was offered */
	bool can_state;                       /* capability[]=state was offered */
	bool wants_bearer;                    /* a wwwauth[] names Bearer */
	bool wants_basic;                     /* a wwwauth[] names Basic */
	char *state;                          /* the text after "keyturn:" in our state[] */

	const char *tool;                     /* the tool that asks or stores; NULL: git */
	bool is_of_host;                      /* a password of the whole host answers a path too */

	/* keyturn's own, with which a program hands over a grant. */
	char *kind;
	char *client_id;
	struct kt_secret client_secret;
	char *token_endpoint;
	char *session_name;
	char *ca_file;                        /* certificates that its server is trusted by */
	char *settings;                       /* NAME=VALUE lines, options of keyturn login */
};

/*
 * Parses git-credential(1) lines up to the blank line or the end. Bytes behind the blank line
 * are not looked at. protocol and host are required (docs/safety.md, P2); "url" fills them in.
 */
bool kt_request_parse_git(struct kt_request *request, const char *bytes, size_t length,
                          struct kt_error *error);

/* The blank line that ends a request has come within these bytes. */
bool kt_request_is_complete(const char *bytes, size_t length);

/*
 * Reads a request from descriptor up to its blank line, or to an end behind a whole line, within
 * the limits. An end within a line and any error of reading are refusals: half a request is
 * never taken for a whole one.
 */
bool kt_request_read_git(struct kt_secret *bytes, int descriptor, struct kt_error *error);

void kt_request_clear(struct kt_request *request);

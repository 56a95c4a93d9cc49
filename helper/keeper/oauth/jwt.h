/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The signed assertion of a service app (docs/coze.md, section 6; RFC 7519, RS256). It works
 * once: it is made for one request, never kept and never sent again.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* Texts are borrowed. */
struct kt_jwt {
	const char *key_id;          /* kid: the public key's fingerprint, as the console shows it */
	const char *issuer;          /* iss: the app's id */
	const char *subject;         /* sub; may be NULL, as the last three */
	const char *audience;        /* aud: the API's host, with a port that is not its own */
	int64_t issued;              /* iat; exp is an hour later */
	const char *id;              /* jti */
	const char *session_name;
	const char *device_id;
	const char *custom_consumer;
};

/* Appends "header.claims", the text that is signed. */
bool kt_jwt_write(const struct kt_jwt *jwt, struct kt_secret *text, struct kt_error *error);

/* Appends the whole assertion, signed by an imported private key. */
bool kt_jwt_sign(const struct kt_jwt *jwt, const struct kt_secret *private_key,
                 struct kt_secret *assertion, struct kt_error *error);

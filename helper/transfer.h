/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * libcurl as the rooms of the network use it (docs/safety.md, H1 to H6): TLS 1.2 or later, peer and
 * host verified, HTTP/1.1, a fresh connection, no redirects, no .netrc, no key log. A handle is a
 * CURL, a code a CURLcode.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* Sets libcurl up, with memory that is wiped when it is freed. Once, before any thread. */
bool kt_transfer_prepare(struct kt_error *error);

bool kt_transfer_set_rules(void *handle);

/* The system's certificates, each under the name that OpenSSL looks for; NULL: there is no such. */
const char *kt_transfer_hashed_directory(void);

/* authority: PEM certificates that are trusted alone; NULL: the system's. */
bool kt_transfer_set_trust(void *handle, const struct kt_secret *authority);

/* cause: a word of errand.h; reason: one printable sentence without foreign bytes. */
struct kt_diagnosis {
	const char *cause;
	const char *reason;
};

/* Why it failed. is_sent: a byte of the request may have gone out. */
struct kt_diagnosis kt_transfer_diagnose(void *handle, int code, bool is_sent);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * OpenSSL beneath libcurl: the trusted certificates are read once for all connections, each of
 * which would have its own, and buffers in which nothing waits are given back. Where libcurl stands
 * on another library nothing of it happens.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/secret.h"

struct kt_tls {
	void *store;
	int64_t made; /* by kt_clock_monotonic() */
};

/* The TLS of one connection, where it is known. */
struct kt_tls_session {
	const struct kt_tls *tls;
	void *context;
	void *session;
};

/*
 * Lets a handle of libcurl verify by the certificates that are shared. authority: see
 * kt_transfer_set_trust(), which is for the caller to fall back to: false, and the handle is as it
 * was. The session has to live as long as the handle.
 */
bool kt_tls_share(struct kt_tls *tls, void *handle, const struct kt_secret *authority,
                  struct kt_tls_session *session);

/*
 * Gives back the buffers of a session that is not in the middle of a record. For right behind a
 * call that used the connection: libcurl may close it in any other.
 */
void kt_tls_release(const struct kt_tls_session *session);

void kt_tls_clear(struct kt_tls *tls);

/* SPDX-License-Identifier: MIT */
#pragma once

/* The keyring on a backend that a test has opened itself, and whose choice is recorded nowhere. */

#include "keyring/backend.h"
#include "keyring/keyring.h"

static inline struct kt_keyring on_backend(const struct kt_backend *backend, void *state)
{
	return (struct kt_keyring){ .backend = backend, .state = state, .is_recorded = true };
}

static inline bool on_backend_search(const struct kt_backend *backend, void *state,
                                     const struct kt_identity *pattern,
                                     struct kt_credentials *found, struct kt_error *error)
{
	struct kt_keyring keyring = on_backend(backend, state);
	bool done = kt_keyring_search(&keyring, pattern, found, error);

	kt_credential_clear(&keyring.known);
	return done;
}

static inline bool on_backend_store(const struct kt_backend *backend, void *state,
                                    const struct kt_credential *credential,
                                    struct kt_error *error)
{
	struct kt_keyring keyring = on_backend(backend, state);

	return kt_keyring_store(&keyring, credential, error);
}

static inline bool on_backend_erase(const struct kt_backend *backend, void *state,
                                    const struct kt_identity *identity, struct kt_error *error)
{
	struct kt_keyring keyring = on_backend(backend, state);

	return kt_keyring_erase(&keyring, identity, error);
}

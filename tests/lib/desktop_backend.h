/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The backend of the desktop's keyring, against whatever service is on the session's bus: for the
 * tests that backend_secret_service.sh runs. To be included behind cmocka.h.
 */

#include "keyring/cleanup.h"
#include "keyring/secret_service.h"
#include "keyring/text.h"
#include "tests/lib/in_time.h"
#include "tests/lib/on_backend.h"

static const struct kt_backend *const backend = &kt_secret_service_module.backend;

/* Of the accounts that the tests keep there. */
static char api[] = "api.coze.cn";
static char work[] = "work";

static inline void *reach(const struct kt_keyring_options *options)
{
	struct kt_error error = { 0 };
	void *state = NULL;

	if (!backend->open(&state, options, &error))
		fail_msg("%s", error.message);
	return state;
}

static inline int reach_quietly(void **state)
{
	static const struct kt_keyring_options options = { 0 };

	*state = reach(&options);
	return 0;
}

static inline int release(void **state)
{
	backend->close(*state);
	return 0;
}

static inline struct kt_identity name(char *host, char *username)
{
	static char https[] = "https";
	static char none[] = "";

	return (struct kt_identity){ https, host, none, username };
}

static inline void make(struct kt_credential *credential, char *host, char *username,
                 enum kt_kind kind, const char *token)
{
	struct kt_identity identity = name(host, username);
	struct kt_error error = { 0 };

	assert_true(kt_identity_copy(&credential->identity, &identity, &error));
	credential->kind = kind;
	assert_true(kt_secret_append_text(&credential->token, token, &error));
}

static inline void store(void *state, char *host, char *username, enum kt_kind kind,
                  const char *token)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_error error = { 0 };

	make(&credential, host, username, kind, token);
	if (!on_backend_store(backend, state, &credential, &error))
		fail_msg("%s", error.message);
}

static inline void search(void *state, struct kt_identity pattern, struct kt_credentials *found)
{
	struct kt_error error = { 0 };

	kt_credentials_clear(found);
	if (!on_backend_search(backend, state, &pattern, found, &error))
		fail_msg("%s", error.message);
}

/* How many there are, and that each could be read. */
static inline size_t count(void *state, struct kt_identity pattern)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };

	search(state, pattern, &found);
	assert_int_equal(found.corrupt, 0);
	return found.count;
}

#define OPENED(test) cmocka_unit_test_setup_teardown(test, reach_quietly, release)

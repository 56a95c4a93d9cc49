/* SPDX-License-Identifier: MIT */
#pragma once

/* The part that token, header and run share: whose token is asked for, and where it comes from. */

#include <stdbool.h>

#include "helper/answer.h"
#include "helper/keeper/keeper.h"
#include "keyring/credential.h"

struct kt_token_lookup {
	const char *account;
	const char *minimum;  /* --min-valid: seconds */
	bool nine_tenths_left;    /* run: nine tenths of the life */
	bool from_environment;
	const char *env_file;
	const char *config;
	const char *kind;         /* the app's kind, if a source describes several */
	const char *session_name; /* which of a service app's tokens */
	const char *duration;
	const char *scope_file;
};

#define KT_TOKEN_LOOKUP_OPTIONS(lookup) \
	{ "min-valid", true, &(lookup)->minimum }, \
	{ "from-env", false, &(lookup)->from_environment }, \
	{ "env-file", true, &(lookup)->env_file }, \
	{ "config", true, &(lookup)->config }, \
	{ "kind", true, &(lookup)->kind }, \
	{ "session-name", true, &(lookup)->session_name }, \
	{ "duration", true, &(lookup)->duration }, \
	{ "scope-file", true, &(lookup)->scope_file }

/* True if the token comes from --from-env, --env-file or --config. */
bool kt_token_lookup_has_source(const struct kt_token_lookup *lookup);

/*
 * The token asked for, and the credential behind it. With --from-env, --env-file or --config no
 * keyring is read or written, and the credential has no name; a plain token or a service app is
 * needed then. A plain token whose service nobody named has none (answer->service is NULL).
 */
bool kt_token_lookup_answer(struct kt_keeper *keeper, const struct kt_token_lookup *lookup,
                            struct kt_credential *credential, struct kt_answer *answer,
                            struct kt_error *error);

/* The app itself: of the account asked for, or as the source describes it, whatever its kind. */
bool kt_token_lookup_app(struct kt_keeper *keeper, const struct kt_token_lookup *lookup,
                         struct kt_credential *credential, struct kt_error *error);

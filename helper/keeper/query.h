/* SPDX-License-Identifier: MIT */
#pragma once

/* What token, header and run have in common: for whom a token is asked, and from where. */

#include <stdbool.h>

#include "helper/answer.h"
#include "helper/keeper/keeper.h"
#include "keyring/credential.h"

struct kt_query {
	const char *account;
	const char *minimum;  /* --min-valid: seconds */
	bool nearly_whole;    /* run: nine tenths of the life */
	bool from_environment;
	const char *env_file;
};

#define KT_QUERY_OPTIONS(query) \
	{ "min-valid", true, &(query)->minimum }, \
	{ "from-env", false, &(query)->from_environment }, \
	{ "env-file", true, &(query)->env_file }

/*
 * The token asked for, and the credential behind it. With --from-env or --env-file no keyring
 * is read or written, and the credential has no name.
 */
bool kt_query_answer(struct kt_keeper *keeper, const struct kt_query *query,
                     struct kt_credential *credential, struct kt_answer *answer,
                     struct kt_error *error);

/* KT_ERROR_USAGE unless token is 1 to 16,384 visible ASCII characters. */
bool kt_query_check_token(const struct kt_secret *token, struct kt_error *error);

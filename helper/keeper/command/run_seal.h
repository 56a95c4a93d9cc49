/* SPDX-License-Identifier: MIT */
#pragma once

/* The options of run that seal its command, and the program that does it (helper/seal/). */

#include <stdbool.h>

#include "keyring/error.h"

#define KT_RUN_SEAL_PLACES 16

struct kt_run_seal {
	const char *kind; /* --sealed: "" or "basic"; NULL where the command is not sealed */
	const char *keep[KT_RUN_SEAL_PLACES + 1];
	const char *write[KT_RUN_SEAL_PLACES + 1];
	bool is_read_only;
};

#define KT_RUN_SEAL_OPTIONS(seal) \
	{ "sealed", KT_OPTION_MAY_HAVE_VALUE, &(seal)->kind }, \
	{ "keep", KT_RUN_SEAL_PLACES, &(seal)->keep }, \
	{ "write", KT_RUN_SEAL_PLACES, &(seal)->write }, \
	{ "read-only", false, &(seal)->is_read_only }

/* Checks the options, and that this keyturn has a seal, before a token is asked for. */
bool kt_run_seal_check(const struct kt_run_seal *seal, struct kt_error *error);

/*
 * Becomes the command, by way of the seal where one is asked for; with environ as its environment.
 * Returns only on failure: the exit status.
 */
int kt_run_seal_become(const struct kt_run_seal *seal, char **command, struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/* What one run of the keeper carries: its options and its keyring, opened when first needed. */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/keyring.h"

struct kt_keeper {
	struct kt_keyring keyring;
	bool wants_json;           /* --json: errors go to stdout as an object too */
	bool never_prompts;        /* timers and background renewal */
	bool ignores_dismissed;    /* unlock: ask although a prompt was dismissed just now */
	char **environment;        /* the caller's, for run and the browser */
	void (*sigpipe)(int);      /* likewise */
};

/* The keyring, opened by the first call. NULL with the error. */
struct kt_keyring *kt_keeper_keyring(struct kt_keeper *keeper, struct kt_error *error);

/* For KT_CLEANUP. */
void kt_keeper_clear(struct kt_keeper *keeper);

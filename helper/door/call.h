/* SPDX-License-Identifier: MIT */
#pragma once

/* One call of the door: the command's arguments, and what the kernel cache has for it. */

#include <stdbool.h>
#include <stdint.h>

#include "helper/answer.h"
#include "keyring/error.h"
#include "keyring/kernel_cache.h"
#include "keyring/secret.h"

struct kt_call {
	int count;
	char **arguments;
	char *const *environment;
	const char *account; /* KEYTURN_ACCOUNT or NULL */
	struct kt_cache cache;
	struct kt_secret *input; /* what was read of stdin, for the keeper */
};

/* A result of the cache: an answer, or the knowledge that there is none. Zeroed it is empty. */
struct kt_call_found {
	struct kt_answer answer;
	bool is_none;
	int64_t renew; /* from then on a renewal is due; 0 never */
};

/* The value of an environment variable; an empty one counts as absent. */
const char *kt_call_variable(char *const environment[], const char *name);

/* An answer that ends within margin seconds counts as not found. */
bool kt_call_find(const struct kt_call *call, const struct kt_cache_key *key, int64_t margin,
                  struct kt_call_found *found);

/* Starts a renewal for later callers, where it is due; our own has its answer. */
void kt_call_renew_ahead(const struct kt_call *call, const struct kt_call_found *found);

/* Writes to stdout. */
bool kt_call_send(const struct kt_secret *bytes, struct kt_error *error);

/* For KT_CLEANUP. */
void kt_call_found_clear(struct kt_call_found *found);

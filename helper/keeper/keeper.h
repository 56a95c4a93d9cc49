/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The context of one run of the keeper: its options, and its keyring, which is opened when it
 * is first needed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "helper/keeper/courier.h"
#include "keyring/error.h"
#include "keyring/kernel_cache.h"
#include "keyring/keyring.h"

struct kt_keeper {
	struct kt_keyring keyring;
	struct kt_cache cache;     /* kt_keeper_cache() */
	uint64_t stamp;             /* the last change before the keyring was read; 0 unknown */
	struct kt_courier courier; /* started before there is an errand for it; else none */
	int64_t caller_ends;       /* then our caller gives up, by kt_clock_monotonic(); 0: never */
	bool wants_json;           /* --json: errors go to stdout as an object too */
	bool never_prompts;        /* timers and background renewal */
	bool ignores_dismissed;    /* unlock: ask although a prompt was dismissed just now */
	char **environment;        /* the caller's, for run and the browser */
	void (*sigpipe)(int);      /* likewise */
	void (*sigxfsz)(int);      /* likewise */
};

/* For security keys; has_terminal: somebody is at the terminal and may be asked. */
struct kt_security_keys kt_keeper_security_keys(bool has_terminal);

/* The keyring, opened by the first call. NULL with the error. */
struct kt_keyring *kt_keeper_keyring(struct kt_keeper *keeper, struct kt_error *error);

/*
 * The keyring, with a turn of its own: nobody else talks to it until kt_keeper_leave(). *waited
 * tells whether the turn took any time to come. NULL with the error.
 */
struct kt_keyring *kt_keeper_enter(struct kt_keeper *keeper, bool *waited,
                                   struct kt_error *error);

/* Ends the turn. For KT_CLEANUP; a NULL keyring is none. */
void kt_keeper_leave(struct kt_keyring **keyring);

/* The cache that belongs to this keyring, opened by the first call. */
const struct kt_cache *kt_keeper_cache(struct kt_keeper *keeper);

/* Starts a courier that will most likely be needed, while something else is done. */
void kt_keeper_start_courier(struct kt_keeper *keeper);

/*
 * Call before the keyring is read. stamp: the last change before it (stamp.h). is_due: a token will
 * be renewed, or the cached one has just ended, so the courier is started meanwhile.
 */
void kt_keeper_expect(struct kt_keeper *keeper, uint64_t stamp, bool is_due);

/* For KT_CLEANUP. */
void kt_keeper_clear(struct kt_keeper *keeper);

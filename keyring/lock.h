/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * File locks (flock) in the state directory: released by the kernel when their holder dies. A
 * lock file is never unlinked or renamed; it is opened O_NOFOLLOW|O_CLOEXEC, 0600, and its
 * owner is checked (docs/safety.md, X1 to X4). The file's first bytes name the holder's pid;
 * notes of a lock's user stand from KT_LOCK_NOTES on.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/error.h"

#define KT_LOCK_NOTES 16

/* A zeroed lock is not held. */
struct kt_lock {
	bool is_open;
	int descriptor;
	bool is_named; /* our pid stands in the file */
	bool was_left; /* its last holder ended without a release: killed, in the middle of its work */
};

enum kt_lock_mode {
	KT_LOCK_SHARED,
	KT_LOCK_EXCLUSIVE,
};

/*
 * Opens the lock file NAME in the state directory, made if need be, and takes the lock; waits
 * until the deadline (kt_clock_monotonic; 0: does not wait), polling with jitter. Held by
 * another at the end is KT_ERROR_BUSY, its sentence naming what (KT_TEXT("the account")), which one
 * (its name, or NULL) and the holder's pid.
 */
bool kt_lock_take(struct kt_lock *lock, const char *name, enum kt_lock_mode mode, int64_t deadline,
                  const char *what, const char *which, struct kt_error *error);

/* The two halves of taking a lock, for one that waits in its own way (gate.c). */
bool kt_lock_open(struct kt_lock *lock, const char *name, struct kt_error *error);
void kt_lock_name_holder(struct kt_lock *lock);

bool kt_lock_is_held(const struct kt_lock *lock);

/* The lock file's descriptor, borrowed. */
int kt_lock_descriptor(const struct kt_lock *lock);

/* For KT_CLEANUP; safe to repeat. */
void kt_lock_release(struct kt_lock *lock);

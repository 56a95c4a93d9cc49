/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The gate before the keyring daemon: in each of its lanes one caller at a time, in the order
 * they came. A lane's file (state directory, "gate-0") notes when the daemon last answered
 * anybody there and when it last let somebody wait in vain, so that a crowd behind a living
 * daemon waits and a crowd behind a dead one gives up together: the limit counts while nobody
 * is answered (docs/design.md, section 5).
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/lock.h"

struct kt_gate {
	struct kt_lock lock;
	int64_t noted; /* when an answer was last noted; 0 not in this turn */
};

/*
 * Enters the gate, which has `lanes` lanes. *waited: another caller was in each of them. Gives
 * up with KT_ERROR_UNAVAILABLE when nobody has been answered for limit milliseconds, counted
 * from our arrival, or at once when another's wait in vain ended during ours.
 */
bool kt_gate_enter(struct kt_gate *gate, int lanes, int64_t limit, bool *waited,
                   struct kt_error *error);

/* Notes what became of our turn; the gate stays ours. */
void kt_gate_note_answer(struct kt_gate *gate);
void kt_gate_note_timeout(struct kt_gate *gate);

/* For KT_CLEANUP; safe to repeat. */
void kt_gate_leave(struct kt_gate *gate);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Holds back signals that would end the process between "sent" and the verified store. INT,
 * TERM, HUP and QUIT are noted, whichever thread gets them, and take effect when the hold ends.
 */

#include <signal.h>
#include <stdbool.h>

#define KT_HOLD_SIGNALS 4

/* A zeroed hold is none. */
struct kt_hold {
	bool is_held;
	struct sigaction before[KT_HOLD_SIGNALS];
};

void kt_hold_begin(struct kt_hold *hold);

/* For KT_CLEANUP; safe to repeat. A signal that came is raised again. */
void kt_hold_end(struct kt_hold *hold);

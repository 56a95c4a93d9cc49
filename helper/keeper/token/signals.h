/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Holds back signals that would end the process between "sent" and the verified store. INT,
 * TERM, HUP and QUIT are noted, whichever thread gets them, and take effect when the hold ends.
 */

#include <signal.h>
#include <stdbool.h>

#define KT_SIGNALS_COUNT 4

/* A zeroed hold is none. */
struct kt_signals {
	bool is_held;
	struct sigaction before[KT_SIGNALS_COUNT];
};

void kt_signals_defer(struct kt_signals *hold);

/* For KT_CLEANUP; safe to repeat. A signal that came is raised again. */
void kt_signals_deliver(struct kt_signals *hold);

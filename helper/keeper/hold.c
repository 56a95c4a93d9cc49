/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/hold.h"

static const int held_signals[KT_HOLD_SIGNALS] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* The last signal that was held back. A handler has no other place for it. */
static volatile sig_atomic_t arrived;

static void note(int number)
{
	arrived = number;
}

void kt_hold_begin(struct kt_hold *hold)
{
	struct sigaction noting = { .sa_handler = note, .sa_flags = SA_RESTART };

	if (hold->is_held)
		return;
	arrived = 0;
	sigemptyset(&noting.sa_mask);
	for (int i = 0; i < KT_HOLD_SIGNALS; i++)
		sigaction(held_signals[i], &noting, &hold->before[i]);
	hold->is_held = true;
}

void kt_hold_end(struct kt_hold *hold)
{
	if (!hold->is_held)
		return;
	hold->is_held = false;
	for (int i = 0; i < KT_HOLD_SIGNALS; i++)
		sigaction(held_signals[i], &hold->before[i], NULL);
	if (arrived)
		raise(arrived);
}

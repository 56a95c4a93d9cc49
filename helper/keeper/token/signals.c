/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/token/signals.h"

static const int held_signals[KT_SIGNALS_COUNT] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* The last signal that was held back. A handler has no other place for it. */
static volatile sig_atomic_t arrived;

static void note(int number)
{
	arrived = number;
}

void kt_signals_defer(struct kt_signals *hold)
{
	struct sigaction noting = { .sa_handler = note, .sa_flags = SA_RESTART };

	if (hold->is_held)
		return;
	arrived = 0;
	sigemptyset(&noting.sa_mask);
	for (int i = 0; i < KT_SIGNALS_COUNT; i++)
		sigaction(held_signals[i], &noting, &hold->before[i]);
	hold->is_held = true;
}

void kt_signals_deliver(struct kt_signals *hold)
{
	if (!hold->is_held)
		return;
	hold->is_held = false;
	for (int i = 0; i < KT_SIGNALS_COUNT; i++)
		sigaction(held_signals[i], &hold->before[i], NULL);
	if (arrived)
		raise(arrived);
}

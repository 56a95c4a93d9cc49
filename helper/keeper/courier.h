/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Starts the courier and talks to it (errand.h). Its messages are trusted within their bounds
 * and no further. A courier lives for one errand and ends when this end is closed.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "helper/errand.h"
#include "keyring/error.h"

/* The longest that a whole request may take, in milliseconds. */
#define KT_COURIER_MILLISECONDS 30000

/* A zeroed courier is none. */
struct kt_courier {
	pid_t pid;
	bool is_open;
	int socket;
	bool is_sent; /* it has got its errand */
};

/* Starts one; it waits for its errand. */
bool kt_courier_start(struct kt_courier *courier, struct kt_error *error);

/* True if one is started and not ended. */
bool kt_courier_is_started(const struct kt_courier *courier);

bool kt_courier_send(struct kt_courier *courier, const struct kt_errand *message,
                     struct kt_error *error);

/* The next message; deadline by kt_clock_monotonic(). */
bool kt_courier_receive(struct kt_courier *courier, struct kt_errand *message,
                        int64_t deadline, struct kt_error *error);

/* Waits for its next message as long as that; false: none has come. */
bool kt_courier_await(const struct kt_courier *courier, int milliseconds);

/* Why the errand came to nothing, in the person's language; NULL where it does not say. */
const char *kt_courier_reason(const struct kt_errand *answer);

/* For KT_CLEANUP; safe to repeat. Closes our end and waits for the courier's. */
void kt_courier_end(struct kt_courier *courier);

/* An errand that is one question and one answer, with a courier of its own. */
bool kt_courier_ask(const struct kt_errand *errand, struct kt_errand *answer,
                    struct kt_error *error);

/* The same with the courier that is started already, if one is; it is none afterwards. */
bool kt_courier_ask_early(struct kt_courier *early, const struct kt_errand *errand,
                          struct kt_errand *answer, struct kt_error *error);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The token that the room holds, and its questions to the steward for the next one: one at a time,
 * however many requests wait for the answer.
 */

#include <stdbool.h>
#include <stdint.h>

#include "helper/errand.h"
#include "helper/proxy/head.h"
#include "keyring/secret.h"

/* How many tokens are dropped in a minute at the most. */
#define KT_HELD_TOKEN_DROPS 4

struct kt_held_token {
	int steward;
	bool is_steward_gone;
	struct kt_secret secret;
	uint64_t number;     /* another one for each token */
	int64_t expires;     /* seconds since the epoch; 0: no end is known */
	int64_t due;         /* milliseconds since the epoch from which the next one is asked for */
	int64_t ageing;      /* likewise: from which on that is done while this one is used */
	bool is_asking;
	uint64_t answers;    /* how many have come */
	int64_t asked;       /* by kt_clock_monotonic() */
	uint64_t refused;    /* the number of the token that a server refused last */
	uint64_t dropped;    /* the number of the token that the keeper was told to drop last */
	int64_t drops[KT_HELD_TOKEN_DROPS]; /* by kt_clock_monotonic(): when, newest first */
	int64_t vain;        /* likewise: when such a drop did not help; 0: never */
	struct kt_refusal failure; /* of the last question; status 0: none */
	char sentence[700];
};

/* Takes the token of a message { token, expires, obtained }. */
void kt_held_token_take(struct kt_held_token *held, const struct kt_errand *message);

/* Good for a request now. */
bool kt_held_token_is_good(const struct kt_held_token *held);

/* Not over yet, if perhaps soon. */
bool kt_held_token_lives(const struct kt_held_token *held);

/* Asks for one, unless that is asked already. */
void kt_held_token_ask(struct kt_held_token *held);

/* Asks while the token is used, if it has come into its last fifth. */
void kt_held_token_ask_ahead(struct kt_held_token *held);

/*
 * The token of that number came for one that was dropped, and was refused for the same request: a
 * service that refuses whatever comes would else have a new one with each. None is dropped for a
 * minute.
 */
void kt_held_token_note_vain(struct kt_held_token *held, uint64_t number);

/*
 * A server refused the token of that number. rejects: it is certain that the token was meant, so
 * the keeper drops it, if it may. True: an answer will come, or a newer token is there. False: it
 * was asked for this token within the last minute, or in vain within the last five seconds.
 */
bool kt_held_token_refuse(struct kt_held_token *held, uint64_t number, bool rejects);

/* The steward has something to say. */
void kt_held_token_receive(struct kt_held_token *held);

void kt_held_token_clear(struct kt_held_token *held);

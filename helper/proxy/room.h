/* SPDX-License-Identifier: MIT */
#pragma once

/* The room: what its exchanges share. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/proxy/held_token.h"
#include "helper/proxy/settings.h"
#include "helper/proxy/upstream.h"
#include "helper/proxy/watch.h"

/* Bytes that are read at once. */
#define KT_ROOM_CHUNK ((size_t)64 * 1024)

struct kt_exchange;

struct kt_room {
	struct kt_room_settings settings;
	struct kt_held_token token;
	struct kt_watch watch;
	struct kt_upstreams *upstreams;
	struct kt_exchange *first; /* newest first */
	size_t exchanges;
	bool has_ended;            /* one of them is over */
	int64_t served;            /* requests that were let pass */
	int log;                   /* -1: none is kept */
	int64_t next_look;         /* by kt_clock_monotonic(): no deadline is before; 0: none */
	size_t turnover;           /* connections that came and went since memory was given back */
	int64_t calm;              /* by kt_clock_monotonic(): when it is given back; 0: not planned */
	char *chunk;               /* KT_ROOM_CHUNK bytes, for the moment */
};

/* Deadlines are looked at then, at the latest. */
static inline void kt_room_look_at(struct kt_room *room, int64_t time)
{
	if (time && (room->next_look == 0 || time < room->next_look))
		room->next_look = time;
}

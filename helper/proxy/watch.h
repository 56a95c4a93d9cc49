/* SPDX-License-Identifier: MIT */
#pragma once

/* Watching descriptors: whose each one is, and for what it is waited (epoll). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a descriptor is to the room. */
enum kt_watch_kind {
	KT_WATCH_NOTHING,
	KT_WATCH_LISTENER,
	KT_WATCH_STEWARD,
	KT_WATCH_COMMAND,
	KT_WATCH_CLIENT,
	KT_WATCH_SERVER,  /* a connection that is made */
	KT_WATCH_CONNECT, /* one that libcurl makes */
};

struct kt_watch_slot {
	enum kt_watch_kind kind;
	uint32_t events;
	void *owner;
};

struct kt_watch {
	int epoll;
	struct kt_watch_slot *slots; /* by descriptor */
	size_t count;
};

bool kt_watch_open(struct kt_watch *watch);

/* Waits for these events of epoll(7); 0: for none, not even a hang-up. */
bool kt_watch_set(struct kt_watch *watch, int descriptor, enum kt_watch_kind kind, void *owner,
                  uint32_t events);

/* Call before the descriptor is closed. */
void kt_watch_drop(struct kt_watch *watch, int descriptor);

/* The slot of a descriptor; one of kind NOTHING where it is not watched. */
struct kt_watch_slot kt_watch_find(const struct kt_watch *watch, int descriptor);

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/proxy/exchange.h"
#include "helper/peer.h"
#include "helper/proxy/serve.h"
#include "keyring/clock.h"

#define CONNECTIONS 2048
#define EVENTS 64
#define ACCEPTED_AT_ONCE 64

/* A burst is that many connections; milliseconds. */
#define BURST 64
#define CALM_TIME 1000

/* A connection takes two descriptors. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* The oldest that has shown no good head gives way. */
static bool make_place(struct kt_room *room)
{
	struct kt_exchange *oldest = NULL;

	if (room->exchanges < CONNECTIONS)
		return true;
	for (struct kt_exchange *each = room->first; each; each = each->next)
		if (each->phase == KT_PHASE_HEAD && !each->is_over)
			oldest = each;
	if (!oldest)
		return false;
	kt_exchange_free(oldest);
	return true;
}

static void accept_clients(struct kt_room *room, int listener, int diagnosis)
{
	const int yes = 1;

	for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
		int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client < 0)
			return;
		if (!kt_peer_is_own(diagnosis, client, (uid_t)room->settings.guest) || !make_place(room)) {
			close(client);
			continue;
		}
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		if (!kt_exchange_open(room, client))
			close(client);
	}
}

static void free_ended(struct kt_room *room)
{
	struct kt_exchange *next;

	if (!room->has_ended)
		return;
	room->has_ended = false;
	for (struct kt_exchange *each = room->first; each; each = next) {
		next = each->next;
		if (!each->is_over)
			continue;
		room->turnover++;
		kt_exchange_free(each);
	}
}

/* Handshakes that ran at the same time leave holes in the heap, 16 KiB for each stream. */
static void give_memory_back(struct kt_room *room)
{
	int64_t now;

	if (room->turnover < BURST)
		return;
	now = kt_clock_monotonic();
	if (room->calm == 0) {
		room->calm = now + CALM_TIME;
		kt_room_look_at(room, room->calm);
	}
	if (now < room->calm)
		return;
	malloc_trim(0);
	room->turnover = 0;
	room->calm = 0;
}

/* The steward's answer: whoever waits for a token goes on. */
static void take_token(struct kt_room *room)
{
	kt_held_token_receive(&room->token);
	if (room->token.is_steward_gone)
		kt_watch_drop(&room->watch, room->token.steward);
	for (struct kt_exchange *each = room->first; each; each = each->next)
		if (each->phase == KT_PHASE_TOKEN || each->phase == KT_PHASE_HELD)
			kt_exchange_run(each);
}

static void look_at_deadlines(struct kt_room *room)
{
	int64_t now = kt_clock_monotonic();

	if (room->next_look == 0 || now < room->next_look)
		return;
	room->next_look = 0;
	kt_room_look_at(room, room->calm > now ? room->calm : 0);
	for (struct kt_exchange *each = room->first; each; each = each->next) {
		if (each->is_over || each->deadline == 0)
			continue;
		if (each->deadline <= now)
			kt_exchange_expire(each);
		kt_room_look_at(room, each->deadline);
	}
}

static void decide_connections(struct kt_room *room)
{
	struct kt_upstream_result result;

	for (; kt_upstreams_next(room->upstreams, &result); room->turnover++)
		kt_exchange_decided(result.owner, &result);
}

static int time_left(const struct kt_room *room)
{
	int wait = kt_upstreams_wait(room->upstreams);
	int64_t left = room->next_look - kt_clock_monotonic();

	if (room->next_look == 0)
		return wait;
	left = left < 0 ? 0 : left > 60000 ? 60000 : left;
	return wait < 0 || left < wait ? (int)left : wait;
}

/* False: the command has ended. */
static bool handle(struct kt_room *room, const struct epoll_event *event, int listener,
                   int diagnosis)
{
	int descriptor = event->data.fd;
	struct kt_watch_slot slot = kt_watch_find(&room->watch, descriptor);

	switch (slot.kind) {
	case KT_WATCH_COMMAND:
		return false;
	case KT_WATCH_LISTENER:
		accept_clients(room, listener, diagnosis);
		break;
	case KT_WATCH_STEWARD:
		take_token(room);
		break;
	case KT_WATCH_CLIENT:
		kt_exchange_client_event(slot.owner, event->events);
		break;
	case KT_WATCH_SERVER:
		kt_exchange_server_event(slot.owner);
		break;
	case KT_WATCH_CONNECT:
		kt_upstreams_step(room->upstreams, descriptor, event->events);
		break;
	case KT_WATCH_NOTHING:
		break;
	}
	return true;
}

/* Requests that are under way end with the room, and each has its line in the record. */
static void end_all(struct kt_room *room)
{
	for (struct kt_exchange *each = room->first; each; each = each->next)
		if (!each->is_over)
			kt_exchange_end(each);
}

void kt_serve(struct kt_room *room, int listener, int command)
{
	struct epoll_event events[EVENTS];
	int diagnosis = kt_peer_prepare(listener);

	raise_descriptors();
	if (!kt_watch_set(&room->watch, listener, KT_WATCH_LISTENER, NULL, EPOLLIN) ||
	    !kt_watch_set(&room->watch, command, KT_WATCH_COMMAND, NULL, EPOLLIN) ||
	    !kt_watch_set(&room->watch, room->token.steward, KT_WATCH_STEWARD, NULL, EPOLLIN))
		return;
	for (;;) {
		int count = epoll_wait(room->watch.epoll, events, EVENTS, time_left(room));

		for (int i = 0; i < count; i++)
			if (!handle(room, &events[i], listener, diagnosis)) {
				end_all(room);
				return;
			}
		kt_upstreams_step(room->upstreams, -1, 0);
		decide_connections(room);
		look_at_deadlines(room);
		free_ended(room);
		give_memory_back(room);
	}
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "helper/proxy/watch.h"

bool kt_watch_open(struct kt_watch *watch)
{
	*watch = (struct kt_watch){ .epoll = epoll_create1(EPOLL_CLOEXEC) };
	return watch->epoll >= 0;
}

static bool make_slot(struct kt_watch *watch, int descriptor)
{
	size_t wanted = (size_t)descriptor + 1;
	struct kt_watch_slot *slots;

	if (wanted <= watch->count)
		return true;
	wanted = wanted < 64 ? 64 : wanted * 2;
	slots = realloc(watch->slots, wanted * sizeof(*slots));
	if (!slots)
		return false;
	memset(slots + watch->count, 0, (wanted - watch->count) * sizeof(*slots));
	watch->slots = slots;
	watch->count = wanted;
	return true;
}

bool kt_watch_set(struct kt_watch *watch, int descriptor, enum kt_watch_kind kind, void *owner,
                  uint32_t events)
{
	struct epoll_event event = { .events = events, .data = { .fd = descriptor } };
	struct kt_watch_slot *slot;

	if (!make_slot(watch, descriptor))
		return false;
	slot = &watch->slots[descriptor];
	if (slot->kind == kind && slot->events == events) {
		slot->owner = owner;
		return true;
	}
	/* A hang-up would be told without end. */
	if (events == 0)
		epoll_ctl(watch->epoll, EPOLL_CTL_DEL, descriptor, &event);
	else if (epoll_ctl(watch->epoll, EPOLL_CTL_MOD, descriptor, &event) != 0 &&
	         (errno != ENOENT ||
	          epoll_ctl(watch->epoll, EPOLL_CTL_ADD, descriptor, &event) != 0))
		return false;
	*slot = (struct kt_watch_slot){ .kind = kind, .events = events, .owner = owner };
	return true;
}

void kt_watch_drop(struct kt_watch *watch, int descriptor)
{
	struct epoll_event ignored = { 0 };

	if (descriptor < 0 || (size_t)descriptor >= watch->count)
		return;
	epoll_ctl(watch->epoll, EPOLL_CTL_DEL, descriptor, &ignored);
	watch->slots[descriptor] = (struct kt_watch_slot){ 0 };
}

struct kt_watch_slot kt_watch_find(const struct kt_watch *watch, int descriptor)
{
	return descriptor >= 0 && (size_t)descriptor < watch->count
		? watch->slots[descriptor] : (struct kt_watch_slot){ 0 };
}

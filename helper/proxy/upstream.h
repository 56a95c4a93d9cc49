/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Connections to a server: name, proxy, TCP and TLS are libcurl's (transfer.h), the bytes ours. All
 * of libcurl that the room needs is here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "helper/proxy/settings.h"
#include "helper/proxy/watch.h"
#include "keyring/error.h"
#include "keyring/secret.h"

struct kt_upstreams; /* all of one room */
struct kt_upstream;  /* one connection */

/* watch is told which descriptors libcurl waits for. NULL with the error. */
struct kt_upstreams *kt_upstreams_open(struct kt_watch *watch, struct kt_error *error);

/* Milliseconds until libcurl wants its turn; -1: no hurry. */
int kt_upstreams_wait(const struct kt_upstreams *upstreams);

/* Something has come for a descriptor of libcurl's (events of epoll(7)), or -1: time passes. */
void kt_upstreams_step(struct kt_upstreams *upstreams, int descriptor, unsigned events);

/* A connection that is made, or not to be had: the reason is a sentence then. */
struct kt_upstream_result {
	void *owner;
	const char *reason;
	bool is_late; /* it took too long */
};

/* The next connection that is decided; false: none is. */
bool kt_upstreams_next(struct kt_upstreams *upstreams, struct kt_upstream_result *result);

/* Begins to connect; NULL where that cannot even begin. authority: see kt_transfer_set_trust(). */
struct kt_upstream *kt_upstream_open(struct kt_upstreams *upstreams, const struct kt_origin *origin,
                                     const struct kt_secret *authority, void *owner);

/* Once connected: the descriptor to wait for. */
int kt_upstream_descriptor(const struct kt_upstream *upstream);

/*
 * How many bytes went; 0: none now; -1: the connection is over. After a 0 the next call has to have
 * the same bytes at the same place: TLS has begun to send them (SSL_write(3)).
 */
ssize_t kt_upstream_send(struct kt_upstream *upstream, const char *bytes, size_t length);

/* The connection is over, and the server did not end it: it was reset, or its TLS broke off. */
bool kt_upstream_is_cut(const struct kt_upstream *upstream);

/* Read until it gives 0: TLS holds bytes that epoll does not see. */
ssize_t kt_upstream_receive(struct kt_upstream *upstream, char *bytes, size_t capacity);

/* Safe to repeat; sets it to NULL. */
void kt_upstream_close(struct kt_upstream **upstream);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Exchanges: one client's connection, the connection to a server that goes with it, and one request
 * at a time on both. exchange.c has the steps of a request, passage.c the bytes.
 */

#include <stdbool.h>
#include <stdint.h>

#include "helper/proxy/room.h"
#include "helper/proxy/state.h"

/* Takes a client's connection over. False: no memory, and client is still open. */
bool kt_exchange_open(struct kt_room *room, int client);

/* Goes on as far as it goes without waiting. */
void kt_exchange_run(struct kt_exchange *exchange);

/* Events of epoll(7) for its client or its server. */
void kt_exchange_client_event(struct kt_exchange *exchange, uint32_t events);
void kt_exchange_server_event(struct kt_exchange *exchange);

/* Its server's connection is made, or is not to be had. */
void kt_exchange_decided(struct kt_exchange *exchange, const struct kt_upstream_result *result);

/* The deadline has come. */
void kt_exchange_expire(struct kt_exchange *exchange);

/* Everything is closed at once. */
void kt_exchange_end(struct kt_exchange *exchange);

/* Takes it out of the room and frees it. */
void kt_exchange_free(struct kt_exchange *exchange);

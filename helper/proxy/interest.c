/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/epoll.h>

#include "helper/proxy/interest.h"
#include "helper/proxy/passage.h"

bool kt_interest_is_in_client(const struct kt_exchange *exchange)
{
	switch (exchange->phase) {
	case KT_PHASE_HEAD:
		return kt_buffer_length(&exchange->out) < KT_PASSAGE_ENOUGH;
	case KT_PHASE_PASS:
		return !exchange->request.is_done && !exchange->is_stuck &&
		       kt_buffer_length(&exchange->to_server) < KT_PASSAGE_ENOUGH;
	case KT_PHASE_TUNNEL:
		return kt_buffer_length(&exchange->in) < KT_PASSAGE_ENOUGH;
	default:
		return exchange->phase == KT_PHASE_LAST && kt_buffer_length(&exchange->out) == 0;
	}
}

/* Behind its request a client mostly says nothing: a watch in vain costs less than two changes. */
static bool is_watched_in_vain(const struct kt_exchange *exchange)
{
	return exchange->phase != KT_PHASE_TUNNEL && exchange->phase != KT_PHASE_LAST &&
	       exchange->request.is_done && !exchange->is_early;
}

/* More of the server's bytes are wanted; between two requests, to see that it says nothing. */
static bool is_in_server(const struct kt_exchange *exchange)
{
	return exchange->phase != KT_PHASE_HELD && !exchange->is_server_done &&
	       kt_buffer_length(&exchange->out) < KT_PASSAGE_ENOUGH &&
	       kt_buffer_length(&exchange->from_server) < KT_PASSAGE_ENOUGH;
}

bool kt_interest_set(struct kt_exchange *exchange)
{
	struct kt_watch *watch = &exchange->room->watch;
	bool is_in_client = kt_interest_is_in_client(exchange) || is_watched_in_vain(exchange);
	uint32_t client = EPOLLRDHUP | (is_in_client ? EPOLLIN : 0) |
	                  (kt_buffer_length(&exchange->out) > 0 ? EPOLLOUT : 0);
	uint32_t server = (kt_buffer_length(&exchange->to_server) > 0 ? EPOLLOUT : 0) |
	                  (is_in_server(exchange) ? EPOLLIN : 0);

	return kt_watch_set(watch, exchange->client, KT_WATCH_CLIENT, exchange, client) &&
	       (!exchange->is_connected ||
	        kt_watch_set(watch, kt_upstream_descriptor(exchange->server), KT_WATCH_SERVER,
	                     exchange, server));
}

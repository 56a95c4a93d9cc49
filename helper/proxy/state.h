/* SPDX-License-Identifier: MIT */
#pragma once

/* The state of an exchange (exchange.h): one client, its server, the request that is under way. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/proxy/buffer.h"
#include "helper/proxy/frame.h"
#include "helper/proxy/judge.h"
#include "helper/proxy/log.h"
#include "helper/proxy/room.h"

enum kt_phase {
	KT_PHASE_HEAD,    /* a request's head comes in, or nothing yet */
	KT_PHASE_TOKEN,   /* waits for a token */
	KT_PHASE_CONNECT, /* waits for the server's connection */
	KT_PHASE_PASS,    /* body out, answer in */
	KT_PHASE_HELD,    /* the server refused the token: waits for a newer one */
	KT_PHASE_TUNNEL,  /* a websocket */
	KT_PHASE_LAST,    /* what is left goes to the client; then it ends */
};

struct kt_exchange {
	struct kt_room *room;
	struct kt_exchange *next;
	struct kt_exchange **link; /* what points here */
	enum kt_phase phase;
	bool is_lost;              /* the client is gone, or memory ran out */
	bool is_over;              /* nothing is open any more; serve.c frees it */
	int64_t deadline;          /* by kt_clock_monotonic(); 0: none */

	int client;                /* -1: closed */
	bool client_speaks;        /* it may have sent something that was not read */
	bool is_early;             /* it has sent more than this request */
	struct kt_buffer in;       /* of the client, not yet looked at */
	struct kt_buffer out;      /* to the client */

	struct kt_upstream *server;
	bool is_connected;
	bool is_websocket;         /* the server is the one of websockets */
	bool has_served;           /* a request before this one */
	bool server_speaks;        /* it may have sent something that was not read */
	bool is_server_done;       /* it sends nothing more */
	bool is_server_cut;        /* and that was no end of its own */
	struct kt_buffer to_server;
	bool is_stuck;             /* the server took nothing: to_server must not move (upstream.h) */
	struct kt_buffer from_server;

	/* This request. */
	struct kt_request_facts facts;
	struct kt_frame request;
	struct kt_frame answer;
	struct kt_buffer kept;     /* its head, and its body while can_repeat */
	size_t kept_head;
	bool can_repeat;
	bool is_second;
	bool has_asked;            /* the steward, for this request */
	uint64_t answers;          /* the steward's, when it was asked */
	uint64_t token;            /* the number of the token that was sent */
	bool has_continued;        /* a 100 was passed */
	bool is_unauthorized;      /* the server answered 401 */
	bool is_examined;          /* the answer's head is no refusal of the token */
	bool has_answer;           /* the answer's head was passed */
	bool closes;               /* the client's connection ends with the answer */
	bool is_cut;               /* the client's connection is reset: else the answer looks whole */
	bool server_closes;
	struct kt_log_entry entry;
};

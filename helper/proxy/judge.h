/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Judge: which requests are answered at all (docs/safety.md, W1, W2). A request that passes is read
 * by every server as it was read here. No I/O.
 */

#include <stdbool.h>
#include <stdint.h>

#include "helper/proxy/head.h"
#include "helper/proxy/settings.h"

/* A word that stands for the token where no placeholder is asked for. */
#define KT_JUDGE_NO_TOKEN "keyturn"

/* Facts of a request that has passed. */
struct kt_request_facts {
	bool is_head;
	bool is_get;
	bool is_websocket;
	bool wants_close;
	bool expects;  /* a 100 before its body */
	bool is_page;  /* of the origin that may ask */
	bool is_preflight; /* a browser asks whether the page may: answered here, without a token */
	enum kt_framing framing;
	uint64_t length;
};

/* False: refused. */
bool kt_judge_request(const struct kt_room_settings *settings, const struct kt_head *head,
                      struct kt_request_facts *facts, struct kt_refusal *refusal);

/* The target in origin form (RFC 9112, 3.2.1): of the absolute form without its authority. */
struct kt_slice kt_judge_target(const struct kt_head *head);

/* The target's path, without its query. */
struct kt_slice kt_judge_path(const struct kt_head *head);

/* The bytes are the word that stands for the token, in constant time. */
bool kt_judge_is_placeholder(const struct kt_room_settings *settings, struct kt_slice bytes);

/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Passage: bytes between a client, its buffers and its server. Each function goes as far as it can
 * without waiting and tells whether anything moved. A side that is slow holds the other one back. A
 * client that is gone is noted (is_lost).
 */

#include <stdbool.h>

#include "helper/proxy/state.h"

/* Bytes that wait for one side before no more are read from the other. */
#define KT_PASSAGE_ENOUGH ((size_t)32 * 1024)

/* From the client into exchange->in, up to limit bytes in it. */
bool kt_passage_read_client(struct kt_exchange *exchange, size_t limit);

/* exchange->out to the client. */
bool kt_passage_write_client(struct kt_exchange *exchange);

/* From the server into exchange->from_server; notes its end. */
bool kt_passage_read_server(struct kt_exchange *exchange);

/* exchange->to_server to the server. */
bool kt_passage_write_server(struct kt_exchange *exchange);

/* The request's body from the client towards the server, and a copy for a second try. */
bool kt_passage_take_body(struct kt_exchange *exchange);

/* The answer's body from the server towards the client. */
bool kt_passage_give_body(struct kt_exchange *exchange);

/* Both ways, whatever the bytes are. */
bool kt_passage_tunnel(struct kt_exchange *exchange);

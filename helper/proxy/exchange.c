/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/proxy/exchange.h"
#include "helper/proxy/interest.h"
#include "helper/proxy/page.h"
#include "helper/proxy/passage.h"
#include "helper/proxy/refused_token.h"
#include "helper/proxy/rewrite.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"

/* Milliseconds. */
#define HEAD_TIME 10000
#define IDLE_TIME 60000
#define TOKEN_TIME 30000
#define LAST_TIME 2000

#define LABEL 800

static void set_deadline(struct kt_exchange *exchange, int64_t milliseconds)
{
	exchange->deadline = milliseconds ? kt_clock_monotonic() + milliseconds : 0;
	kt_room_look_at(exchange->room, exchange->deadline);
}

static void drop_server(struct kt_exchange *exchange)
{
	kt_upstream_close(&exchange->server);
	exchange->is_connected = false;
	exchange->is_server_done = exchange->is_server_cut = false;
	exchange->has_served = false;
	exchange->is_stuck = false;
	kt_buffer_clear(&exchange->to_server);
	kt_buffer_clear(&exchange->from_server);
}

/* One line of the record, once for each request. */
static void record(struct kt_exchange *exchange)
{
	if (exchange->entry.begun)
		kt_log_write(exchange->room->log, &exchange->entry);
	kt_buffer_clear(&exchange->entry.label);
	exchange->entry = (struct kt_log_entry){ 0 };
}

void kt_exchange_end(struct kt_exchange *exchange)
{
	record(exchange);
	drop_server(exchange);
	if (exchange->client >= 0) {
		kt_watch_drop(&exchange->room->watch, exchange->client);
		close(exchange->client);
	}
	exchange->client = -1;
	exchange->is_over = true;
	exchange->room->has_ended = true;
}

/* What is in exchange->out is the last that the client gets. */
static void finish(struct kt_exchange *exchange)
{
	record(exchange);
	drop_server(exchange);
	exchange->phase = KT_PHASE_LAST;
	set_deadline(exchange, 0);
}

static void begin_entry(struct kt_exchange *exchange)
{
	if (!exchange->entry.begun)
		exchange->entry.begun = kt_clock_monotonic();
}

/* The origin of the page that asks; NULL: none does. */
static const char *page_of(const struct kt_exchange *exchange)
{
	return exchange->facts.is_page ? exchange->room->settings.page : NULL;
}

static void refuse(struct kt_exchange *exchange, const struct kt_refusal *refusal)
{
	/* Coze's SDKs know a token that is not good by this code. */
	int code = refusal->status == 401 ? 4100 : refusal->status;

	begin_entry(exchange);
	if (exchange->has_answer ||
	    !kt_rewrite_refusal(refusal->status, code, refusal->rule, exchange->facts.is_head,
	                        page_of(exchange), &exchange->out)) {
		kt_exchange_end(exchange);
		return;
	}
	exchange->entry.status = refusal->status;
	finish(exchange);
}

static void refuse_with(struct kt_exchange *exchange, int status, const char *rule)
{
	refuse(exchange, &(struct kt_refusal){ .status = status, .rule = rule });
}

static bool check_loan(struct kt_exchange *exchange, struct kt_refusal *refusal)
{
	const struct kt_room_settings *settings = &exchange->room->settings;

	if (settings->end && kt_clock_boot_milliseconds() >= settings->end)
		*refusal = (struct kt_refusal){ 403, "the time of --for is over" };
	else if (settings->most && exchange->room->served >= settings->most)
		*refusal = (struct kt_refusal){ 403, "the requests of --max-requests are used up" };
	else
		return true;
	return false;
}

static void label(struct kt_exchange *exchange, const struct kt_head *head)
{
	struct kt_slice path = kt_judge_path(head);
	struct kt_buffer *target = &exchange->entry.label;

	/* A record without its label is better than no answer. */
	if (!kt_buffer_append(target, head->method.bytes, head->method.length) ||
	    !kt_buffer_append_text(target, " ") ||
	    !kt_buffer_append(target, path.bytes, path.length < LABEL ? path.length : LABEL))
		return;
}

/* Nothing is left of the request before. */
static void start_request(struct kt_exchange *exchange)
{
	exchange->facts = (struct kt_request_facts){ 0 };
	exchange->can_repeat = true;
	exchange->is_second = exchange->has_asked = exchange->has_continued = false;
	exchange->is_examined = exchange->has_answer = false;
	exchange->closes = exchange->server_closes = exchange->is_early = exchange->is_cut = false;
	kt_buffer_clear(&exchange->kept);
	begin_entry(exchange);
}

/* Nothing of it goes to the server. */
static bool answer_preflight(struct kt_exchange *exchange, const struct kt_head *head)
{
	if (!kt_page_append_preflight(head, exchange->room->settings.page, &exchange->out)) {
		kt_exchange_end(exchange);
		return false;
	}
	exchange->entry.status = 204;
	finish(exchange);
	return true;
}

static bool accept_head(struct kt_exchange *exchange, const struct kt_head *head)
{
	struct kt_refusal refusal;

	start_request(exchange);
	label(exchange, head);
	if (!kt_judge_request(&exchange->room->settings, head, &exchange->facts, &refusal) ||
	    !check_loan(exchange, &refusal)) {
		refuse(exchange, &refusal);
		return true;
	}
	if (exchange->facts.is_preflight)
		return answer_preflight(exchange, head);
	exchange->room->served++;
	exchange->kept_head = head->length;
	kt_frame_begin(&exchange->request, exchange->facts.framing, exchange->facts.length);
	if (!kt_buffer_append(&exchange->kept, kt_buffer_bytes(&exchange->in), head->length)) {
		kt_exchange_end(exchange);
		return false;
	}
	kt_buffer_drop(&exchange->in, head->length);
	exchange->phase = KT_PHASE_TOKEN;
	set_deadline(exchange, 0);
	return true;
}

static bool take_head(struct kt_exchange *exchange)
{
	struct kt_head head;
	struct kt_refusal refusal;
	bool was_empty = kt_buffer_length(&exchange->in) == 0;

	if (was_empty && !kt_passage_read_client(exchange, KT_HEAD_MAXIMUM))
		return false;
	if (was_empty)
		set_deadline(exchange, HEAD_TIME);
	for (;;) {
		switch (kt_head_read_request(&head, kt_buffer_bytes(&exchange->in),
		                             kt_buffer_length(&exchange->in), &refusal)) {
		case KT_HEAD_WHOLE:
			return accept_head(exchange, &head);
		case KT_HEAD_BROKEN:
			exchange->facts = (struct kt_request_facts){ 0 };
			exchange->has_answer = false;
			refuse(exchange, &refusal);
			return true;
		case KT_HEAD_MORE:
			if (!kt_passage_read_client(exchange, KT_HEAD_MAXIMUM))
				return false;
		}
	}
}

/* The head with the token, and what of the body has come already. */
static bool compose(struct kt_exchange *exchange)
{
	struct kt_head head;
	struct kt_refusal ignored;
	const char *bytes = kt_buffer_bytes(&exchange->kept);
	size_t length = kt_buffer_length(&exchange->kept);

	kt_buffer_clear(&exchange->to_server);
	return kt_head_read_request(&head, bytes, exchange->kept_head, &ignored) == KT_HEAD_WHOLE &&
	       kt_rewrite_request(&exchange->room->settings, &head, &exchange->facts,
	                          &exchange->room->token.secret, &exchange->to_server) &&
	       kt_buffer_append(&exchange->to_server, bytes + exchange->kept_head,
	                        length - exchange->kept_head);
}

static const struct kt_origin *origin_of(const struct kt_exchange *exchange)
{
	const struct kt_room_settings *settings = &exchange->room->settings;

	return exchange->facts.is_websocket ? &settings->websocket : &settings->api;
}

static bool connect_server(struct kt_exchange *exchange)
{
	struct kt_room *room = exchange->room;

	if (exchange->server && exchange->is_websocket == exchange->facts.is_websocket) {
		exchange->phase = KT_PHASE_PASS;
		return true;
	}
	kt_upstream_close(&exchange->server);
	exchange->is_connected = exchange->is_server_done = exchange->is_server_cut = false;
	exchange->has_served = false;
	kt_buffer_clear(&exchange->from_server);
	exchange->is_websocket = exchange->facts.is_websocket;
	exchange->server = kt_upstream_open(room->upstreams, origin_of(exchange),
	                                    &room->settings.authority, exchange);
	exchange->phase = KT_PHASE_CONNECT;
	if (!exchange->server)
		refuse_with(exchange, 503, "there is no memory for a connection to the server");
	return true;
}

static bool send_request(struct kt_exchange *exchange)
{
	if (!compose(exchange)) {
		kt_exchange_end(exchange);
		return false;
	}
	set_deadline(exchange, 0);
	exchange->token = exchange->room->token.number;
	kt_held_token_ask_ahead(&exchange->room->token);
	return connect_server(exchange);
}

static bool take_token(struct kt_exchange *exchange)
{
	struct kt_held_token *held = &exchange->room->token;

	if (kt_held_token_is_good(held))
		return send_request(exchange);
	if (!exchange->has_asked) {
		exchange->has_asked = true;
		exchange->answers = held->answers;
		kt_held_token_ask(held);
		set_deadline(exchange, TOKEN_TIME);
	}
	if (exchange->answers == held->answers)
		return false;
	if (kt_held_token_lives(held))
		return send_request(exchange);
	if (held->failure.status)
		refuse(exchange, &held->failure);
	else
		refuse_with(exchange, 503, "there is no token that is still good");
	return true;
}

static void pass_interim(struct kt_exchange *exchange, const struct kt_head *head)
{
	if (head->status == 101) {
		if (!exchange->facts.is_websocket) {
			refuse_with(exchange, 502, "the server changed the protocol unasked");
			return;
		}
		exchange->phase = KT_PHASE_TUNNEL;
		exchange->has_answer = true;
		exchange->entry.status = 101;
		kt_buffer_clear(&exchange->kept);
	}
	/* A second try's 100 was passed before. */
	if ((head->status != 100 || !exchange->has_continued) &&
	    !kt_rewrite_answer(origin_of(exchange), head, false, NULL, &exchange->out)) {
		kt_exchange_end(exchange);
		return;
	}
	exchange->has_continued |= head->status == 100;
	kt_buffer_drop(&exchange->from_server, head->length);
}

static void pass_head(struct kt_exchange *exchange, const struct kt_head *head)
{
	struct kt_refusal refusal;
	enum kt_framing framing;
	uint64_t length;

	if (!kt_head_answer_framing(head, exchange->facts.is_head, &framing, &length, &refusal)) {
		refuse(exchange, &refusal);
		return;
	}
	kt_frame_begin(&exchange->answer, framing, length);
	exchange->server_closes = head->minor == 0 || kt_head_lists(head, "Connection", "close") ||
	                          framing == KT_FRAMING_UNTIL_CLOSE;
	exchange->closes |= exchange->facts.wants_close || framing == KT_FRAMING_UNTIL_CLOSE;
	exchange->entry.status = head->status;
	if (!kt_rewrite_answer(origin_of(exchange), head, exchange->closes, page_of(exchange),
	                       &exchange->out)) {
		kt_exchange_end(exchange);
		return;
	}
	exchange->has_answer = true;
	exchange->can_repeat = false;
	kt_buffer_clear(&exchange->kept);
	kt_buffer_drop(&exchange->from_server, head->length);
}

/* The server went before its answer had a head. */
static void lose_server(struct kt_exchange *exchange)
{
	bool is_idempotent = (exchange->facts.is_get || exchange->facts.is_head) &&
	                     exchange->facts.framing == KT_FRAMING_NONE;

	/* It may have closed an idle connection just as the request came. */
	if (exchange->has_served && is_idempotent && exchange->can_repeat && !exchange->is_second &&
	    kt_buffer_length(&exchange->from_server) == 0) {
		drop_server(exchange);
		exchange->is_second = true;
		exchange->phase = KT_PHASE_TOKEN;
		return;
	}
	refuse_with(exchange, 502, "the server broke off before it answered; it may have done what "
	            "was asked, or not: look before you ask again");
}

/* The token was refused: is a newer one to be had? */
static void hold(struct kt_exchange *exchange, bool rejects)
{
	struct kt_held_token *held = &exchange->room->token;
	/* Where the steward is gone, the answer is there before the question has been put. */
	uint64_t answers = held->answers;
	bool is_open;

	if (rejects && exchange->entry.is_retried)
		kt_held_token_note_vain(held, exchange->token);
	is_open = kt_held_token_refuse(held, exchange->token, rejects);
	exchange->is_examined = true;
	if (!is_open || !exchange->can_repeat || exchange->is_second)
		return;
	exchange->phase = KT_PHASE_HELD;
	exchange->answers = answers;
	set_deadline(exchange, TOKEN_TIME);
}

static bool examine(struct kt_exchange *exchange, const struct kt_head *head)
{
	struct kt_slice rest = { kt_buffer_bytes(&exchange->from_server) + head->length,
		                 kt_buffer_length(&exchange->from_server) - head->length };

	exchange->is_unauthorized = head->status == 401;
	switch (kt_refused_token_examine(head, exchange->facts.is_head, rest,
	                                 exchange->is_server_done,
	                                 !exchange->room->settings.is_standard)) {
	case KT_REFUSED_TOKEN_UNKNOWN:
		return false;
	case KT_REFUSED_TOKEN_NO:
		exchange->is_examined = true;
		return true;
	case KT_REFUSED_TOKEN_PERHAPS:
		hold(exchange, false);
		return true;
	default:
		hold(exchange, true);
		return true;
	}
}

static bool take_answer(struct kt_exchange *exchange)
{
	struct kt_head head;
	struct kt_refusal refusal;

	if (exchange->has_answer)
		return kt_passage_give_body(exchange);
	switch (kt_head_read_answer(&head, kt_buffer_bytes(&exchange->from_server),
	                            kt_buffer_length(&exchange->from_server), &refusal)) {
	case KT_HEAD_MORE:
		if (exchange->is_server_done)
			lose_server(exchange);
		return exchange->is_server_done && !exchange->is_over;
	case KT_HEAD_BROKEN:
		refuse(exchange, &refusal);
		return true;
	default:
		break;
	}
	if (head.status < 200)
		pass_interim(exchange, &head);
	else if (!exchange->is_examined)
		return examine(exchange, &head);
	else
		pass_head(exchange, &head);
	return true;
}

/* Both are done: the next request may come on both connections. */
static void complete(struct kt_exchange *exchange)
{
	if (exchange->closes) {
		finish(exchange);
		return;
	}
	record(exchange);
	/* What TLS holds behind the answer is nothing that epoll would tell of. */
	kt_passage_read_server(exchange);
	if (!exchange->answer.is_done || exchange->server_closes || exchange->is_server_done ||
	    kt_buffer_length(&exchange->from_server) > 0)
		drop_server(exchange);
	exchange->has_served = true;
	exchange->phase = KT_PHASE_HEAD;
	set_deadline(exchange, kt_buffer_length(&exchange->in) ? HEAD_TIME : IDLE_TIME);
}

static bool check_end(struct kt_exchange *exchange)
{
	if (exchange->is_over || exchange->phase != KT_PHASE_PASS)
		return !exchange->is_over;
	if (exchange->request.is_broken) {
		refuse_with(exchange, 400, "the body's chunks are broken");
		return true;
	}
	if (!exchange->has_answer)
		return false;
	if (exchange->answer.is_done && exchange->request.is_done &&
	    kt_buffer_length(&exchange->to_server) == 0) {
		complete(exchange);
		return true;
	}
	if ((exchange->is_server_done && (kt_buffer_length(&exchange->from_server) == 0 ||
	                                  exchange->answer.is_done)) ||
	    exchange->answer.is_broken) {
		exchange->is_cut = exchange->is_server_cut &&
		                   exchange->answer.framing == KT_FRAMING_UNTIL_CLOSE;
		finish(exchange);
		return true;
	}
	return false;
}

static bool pass(struct kt_exchange *exchange)
{
	bool has_moved = kt_passage_take_body(exchange);

	if (exchange->is_lost)
		return false;
	if (!exchange->request.is_broken)
		has_moved |= kt_passage_write_server(exchange);
	has_moved |= kt_passage_read_server(exchange);
	/* Heads, and what there is of the body, in one piece. */
	while (exchange->phase == KT_PHASE_PASS && !exchange->is_over && take_answer(exchange))
		has_moved = true;
	if (!exchange->is_over)
		has_moved |= kt_passage_write_client(exchange);
	return check_end(exchange) || (has_moved && !exchange->is_over);
}

static bool decide(struct kt_exchange *exchange)
{
	struct kt_held_token *held = &exchange->room->token;

	if (held->number == exchange->token && held->answers == exchange->answers)
		return false;
	set_deadline(exchange, 0);
	exchange->phase = KT_PHASE_PASS;
	if (held->number == exchange->token || !kt_held_token_lives(held)) {
		/* Why there is no newer one, and what to do, helps more than the server's answer. */
		if (exchange->is_unauthorized && held->failure.status)
			refuse(exchange, &held->failure);
		return true;
	}
	drop_server(exchange);
	exchange->is_second = exchange->entry.is_retried = true;
	exchange->is_examined = false;
	return send_request(exchange);
}

static bool tunnel(struct kt_exchange *exchange)
{
	bool has_moved = kt_passage_tunnel(exchange);

	if (!exchange->is_over && exchange->is_server_done &&
	    kt_buffer_length(&exchange->from_server) == 0) {
		finish(exchange);
		return true;
	}
	return has_moved && !exchange->is_over;
}

/* A client that still sends would lose the answer if its connection were reset. */
static bool end_gently(struct kt_exchange *exchange)
{
	const struct linger reset = { .l_onoff = 1 };

	kt_passage_write_client(exchange);
	if (exchange->is_lost || kt_buffer_length(&exchange->out) > 0)
		return false;
	if (exchange->is_cut) {
		setsockopt(exchange->client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		kt_exchange_end(exchange);
		return false;
	}
	if (exchange->deadline == 0) {
		shutdown(exchange->client, SHUT_WR);
		set_deadline(exchange, LAST_TIME);
	}
	kt_buffer_clear(&exchange->in);
	return kt_passage_read_client(exchange, KT_ROOM_CHUNK);
}

static bool step_phase(struct kt_exchange *exchange)
{
	switch (exchange->phase) {
	case KT_PHASE_HEAD:
		kt_passage_write_client(exchange);
		return !exchange->is_lost && kt_buffer_length(&exchange->out) < KT_PASSAGE_ENOUGH &&
		       take_head(exchange);
	case KT_PHASE_TOKEN:
		return take_token(exchange);
	case KT_PHASE_CONNECT:
		return false;
	case KT_PHASE_PASS:
		return pass(exchange);
	case KT_PHASE_HELD:
		return decide(exchange);
	case KT_PHASE_TUNNEL:
		return tunnel(exchange);
	default:
		return end_gently(exchange);
	}
}

static bool step(struct kt_exchange *exchange)
{
	bool has_moved = step_phase(exchange);

	if (exchange->is_lost && !exchange->is_over)
		kt_exchange_end(exchange);
	return has_moved && !exchange->is_over;
}

void kt_exchange_run(struct kt_exchange *exchange)
{
	while (!exchange->is_over && step(exchange))
		continue;
	if (!exchange->is_over && !kt_interest_set(exchange))
		kt_exchange_end(exchange);
}

void kt_exchange_client_event(struct kt_exchange *exchange, uint32_t events)
{
	if (events & ~(uint32_t)EPOLLOUT)
		exchange->client_speaks = true;
	exchange->is_early |= (events & EPOLLIN) && !kt_interest_is_in_client(exchange);
	kt_exchange_run(exchange);
	/* A client that sends no more is gone: a stream that nobody reads costs money. */
	if (!exchange->is_over && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
		kt_exchange_end(exchange);
}

void kt_exchange_server_event(struct kt_exchange *exchange)
{
	/* Whatever it says between two requests belongs to none. */
	if (exchange->phase == KT_PHASE_HEAD || exchange->phase == KT_PHASE_TOKEN)
		drop_server(exchange);
	exchange->server_speaks = true;
	kt_exchange_run(exchange);
}

void kt_exchange_decided(struct kt_exchange *exchange, const struct kt_upstream_result *result)
{
	if (exchange->phase != KT_PHASE_CONNECT)
		return;
	if (result->reason) {
		refuse_with(exchange, result->is_late ? 504 : 502, result->reason);
	} else {
		exchange->is_connected = exchange->server_speaks = true;
		exchange->phase = KT_PHASE_PASS;
	}
	kt_exchange_run(exchange);
}

void kt_exchange_expire(struct kt_exchange *exchange)
{
	exchange->deadline = 0;
	switch (exchange->phase) {
	case KT_PHASE_HEAD:
		if (kt_buffer_length(&exchange->in) == 0)
			kt_exchange_end(exchange);
		else
			refuse_with(exchange, 408, "the head did not come within 10 seconds");
		break;
	case KT_PHASE_TOKEN:
		refuse_with(exchange, 504, "no token came within 30 seconds");
		break;
	case KT_PHASE_HELD:
		exchange->phase = KT_PHASE_PASS;
		break;
	default:
		kt_exchange_end(exchange);
	}
	kt_exchange_run(exchange);
}

bool kt_exchange_open(struct kt_room *room, int client)
{
	struct kt_exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange)
		return false;
	exchange->room = room;
	exchange->client = client;
	exchange->client_speaks = true;
	exchange->next = room->first;
	exchange->link = &room->first;
	if (room->first)
		room->first->link = &exchange->next;
	room->first = exchange;
	room->exchanges++;
	set_deadline(exchange, HEAD_TIME);
	kt_exchange_run(exchange);
	return true;
}

void kt_exchange_free(struct kt_exchange *exchange)
{
	if (!exchange->is_over)
		kt_exchange_end(exchange);
	*exchange->link = exchange->next;
	if (exchange->next)
		exchange->next->link = exchange->link;
	exchange->room->exchanges--;
	kt_buffer_clear(&exchange->in);
	kt_buffer_clear(&exchange->out);
	kt_buffer_clear(&exchange->kept);
	free(exchange);
}

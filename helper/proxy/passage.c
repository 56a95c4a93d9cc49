/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "helper/proxy/passage.h"

/* The most that one record of TLS holds. */
#define RECORD 16384

/* Head and body together that are kept for a second try. */
#define KEPT_MAXIMUM ((size_t)64 * 1024)

static bool is_later(ssize_t count)
{
	return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

bool kt_passage_read_client(struct kt_exchange *exchange, size_t limit)
{
	struct kt_room *room = exchange->room;
	size_t held = kt_buffer_length(&exchange->in);
	ssize_t count;

	if (exchange->client < 0 || held >= limit || !exchange->client_speaks)
		return false;
	limit = limit - held < KT_ROOM_CHUNK ? limit - held : KT_ROOM_CHUNK;
	count = recv(exchange->client, room->chunk, limit, 0);
	/* What fills less than its place was all: of more, epoll tells. */
	exchange->client_speaks = count == (ssize_t)limit;
	if (count > 0 && kt_buffer_append(&exchange->in, room->chunk, (size_t)count))
		return true;
	if (!is_later(count))
		exchange->is_lost = true;
	return false;
}

/* How many of the bytes the client takes now. */
static size_t send_some(struct kt_exchange *exchange, const char *bytes, size_t length)
{
	size_t sent = 0;

	while (sent < length) {
		ssize_t count = send(exchange->client, bytes + sent, length - sent, MSG_NOSIGNAL);

		if (count < 0) {
			exchange->is_lost = exchange->is_lost || !is_later(count);
			break;
		}
		sent += (size_t)count;
	}
	return sent;
}

bool kt_passage_write_client(struct kt_exchange *exchange)
{
	size_t sent;

	if (exchange->client < 0 || kt_buffer_length(&exchange->out) == 0)
		return false;
	sent = send_some(exchange, kt_buffer_bytes(&exchange->out), kt_buffer_length(&exchange->out));
	kt_buffer_drop(&exchange->out, sent);
	return sent > 0;
}

/*
 * Into the room's chunk: TLS gives a record at a time. Behind one that is not full there is nothing
 * more, mostly, and what came has waited long enough.
 */
static size_t receive(struct kt_exchange *exchange)
{
	char *chunk = exchange->room->chunk;
	size_t length = 0;

	while (length < KT_ROOM_CHUNK) {
		ssize_t count = kt_upstream_receive(exchange->server, chunk + length,
		                                    KT_ROOM_CHUNK - length);

		exchange->is_server_done = count < 0;
		exchange->is_server_cut = count < 0 && kt_upstream_is_cut(exchange->server);
		exchange->server_speaks = count > 0;
		if (count > 0)
			length += (size_t)count;
		if (count < RECORD)
			break;
	}
	return length;
}

/* A body that nothing stands before goes to the client as it lies there; how much of it. */
static size_t give_directly(struct kt_exchange *exchange, const char *bytes, size_t length)
{
	size_t taken;
	size_t sent;

	if (!exchange->has_answer || exchange->phase != KT_PHASE_PASS || exchange->client < 0 ||
	    kt_buffer_length(&exchange->from_server) > 0 || kt_buffer_length(&exchange->out) > 0)
		return 0;
	taken = kt_frame_take(&exchange->answer, bytes, length);
	sent = send_some(exchange, bytes, taken);
	exchange->entry.down += taken;
	if (!kt_buffer_append(&exchange->out, bytes + sent, taken - sent))
		exchange->is_lost = true;
	return taken;
}

bool kt_passage_read_server(struct kt_exchange *exchange)
{
	const char *chunk = exchange->room->chunk;
	size_t length;
	size_t given;

	if (!exchange->is_connected || !exchange->server_speaks || exchange->is_server_done ||
	    exchange->is_lost || kt_buffer_length(&exchange->out) >= KT_PASSAGE_ENOUGH ||
	    kt_buffer_length(&exchange->from_server) >= KT_PASSAGE_ENOUGH)
		return false;
	length = receive(exchange);
	given = give_directly(exchange, chunk, length);
	if (!kt_buffer_append(&exchange->from_server, chunk + given, length - given))
		exchange->is_server_done = true;
	return length > 0 || exchange->is_server_done;
}

bool kt_passage_write_server(struct kt_exchange *exchange)
{
	bool has_moved = false;

	while (exchange->is_connected && kt_buffer_length(&exchange->to_server) > 0) {
		ssize_t count = kt_upstream_send(exchange->server,
		                                 kt_buffer_bytes(&exchange->to_server),
		                                 kt_buffer_length(&exchange->to_server));

		exchange->is_stuck = count == 0;
		if (count == 0)
			break;
		if (count < 0) {
			/* An answer may have come before the end. */
			exchange->server_speaks = true;
			while (kt_passage_read_server(exchange))
				continue;
			kt_buffer_clear(&exchange->to_server);
			exchange->is_server_cut |= !exchange->is_server_done;
			exchange->is_server_done = true;
			exchange->request.is_done = true;
			exchange->closes = true;
			return true;
		}
		kt_buffer_drop(&exchange->to_server, (size_t)count);
		has_moved = true;
	}
	return has_moved;
}

static void keep(struct kt_exchange *exchange, const char *bytes, size_t length)
{
	if (!exchange->can_repeat)
		return;
	if (kt_buffer_length(&exchange->kept) + length <= KEPT_MAXIMUM &&
	    kt_buffer_append(&exchange->kept, bytes, length))
		return;
	exchange->can_repeat = false;
	kt_buffer_clear(&exchange->kept);
}

/* The rest of a long body goes from the client's socket to where TLS takes it. */
static bool read_directly(struct kt_exchange *exchange)
{
	size_t limit = exchange->request.left < KT_ROOM_CHUNK ? (size_t)exchange->request.left
	                                                      : KT_ROOM_CHUNK;
	char *place = kt_buffer_reserve(&exchange->to_server, limit);
	ssize_t count = place ? recv(exchange->client, place, limit, 0) : 0;
	size_t taken = count > 0 ? kt_frame_take(&exchange->request, place, (size_t)count) : 0;

	exchange->client_speaks = taken == limit;
	exchange->is_lost = exchange->is_lost || (count <= 0 && !is_later(count));
	kt_buffer_extend(&exchange->to_server, taken);
	exchange->entry.up += taken;
	return taken > 0;
}

static bool may_read_directly(const struct kt_exchange *exchange)
{
	return exchange->request.framing == KT_FRAMING_LENGTH && !exchange->can_repeat &&
	       exchange->client >= 0 && exchange->client_speaks &&
	       kt_buffer_length(&exchange->in) == 0;
}

bool kt_passage_take_body(struct kt_exchange *exchange)
{
	bool has_moved = false;
	size_t taken;

	if (exchange->request.is_done || exchange->is_stuck ||
	    kt_buffer_length(&exchange->to_server) >= KT_PASSAGE_ENOUGH)
		return false;
	if (may_read_directly(exchange))
		return read_directly(exchange);
	if (kt_buffer_length(&exchange->in) == 0)
		has_moved = kt_passage_read_client(exchange, KT_ROOM_CHUNK);
	taken = kt_frame_take(&exchange->request, kt_buffer_bytes(&exchange->in),
	                      kt_buffer_length(&exchange->in));
	keep(exchange, kt_buffer_bytes(&exchange->in), taken);
	if (!kt_buffer_append(&exchange->to_server, kt_buffer_bytes(&exchange->in), taken)) {
		exchange->is_lost = true;
		return false;
	}
	exchange->entry.up += taken;
	kt_buffer_drop(&exchange->in, taken);
	return has_moved || taken > 0;
}

bool kt_passage_give_body(struct kt_exchange *exchange)
{
	size_t taken;

	if (!exchange->has_answer || exchange->answer.is_done ||
	    kt_buffer_length(&exchange->out) >= KT_PASSAGE_ENOUGH)
		return false;
	taken = kt_frame_take(&exchange->answer, kt_buffer_bytes(&exchange->from_server),
	                      kt_buffer_length(&exchange->from_server));
	if (!kt_buffer_append(&exchange->out, kt_buffer_bytes(&exchange->from_server), taken)) {
		exchange->is_lost = true;
		return false;
	}
	exchange->entry.down += taken;
	kt_buffer_drop(&exchange->from_server, taken);
	return taken > 0;
}

static bool move(struct kt_buffer *target, struct kt_buffer *source, uint64_t *count)
{
	size_t length = kt_buffer_length(source);

	if (length == 0 || kt_buffer_length(target) >= KT_PASSAGE_ENOUGH ||
	    !kt_buffer_append(target, kt_buffer_bytes(source), length))
		return false;
	*count += length;
	kt_buffer_drop(source, length);
	return true;
}

bool kt_passage_tunnel(struct kt_exchange *exchange)
{
	bool has_moved = kt_passage_read_client(exchange, KT_PASSAGE_ENOUGH);

	if (!exchange->is_stuck)
		has_moved |= move(&exchange->to_server, &exchange->in, &exchange->entry.up);
	has_moved |= kt_passage_write_server(exchange);
	has_moved |= kt_passage_read_server(exchange);
	has_moved |= move(&exchange->out, &exchange->from_server, &exchange->entry.down);
	has_moved |= kt_passage_write_client(exchange);
	return has_moved;
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Fuzz target: what comes to the room of a proxy. The bytes are a client's request and its body. A
 * request that is passed on reads for the service as it was read here, with the token in it once;
 * and where a body ends does not depend on the pieces in which it comes.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/proxy/frame.h"
#include "helper/proxy/refused_token.h"
#include "helper/proxy/rewrite.h"
#include "keyring/cleanup.h"

#define LIVE "czu_live_and_nowhere_else"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void set_up(struct kt_room_settings *settings, struct kt_secret *token)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	struct kt_error error = { 0 };

	check(kt_errand_add(&message, "api", "https://api.coze.cn", &error) &&
	      kt_errand_add(&message, "websocket", "https://ws.coze.cn", &error) &&
	      kt_errand_add(&message, "placeholder", "ktp_right", &error) &&
	      kt_errand_add(&message, "page", "http://localhost:5173", &error) &&
	      kt_errand_add_number(&message, "port", 4000, &error) &&
	      kt_room_settings_read(settings, &message, &error) &&
	      kt_secret_append_text(token, LIVE, &error));
}

static size_t count(const char *bytes, size_t length, const char *text)
{
	const char *end = bytes + length;
	size_t found = 0;

	while ((bytes = memmem(bytes, (size_t)(end - bytes), text, strlen(text))) != NULL) {
		bytes += strlen(text);
		found++;
	}
	return found;
}

/* The head as the service reads it. */
static void check_passed(const struct kt_room_settings *settings, const struct kt_head *head,
                         const struct kt_request_facts *facts, const struct kt_secret *token)
{
	KT_CLEANUP(kt_buffer_clear) struct kt_buffer buffer = { 0 };
	struct kt_head passed;
	struct kt_refusal refusal;
	enum kt_framing framing;
	uint64_t length;
	size_t hosts;
	size_t tokens;
	const struct kt_field *host;

	check(kt_rewrite_request(settings, head, facts, token, &buffer));
	check(kt_head_read_request(&passed, kt_buffer_bytes(&buffer), kt_buffer_length(&buffer),
	                           &refusal) == KT_HEAD_WHOLE);
	check(passed.length == kt_buffer_length(&buffer));
	host = kt_head_find(&passed, "Host", &hosts);
	kt_head_find(&passed, "Authorization", &tokens);
	check(hosts == 1 && tokens == 1);
	check(kt_slice_is(host->value, facts->is_websocket ? "ws.coze.cn" : "api.coze.cn"));
	check(kt_head_request_framing(&passed, &framing, &length, &refusal));
	check(framing == facts->framing && length == facts->length);
	check(count(head->method.bytes, head->length, LIVE) > 0 ||
	      count(kt_buffer_bytes(&buffer), kt_buffer_length(&buffer), LIVE) == 1);
}

static size_t take(struct kt_frame *frame, const char *bytes, size_t length, size_t piece)
{
	size_t taken = 0;

	kt_frame_begin(frame, KT_FRAMING_CHUNKED, 0);
	while (taken < length && !frame->is_done && !frame->is_broken) {
		size_t left = length - taken;

		taken += kt_frame_take(frame, bytes + taken, left < piece ? left : piece);
	}
	return taken;
}

static void check_chunks(const char *bytes, size_t length)
{
	struct kt_frame whole;
	struct kt_frame pieces;
	size_t end = take(&whole, bytes, length, length + 1);

	check(end <= length && take(&pieces, bytes, length, 3) == end);
	check(whole.is_done == pieces.is_done && whole.is_broken == pieces.is_broken);
	check(!whole.is_done || (end >= 5 && memcmp(bytes + end - 2, "\r\n", 2) == 0));
}

static void check_answer(const struct kt_room_settings *settings, const char *bytes, size_t length)
{
	KT_CLEANUP(kt_buffer_clear) struct kt_buffer buffer = { 0 };
	struct kt_head head;
	struct kt_refusal refusal;
	struct kt_slice body;

	if (kt_head_read_answer(&head, bytes, length, &refusal) != KT_HEAD_WHOLE)
		return;
	check(kt_rewrite_answer(&settings->api, &head, false, length % 2 ? settings->page : NULL,
	                        &buffer));
	body = (struct kt_slice){ bytes + head.length, length - head.length };
	kt_refused_token_examine(&head, false, body, true, length % 3 > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	KT_CLEANUP(kt_room_settings_clear) struct kt_room_settings settings = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret token = { 0 };
	const char *bytes = (const char *)data;
	struct kt_head head;
	struct kt_request_facts facts;
	struct kt_refusal refusal;

	set_up(&settings, &token);
	check_chunks(bytes, size);
	check_answer(&settings, bytes, size);
	if (kt_head_read_request(&head, bytes, size, &refusal) != KT_HEAD_WHOLE)
		return 0;
	check(head.length <= size && head.length <= KT_HEAD_MAXIMUM);
	check_chunks(bytes + head.length, size - head.length);
	if (kt_judge_request(&settings, &head, &facts, &refusal))
		check_passed(&settings, &head, &facts, &token);
	return 0;
}

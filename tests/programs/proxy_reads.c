/* SPDX-License-Identifier: MIT */

/*
 * Plays the room of a proxy without its sockets, for request_read_alike.mjs: a line on stdin is
 * what one client sends, in hexadecimal. The line about it on stdout is
 *
 *   STATUS WHOLE BEGUN BYTES [METHOD TARGET]...
 *
 * the status of the refusal, 0 without one; how many requests went to the service whole; 1 where
 * one more has begun; what the service gets, in hexadecimal ("-": nothing); and how the room reads
 * each.
 */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/proxy/frame.h"
#include "helper/proxy/judge.h"
#include "helper/proxy/rewrite.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"

struct play {
	struct kt_room_settings settings;
	struct kt_secret token;
	struct kt_buffer passed; /* what the service gets */
	struct kt_buffer words;
	int status;
	unsigned whole;
	unsigned begun;
};

static void check(bool holds)
{
	if (holds)
		return;
	fputs("proxy_reads: there is no memory, or stdin is not as it should be\n", stderr);
	exit(EXIT_FAILURE);
}

static void set_up(struct play *play)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	struct kt_error error = { 0 };

	check(kt_errand_add(&message, "api", "https://api.coze.cn", &error) &&
	      kt_errand_add(&message, "websocket", "https://ws.coze.cn", &error) &&
	      kt_errand_add(&message, "placeholder", "ktp_right", &error) &&
	      kt_errand_add_number(&message, "port", 4000, &error) &&
	      kt_room_settings_read(&play->settings, &message, &error) &&
	      kt_secret_append_text(&play->token, "czu_live", &error));
}

static bool append_slice(struct kt_buffer *buffer, struct kt_slice slice)
{
	return kt_buffer_append(buffer, slice.bytes, slice.length) &&
	       kt_buffer_append_text(buffer, " ");
}

/* The word in the request line that the service gets. */
static void note(struct play *play, size_t start)
{
	const char *line = kt_buffer_bytes(&play->passed) + start;

	for (int word = 0; word < 2; word++) {
		size_t length = strcspn(line, " ");

		check(append_slice(&play->words, (struct kt_slice){ line, length }));
		line += length + 1;
	}
}

/* One request from the front; how many bytes it has, 0: nothing more of this client is read. */
static size_t play_request(struct play *play, const char *bytes, size_t length)
{
	struct kt_head head;
	struct kt_refusal refusal = { 0 };
	struct kt_request_facts facts;
	struct kt_frame frame;
	size_t start = kt_buffer_length(&play->passed);
	size_t taken;
	enum kt_head_state state = kt_head_read_request(&head, bytes, length, &refusal);

	if (state == KT_HEAD_MORE)
		return 0;
	if (state == KT_HEAD_BROKEN ||
	    !kt_judge_request(&play->settings, &head, &facts, &refusal)) {
		play->status = refusal.status;
		return 0;
	}
	kt_frame_begin(&frame, facts.framing, facts.length);
	taken = kt_frame_take(&frame, bytes + head.length, length - head.length);
	check(kt_rewrite_request(&play->settings, &head, &facts, &play->token, &play->passed) &&
	      kt_buffer_append(&play->passed, bytes + head.length, taken));
	note(play, start);
	play->whole += frame.is_done;
	play->begun = !frame.is_done;
	play->status = frame.is_broken ? 400 : 0;
	return frame.is_done && !facts.wants_close && !facts.is_websocket ? head.length + taken : 0;
}

static void print_hexadecimal(const struct kt_buffer *buffer)
{
	const char *bytes = kt_buffer_bytes(buffer);
	size_t length = kt_buffer_length(buffer);

	if (length == 0)
		putchar('-');
	for (size_t i = 0; i < length; i++)
		printf("%02x", (unsigned char)bytes[i]);
}

static void play_client(struct play *play, const char *bytes, size_t length)
{
	size_t taken;

	play->status = 0;
	play->whole = play->begun = 0;
	while (length > 0 && (taken = play_request(play, bytes, length)) > 0) {
		bytes += taken;
		length -= taken;
	}
	printf("%d %u %u ", play->status, play->whole, play->begun);
	print_hexadecimal(&play->passed);
	printf(" %.*s\n", (int)kt_buffer_length(&play->words), kt_buffer_bytes(&play->words));
	kt_buffer_clear(&play->passed);
	kt_buffer_clear(&play->words);
}

static size_t decode(char *line)
{
	size_t length = strcspn(line, "\n") / 2;

	for (size_t i = 0; i < length; i++) {
		int high = kt_characters_hex_value(line[2 * i]);
		int low = kt_characters_hex_value(line[2 * i + 1]);

		check(high >= 0 && low >= 0);
		line[i] = (char)(high * 16 + low);
	}
	return length;
}

int main(void)
{
	struct play play = { 0 };
	char *line = NULL;
	size_t capacity = 0;

	set_up(&play);
	while (getline(&line, &capacity, stdin) > 0) {
		size_t length = decode(line);

		/* A copy of its own size: what reads behind the end is seen by a sanitizer. */
		char *bytes = malloc(length + (length == 0));

		check(bytes);
		memcpy(bytes, line, length);
		play_client(&play, bytes, length);
		free(bytes);
	}
	free(line);
	kt_secret_clear(&play.token);
	kt_room_settings_clear(&play.settings);
	return EXIT_SUCCESS;
}

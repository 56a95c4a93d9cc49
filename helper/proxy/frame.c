/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "helper/proxy/frame.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"

/* 2^58 and more is no chunk that anybody sends. */
#define SIZE_DIGITS 14
#define SIZE_LINE 1024
#define TRAILER ((unsigned)8192)

enum step {
	SIZE,
	EXTENSION,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	FIELD,       /* the first byte of a trailer's line */
	FIELD_NAME,
	FIELD_VALUE,
	FIELD_LF,
	LAST_LF,
};

void kt_frame_begin(struct kt_frame *frame, enum kt_framing framing, uint64_t length)
{
	*frame = (struct kt_frame){ .framing = framing, .left = length, .step = SIZE };
	frame->is_done = framing == KT_FRAMING_NONE ||
	                 (framing == KT_FRAMING_LENGTH && length == 0);
}

static bool is_control(char byte)
{
	return (unsigned char)byte < 0x20 || byte == 0x7f;
}

static int after_size(struct kt_frame *frame, char byte)
{
	int value = kt_characters_hex_value(byte);

	if (value >= 0 && frame->digits < SIZE_DIGITS) {
		frame->digits++;
		frame->left = frame->left * 16 + (uint64_t)value;
		return SIZE;
	}
	if (frame->digits == 0 || value >= 0)
		return -1;
	return byte == '\r' ? SIZE_LF : byte == ';' ? EXTENSION : -1;
}

static int after_extension(struct kt_frame *frame, char byte)
{
	if (byte == '\r')
		return SIZE_LF;
	return is_control(byte) || ++frame->count > SIZE_LINE ? -1 : EXTENSION;
}

/* Fields that would say something else of the message than its head did (RFC 9110, 6.5.1). */
static bool is_forbidden(const struct kt_frame *frame)
{
	static const char *const names[] = { "authorization", "content-length", "host", "connection",
		                             "transfer-encoding", "trailer", "upgrade", "te",
		                             "content-encoding", "content-range", "cookie" };

	for (size_t i = 0; i < KT_COUNT(names); i++)
		if (frame->name_length == strlen(names[i]) &&
		    strncasecmp(frame->name, names[i], frame->name_length) == 0)
			return true;
	return false;
}

static int after_trailer(struct kt_frame *frame, char byte)
{
	if (++frame->count > TRAILER)
		return -1;
	if (frame->step == FIELD && byte == '\r')
		return LAST_LF;
	if (frame->step == FIELD_VALUE)
		return byte == '\r' ? FIELD_LF : is_control(byte) && byte != '\t' ? -1 : FIELD_VALUE;
	if (frame->step == FIELD)
		frame->name_length = 0;
	else if (byte == ':')
		return is_forbidden(frame) ? -1 : FIELD_VALUE;
	if (!kt_head_is_token(byte))
		return -1;
	if (frame->name_length < sizeof(frame->name))
		frame->name[frame->name_length] = byte;
	frame->name_length++;
	return FIELD_NAME;
}

static int after_line_end(struct kt_frame *frame, char byte)
{
	if (byte != '\n')
		return -1;
	switch (frame->step) {
	case SIZE_LF:
		frame->count = 0;
		return frame->left > 0 ? DATA : FIELD;
	case DATA_LF:
		frame->digits = 0;
		frame->count = 0;
		return SIZE;
	case LAST_LF:
		frame->is_done = true;
		return LAST_LF;
	default:
		return FIELD;
	}
}

static int after(struct kt_frame *frame, char byte)
{
	switch (frame->step) {
	case SIZE:
		return after_size(frame, byte);
	case EXTENSION:
		return after_extension(frame, byte);
	case DATA_CR:
		return byte == '\r' ? DATA_LF : -1;
	case SIZE_LF:
	case DATA_LF:
	case FIELD_LF:
	case LAST_LF:
		return after_line_end(frame, byte);
	default:
		return after_trailer(frame, byte);
	}
}

static size_t take_plain(struct kt_frame *frame, size_t length)
{
	size_t taken = frame->left < length ? (size_t)frame->left : length;

	frame->left -= taken;
	return taken;
}

static size_t take_chunked(struct kt_frame *frame, const char *bytes, size_t length)
{
	size_t taken = 0;

	while (taken < length && !frame->is_done) {
		int step;

		if (frame->step == DATA) {
			taken += take_plain(frame, length - taken);
			if (frame->left == 0)
				frame->step = DATA_CR;
			continue;
		}
		step = after(frame, bytes[taken]);
		if (step < 0) {
			frame->is_broken = true;
			return taken;
		}
		frame->step = step;
		taken++;
	}
	return taken;
}

size_t kt_frame_take(struct kt_frame *frame, const char *bytes, size_t length)
{
	size_t taken;

	if (frame->is_done || frame->is_broken)
		return 0;
	switch (frame->framing) {
	case KT_FRAMING_UNTIL_CLOSE:
		return length;
	case KT_FRAMING_CHUNKED:
		return take_chunked(frame, bytes, length);
	default:
		taken = take_plain(frame, length);
		frame->is_done = frame->left == 0;
		return taken;
	}
}

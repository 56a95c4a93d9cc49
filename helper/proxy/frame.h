/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Frames: which of the bytes behind a head are its body (RFC 9112, 6 and 7). A body passes as it
 * is; the frame is only followed, strictly, to know where it ends. No I/O, libc alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/proxy/head.h"

struct kt_frame {
	enum kt_framing framing;
	uint64_t left;   /* bytes of the body, or of this chunk */
	bool is_done;
	bool is_broken;
	int step;        /* of a chunked body: frame.c */
	unsigned count;  /* bytes of this line, or of the trailer */
	unsigned digits; /* of this chunk's size */
	char name[24];   /* of the trailer field that is being read */
	unsigned name_length;
};

void kt_frame_begin(struct kt_frame *frame, enum kt_framing framing, uint64_t length);

/* How many of the bytes are the body's. None behind its end, or behind a broken byte. */
size_t kt_frame_take(struct kt_frame *frame, const char *bytes, size_t length);

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "helper/proxy/frame.h"
#include "keyring/cleanup.h"

#define BROKEN (-1)
#define WAITS (-2)

/* A chunked body, and how many of its bytes are the body's. */
struct body {
	int line;
	int length;
	const char *bytes;
	size_t size;
};

#define CASE(length, text) { __LINE__, length, text, sizeof(text) - 1 }
#define WHOLE(text, rest) { __LINE__, sizeof(text) - 1, text rest, sizeof(text rest) - 1 }

static const struct body bodies[] = {
	WHOLE("0\r\n\r\n", ""),
	WHOLE("0\r\n\r\n", "GET / HTTP/1.1\r\n"),
	WHOLE("5\r\nhello\r\n0\r\n\r\n", "x"),
	WHOLE("005\r\nhello\r\n000\r\n\r\n", ""),
	WHOLE("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", ""),
	WHOLE("5;x=y\r\nhello\r\n0;z\r\n\r\n", ""),
	WHOLE("5;x=\"a b\"\r\nhello\r\n0\r\n\r\n", ""),
	WHOLE("4\r\n\r\n\r\n\r\n0\r\n\r\n", ""),
	WHOLE("0\r\nX-End: yes\r\nY:\r\n\r\n", "z"),
	WHOLE("0\r\nX-End: a\tb \xc3\xa4\r\n\r\n", ""),

	CASE(WAITS, ""),
	CASE(WAITS, "5"),
	CASE(WAITS, "5\r\nhell"),
	CASE(WAITS, "5\r\nhello\r\n"),
	CASE(WAITS, "0\r\n"),
	CASE(WAITS, "0\r\nX: y\r\n"),
	CASE(WAITS, "fffffffffffff\r\nx"),

	CASE(BROKEN, "\r\n"),
	CASE(BROKEN, "\n"),
	CASE(BROKEN, ";x\r\n"),
	CASE(BROKEN, " 5\r\nhello\r\n0\r\n\r\n"),
	CASE(BROKEN, "5 \r\nhello\r\n0\r\n\r\n"),
	CASE(BROKEN, "+5\r\nhello\r\n0\r\n\r\n"),
	CASE(BROKEN, "-5\r\nhello\r\n0\r\n\r\n"),
	CASE(BROKEN, "0x5\r\nhello\r\n0\r\n\r\n"),
	CASE(BROKEN, "5h\r\nhello\r\n0\r\n\r\n"),
	CASE(BROKEN, "g\r\n"),
	CASE(BROKEN, "5_0\r\n"),
	CASE(BROKEN, "5\nhello\r\n0\r\n\r\n"),
	CASE(BROKEN, "5\rhello"),
	CASE(BROKEN, "5\r\r\nhello"),
	CASE(BROKEN, "5\r\nhello0\r\n\r\n"),
	CASE(BROKEN, "5\r\nhello\n0\r\n\r\n"),
	CASE(BROKEN, "5\r\nhello\r0\r\n\r\n"),
	CASE(BROKEN, "5\r\nhello \r\n0\r\n\r\n"),
	CASE(BROKEN, "5\r\nhelloo\r\n0\r\n\r\n"),
	CASE(BROKEN, "fffffffffffffff\r\n"),
	CASE(BROKEN, "10000000000000000\r\n"),
	CASE(BROKEN, "00000000000000005\r\nhello\r\n0\r\n\r\n"),
	CASE(BROKEN, "5;a\x01\r\n"),
	CASE(BROKEN, "5;a\nb\r\n"),
	CASE(BROKEN, "5;a\0\r\n"),
	CASE(BROKEN, "5;a\tb\r\n"),
	CASE(BROKEN, "5;a\x7f\r\n"),
	CASE(BROKEN, "0\r\n\n"),
	CASE(BROKEN, "0\r\n\rX"),
	CASE(BROKEN, "0\r\nX\r\n\r\n"),
	CASE(BROKEN, "0\r\n: x\r\n\r\n"),
	CASE(BROKEN, "0\r\nX : y\r\n\r\n"),
	CASE(BROKEN, "0\r\n X: y\r\n\r\n"),
	CASE(BROKEN, "0\r\nX: y\n\r\n"),
	CASE(BROKEN, "0\r\nX: y\r\n z\r\n\r\n"),
	CASE(BROKEN, "0\r\nX: y\rz\r\n\r\n"),
	CASE(BROKEN, "0\r\nX: \0\r\n\r\n"),
	CASE(BROKEN, "0\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
	CASE(BROKEN, "0\r\nContent-Length: 5\r\n\r\n"),
	CASE(BROKEN, "0\r\ntransfer-encoding: chunked\r\n\r\n"),
	CASE(BROKEN, "0\r\nAUTHORIZATION: Bearer x\r\n\r\n"),
	CASE(BROKEN, "0\r\nHost: x\r\n\r\n"),
};

/* Takes the body in pieces of that many bytes. */
static int take(const struct body *body, size_t piece)
{
	struct kt_frame frame;
	size_t taken = 0;

	kt_frame_begin(&frame, KT_FRAMING_CHUNKED, 0);
	while (taken < body->size && !frame.is_done && !frame.is_broken) {
		size_t left = body->size - taken;

		taken += kt_frame_take(&frame, body->bytes + taken, left < piece ? left : piece);
	}
	/* Nothing more is taken then. */
	if (frame.is_done || frame.is_broken)
		assert_int_equal(kt_frame_take(&frame, "0\r\n\r\n", 5), 0);
	return frame.is_broken ? BROKEN : frame.is_done ? (int)taken : WAITS;
}

static void chunks_end_where_every_reader_sees_it_or_are_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < KT_COUNT(bodies); i++) {
		for (size_t piece = 1; piece <= bodies[i].size + 1; piece++) {
			int length = take(&bodies[i], piece);

			if (length != bodies[i].length)
				fail_msg("line %d: %d in pieces of %zu", bodies[i].line, length,
				         piece);
		}
	}
}

static void a_length_is_followed_to_its_last_byte(void **state)
{
	struct kt_frame frame;

	(void)state;
	kt_frame_begin(&frame, KT_FRAMING_LENGTH, 5);
	assert_int_equal(kt_frame_take(&frame, "hel", 3), 3);
	assert_false(frame.is_done);
	assert_int_equal(kt_frame_take(&frame, "lo!", 3), 2);
	assert_true(frame.is_done);
	kt_frame_begin(&frame, KT_FRAMING_NONE, 0);
	assert_true(frame.is_done);
	assert_int_equal(kt_frame_take(&frame, "x", 1), 0);
	kt_frame_begin(&frame, KT_FRAMING_UNTIL_CLOSE, 0);
	assert_int_equal(kt_frame_take(&frame, "anything", 8), 8);
	assert_false(frame.is_done);
}

static void a_trailer_is_bounded(void **state)
{
	static char bytes[10000] = "0\r\nX: ";
	struct kt_frame frame;

	(void)state;
	memset(bytes + 6, 'a', sizeof(bytes) - 6);
	kt_frame_begin(&frame, KT_FRAMING_CHUNKED, 0);
	assert_true(kt_frame_take(&frame, bytes, sizeof(bytes)) < 9000);
	assert_true(frame.is_broken);
	memcpy(bytes, "5;a=aa", 6);
	kt_frame_begin(&frame, KT_FRAMING_CHUNKED, 0);
	assert_true(kt_frame_take(&frame, bytes, sizeof(bytes)) < 2000);
	assert_true(frame.is_broken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks_end_where_every_reader_sees_it_or_are_broken),
		cmocka_unit_test(a_length_is_followed_to_its_last_byte),
		cmocka_unit_test(a_trailer_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

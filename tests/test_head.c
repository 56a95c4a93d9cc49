/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "helper/proxy/head.h"
#include "keyring/cleanup.h"

/* test_judge.c has the requests. */

#define BROKEN (-1)
#define WAITS (-2)

struct answer {
	int line;
	int framing; /* an enum kt_framing, or one of the above */
	uint64_t length;
	bool to_head;
	const char *bytes;
	size_t size;
};

#define CASE(framing, length, text) { __LINE__, framing, length, false, text, sizeof(text) - 1 }
#define TO_HEAD(framing, text) { __LINE__, framing, 0, true, text, sizeof(text) - 1 }
#define OK(fields) "HTTP/1.1 200 OK\r\n" fields "\r\n"

static const struct answer answers[] = {
	CASE(KT_FRAMING_LENGTH, 5, OK("Content-Length: 5\r\n")),
	CASE(KT_FRAMING_NONE, 0, OK("Content-Length: 0\r\n")),
	CASE(KT_FRAMING_CHUNKED, 0, OK("Transfer-Encoding: chunked\r\n")),
	CASE(KT_FRAMING_CHUNKED, 0, OK("transfer-encoding: Chunked\r\n")),
	CASE(KT_FRAMING_UNTIL_CLOSE, 0, OK("")),
	CASE(KT_FRAMING_UNTIL_CLOSE, 0, "HTTP/1.0 200 OK\r\n\r\n"),
	CASE(KT_FRAMING_UNTIL_CLOSE, 0, "HTTP/1.1 200 \r\n\r\n"),
	CASE(KT_FRAMING_UNTIL_CLOSE, 0, "HTTP/1.1 200\r\n\r\n"),
	CASE(KT_FRAMING_UNTIL_CLOSE, 0, "HTTP/1.1 999 Odd\r\n\r\n"),
	CASE(KT_FRAMING_NONE, 0, "HTTP/1.1 204 No Content\r\n\r\n"),
	CASE(KT_FRAMING_NONE, 5, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
	CASE(KT_FRAMING_NONE, 0, "HTTP/1.1 100 Continue\r\n\r\n"),
	CASE(KT_FRAMING_NONE, 0, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
	TO_HEAD(KT_FRAMING_NONE, OK("Transfer-Encoding: chunked\r\n")),
	TO_HEAD(KT_FRAMING_NONE, OK("")),

	CASE(BROKEN, 0, OK("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")),
	CASE(BROKEN, 0, OK("Content-Length: 5\r\nContent-Length: 5\r\n")),
	CASE(BROKEN, 0, OK("Content-Length: 5, 5\r\n")),
	CASE(BROKEN, 0, OK("Content-Length: -5\r\n")),
	CASE(BROKEN, 0, OK("Content-Length:\r\n")),
	CASE(BROKEN, 0, OK("Transfer-Encoding: gzip\r\n")),
	CASE(BROKEN, 0, OK("Transfer-Encoding: gzip, chunked\r\n")),
	CASE(BROKEN, 0, OK("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
	CASE(BROKEN, 0, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
	CASE(BROKEN, 0, "HTTP/2 200 OK\r\n\r\n"),
	CASE(BROKEN, 0, "HTTP/1.1 20 OK\r\n\r\n"),
	CASE(BROKEN, 0, "HTTP/1.1 099 OK\r\n\r\n"),
	CASE(BROKEN, 0, "HTTP/1.1 2000 OK\r\n\r\n"),
	CASE(BROKEN, 0, "HTTP/1.1 2x0 OK\r\n\r\n"),
	CASE(BROKEN, 0, "HTTP/1.1  200 OK\r\n\r\n"),
	CASE(BROKEN, 0, "HTTP/1.2 200 OK\r\n\r\n"),
	CASE(BROKEN, 0, "HTTP/1.1\r\n\r\n"),
	CASE(BROKEN, 0, "ICY 200 OK\r\n\r\n"),
	CASE(BROKEN, 0, "HTTP/1.1 200 OK\n\n"),
	CASE(BROKEN, 0, "HTTP/1.1 200 OK\r\nX: a\n\r\n"),
	CASE(BROKEN, 0, OK("X: a\r\n b\r\n")),
	CASE(BROKEN, 0, OK("X : a\r\n")),
	CASE(BROKEN, 0, OK("X\r\n")),
	CASE(BROKEN, 0, OK("X: a\0b\r\n")),
	CASE(WAITS, 0, "HTTP/1.1 200 OK\r\n"),
	CASE(WAITS, 0, "HTTP"),
	CASE(WAITS, 0, ""),
};

static int framing_of(const struct answer *answer, uint64_t *length)
{
	struct kt_head head;
	struct kt_refusal refusal = { 0 };
	enum kt_framing framing;

	switch (kt_head_read_answer(&head, answer->bytes, answer->size, &refusal)) {
	case KT_HEAD_MORE:
		return WAITS;
	case KT_HEAD_BROKEN:
		break;
	default:
		assert_int_equal(head.length, answer->size);
		if (kt_head_answer_framing(&head, answer->to_head, &framing, length, &refusal))
			return (int)framing;
	}
	assert_int_equal(refusal.status, 502);
	return BROKEN;
}

static void each_answer_has_one_length_or_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < KT_COUNT(answers); i++) {
		uint64_t length = 0;
		int framing = framing_of(&answers[i], &length);

		if (framing != answers[i].framing)
			fail_msg("line %d: %d", answers[i].line, framing);
		if (framing >= 0 && !answers[i].to_head)
			assert_int_equal(length, answers[i].length);
	}
}

static void fields_are_found_whatever_their_case(void **state)
{
	static const char text[] = "GET /a HTTP/1.1\r\nAccept:  x \t\r\nACCEPT: y\r\n"
		"Connection: keep-alive ,\tUpgrade,,x\r\n\r\nbody";
	struct kt_head head;
	struct kt_refusal refusal;
	size_t count;

	(void)state;
	assert_int_equal(kt_head_read_request(&head, text, strlen(text), &refusal), KT_HEAD_WHOLE);
	assert_int_equal(head.length, strlen(text) - 4);
	assert_true(kt_slice_is_exactly(kt_head_find(&head, "accept", &count)->value, "x"));
	assert_int_equal(count, 2);
	assert_null(kt_head_find(&head, "Accep", &count));
	assert_true(kt_head_lists(&head, "connection", "upgrade"));
	assert_true(kt_head_lists(&head, "Connection", "x"));
	assert_false(kt_head_lists(&head, "Connection", "keep"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_answer_has_one_length_or_is_refused),
		cmocka_unit_test(fields_are_found_whatever_their_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

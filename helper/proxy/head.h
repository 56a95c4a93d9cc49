/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Heads: the start line and the fields of a request or an answer (RFC 9112, 2 to 5), read strictly.
 * A head that two programs could read differently is refused whole. No I/O, libc alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KT_HEAD_MAXIMUM ((size_t)32 * 1024)
#define KT_HEAD_FIELDS 100

/* Bytes of somebody else's, borrowed. */
struct kt_slice {
	const char *bytes;
	size_t length;
};

struct kt_field {
	struct kt_slice name;
	struct kt_slice value; /* without the blanks around it */
};

struct kt_head {
	struct kt_slice method; /* a request's */
	struct kt_slice target;
	int status;             /* an answer's */
	struct kt_slice reason;
	int minor;              /* of HTTP/1.x */
	struct kt_field fields[KT_HEAD_FIELDS];
	size_t count;
	size_t length;          /* with the blank line behind it */
};

/* Why something is refused: an HTTP status and the rule that was broken. */
struct kt_refusal {
	int status;
	const char *rule; /* a sentence without foreign bytes */
};

enum kt_head_state {
	KT_HEAD_MORE,   /* good as far as it goes, and not whole */
	KT_HEAD_WHOLE,
	KT_HEAD_BROKEN, /* refusal says why */
};

/*
 * Reads a head from the front of bytes, which it borrows. What is broken is told as soon as it can
 * be seen, also in a head that is not whole.
 */
enum kt_head_state kt_head_read_request(struct kt_head *head, const char *bytes, size_t length,
                                        struct kt_refusal *refusal);
enum kt_head_state kt_head_read_answer(struct kt_head *head, const char *bytes, size_t length,
                                       struct kt_refusal *refusal);

/* A name or a text, whatever the case of its letters. */
bool kt_slice_is(struct kt_slice slice, const char *text);

/* The same, case and all. */
bool kt_slice_is_exactly(struct kt_slice slice, const char *text);

/* The field of that name; NULL where there is none. *count, if wanted: how many there are. */
const struct kt_field *kt_head_find(const struct kt_head *head, const char *name, size_t *count);

/* A list field (RFC 9110, 5.6.1) of that name has this token in it. */
bool kt_head_lists(const struct kt_head *head, const char *name, const char *token);

/* A character of a token (RFC 9110, 5.6.2). */
bool kt_head_is_token(char byte);

/* How the bytes behind a head are framed. */
enum kt_framing {
	KT_FRAMING_NONE,
	KT_FRAMING_LENGTH,
	KT_FRAMING_CHUNKED,
	KT_FRAMING_UNTIL_CLOSE, /* an answer's alone */
};

/* The framing of a request's body; false: refused (RFC 9112, 6). */
bool kt_head_request_framing(const struct kt_head *head, enum kt_framing *framing,
                             uint64_t *length, struct kt_refusal *refusal);

/* The same of an answer to a request whose method is HEAD or not. */
bool kt_head_answer_framing(const struct kt_head *head, bool to_head, enum kt_framing *framing,
                            uint64_t *length, struct kt_refusal *refusal);

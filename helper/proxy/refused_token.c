/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/proxy/inflate.h"
#include "helper/proxy/refused_token.h"

/* Of the body as it comes, and of what a compressed one holds. */
#define BODY_MAXIMUM 1024
#define TEXT_MAXIMUM 4096

static bool is_json(const struct kt_head *head)
{
	static const char type[] = "application/json";
	const struct kt_field *field = kt_head_find(head, "Content-Type", NULL);

	return field && field->value.length >= strlen(type) &&
	       strncasecmp(field->value.bytes, type, strlen(type)) == 0 &&
	       (field->value.length == strlen(type) ||
	        strchr("; \t", field->value.bytes[strlen(type)]));
}

/* Steps over a JSON text, from behind its first quote to behind its last. */
static const char *behind_text(const char *byte, const char *end)
{
	for (; byte < end && *byte != '"'; byte++)
		byte += *byte == '\\';
	return byte < end ? byte + 1 : end;
}

/* The number of "code" among the outermost members; 0: there is none. */
static long read_code(struct kt_slice body)
{
	const char *end = body.bytes + body.length;
	int depth = 0;

	for (const char *byte = body.bytes; byte < end; byte++) {
		const char *start = byte + 1;
		long code = 0;

		depth += *byte == '{' || *byte == '[';
		depth -= *byte == '}' || *byte == ']';
		if (*byte != '"')
			continue;
		byte = behind_text(start, end) - 1;
		if (depth != 1 || byte - start != 4 || memcmp(start, "code", 4) != 0)
			continue;
		start = byte + 1;
		while (start < end && strchr(" \t\r\n:", *start))
			start++;
		for (int digits = 0; start < end && *start >= '0' && *start <= '9' && digits < 12;
		     digits++)
			code = code * 10 + (*start++ - '0');
		if (code)
			return code;
	}
	return 0;
}

static enum kt_refused_token read_text(struct kt_slice text)
{
	switch (read_code(text)) {
	case 4100:
	case 700012006:
		return KT_REFUSED_TOKEN_YES;
	case 4101:
		return KT_REFUSED_TOKEN_PERHAPS;
	default:
		return KT_REFUSED_TOKEN_NO;
	}
}

static enum kt_refused_token read_body(struct kt_slice body, const struct kt_field *coding)
{
	char text[TEXT_MAXIMUM];
	struct kt_slice inflated = { text, 0 };

	if (!coding)
		return read_text(body);
	if (!kt_slice_is(coding->value, "gzip") ||
	    !kt_inflate_gzip(body, text, sizeof(text), &inflated.length))
		return KT_REFUSED_TOKEN_NO;
	return read_text(inflated);
}

enum kt_refused_token kt_refused_token_examine(const struct kt_head *head, bool to_head,
                                               struct kt_slice body, bool is_all, bool is_coze)
{
	struct kt_refusal ignored;
	enum kt_framing framing;
	uint64_t length;
	size_t codings;
	const struct kt_field *coding = kt_head_find(head, "Content-Encoding", &codings);

	if (head->status == 401)
		return KT_REFUSED_TOKEN_YES;
	if (!is_coze || (head->status != 200 && head->status / 100 != 4) || !is_json(head) ||
	    codings > 1 ||
	    !kt_head_answer_framing(head, to_head, &framing, &length, &ignored) ||
	    framing != KT_FRAMING_LENGTH || length > BODY_MAXIMUM)
		return KT_REFUSED_TOKEN_NO;
	if (body.length < length)
		return is_all ? KT_REFUSED_TOKEN_NO : KT_REFUSED_TOKEN_UNKNOWN;
	body.length = (size_t)length;
	return read_body(body, coding);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "helper/proxy/head.h"

/* Digits of a length: less than 2^63. */
#define LENGTH_DIGITS 18

static bool refuse(struct kt_refusal *refusal, int status, const char *rule)
{
	*refusal = (struct kt_refusal){ .status = status, .rule = rule };
	return false;
}

bool kt_head_is_token(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z') || (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

bool kt_slice_is(struct kt_slice slice, const char *text)
{
	return slice.length == strlen(text) && strncasecmp(slice.bytes, text, slice.length) == 0;
}

bool kt_slice_is_exactly(struct kt_slice slice, const char *text)
{
	return slice.length == strlen(text) && memcmp(slice.bytes, text, slice.length) == 0;
}

const struct kt_field *kt_head_find(const struct kt_head *head, const char *name, size_t *count)
{
	const struct kt_field *found = NULL;
	size_t seen = 0;

	for (size_t i = 0; i < head->count; i++) {
		if (!kt_slice_is(head->fields[i].name, name))
			continue;
		if (seen++ == 0)
			found = &head->fields[i];
	}
	if (count)
		*count = seen;
	return found;
}

static struct kt_slice trim(struct kt_slice slice)
{
	while (slice.length > 0 && (slice.bytes[0] == ' ' || slice.bytes[0] == '\t')) {
		slice.bytes++;
		slice.length--;
	}
	while (slice.length > 0 && (slice.bytes[slice.length - 1] == ' ' ||
	                            slice.bytes[slice.length - 1] == '\t'))
		slice.length--;
	return slice;
}

/* Cuts the list's first member off. */
static struct kt_slice next_member(struct kt_slice *list)
{
	const char *comma = memchr(list->bytes, ',', list->length);
	size_t length = comma ? (size_t)(comma - list->bytes) : list->length;
	struct kt_slice member = { list->bytes, length };

	length += comma != NULL;
	list->bytes += length;
	list->length -= length;
	return trim(member);
}

bool kt_head_lists(const struct kt_head *head, const char *name, const char *token)
{
	for (size_t i = 0; i < head->count; i++) {
		struct kt_slice list = head->fields[i].value;

		if (!kt_slice_is(head->fields[i].name, name))
			continue;
		while (list.length > 0)
			if (kt_slice_is(next_member(&list), token))
				return true;
	}
	return false;
}

/* One line without its CRLF; false where it is not whole. */
static bool next_line(struct kt_slice *rest, struct kt_slice *line)
{
	const char *end = memmem(rest->bytes, rest->length, "\r\n", 2);
	size_t length;

	if (!end)
		return false;
	length = (size_t)(end - rest->bytes);
	*line = (struct kt_slice){ rest->bytes, length };
	rest->bytes += length + 2;
	rest->length -= length + 2;
	return true;
}

/* Bytes that may stand in no head: of these a reader may make an end of line, or an end. */
static bool check_bytes(const char *bytes, size_t length, struct kt_refusal *refusal)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte == '\n' && (i == 0 || bytes[i - 1] != '\r'))
			return refuse(refusal, 400, "a line ends in LF without CR");
		if (byte == '\r' && i + 1 < length && bytes[i + 1] != '\n')
			return refuse(refusal, 400, "a CR stands alone");
		if ((byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n') || byte == 0x7f)
			return refuse(refusal, 400, "the head has a control character");
	}
	return true;
}

static bool read_field(struct kt_head *head, struct kt_slice line, struct kt_refusal *refusal)
{
	struct kt_field *field = &head->fields[head->count];
	size_t length = 0;

	if (line.bytes[0] == ' ' || line.bytes[0] == '\t')
		return refuse(refusal, 400, "a field is folded over two lines");
	while (length < line.length && kt_head_is_token(line.bytes[length]))
		length++;
	if (length == 0 || length == line.length || line.bytes[length] != ':')
		return refuse(refusal, 400, "a field's name is none, or no colon follows it");
	if (head->count == KT_HEAD_FIELDS - 1)
		return refuse(refusal, 431, "the head has more than 100 lines");
	field->name = (struct kt_slice){ line.bytes, length };
	field->value = trim((struct kt_slice){ line.bytes + length + 1, line.length - length - 1 });
	head->count++;
	return true;
}

static bool read_version(struct kt_slice version, int *minor)
{
	if (version.length != 8 || memcmp(version.bytes, "HTTP/1.", 7) != 0 ||
	    version.bytes[7] < '0' || version.bytes[7] > '9')
		return false;
	*minor = version.bytes[7] - '0';
	return true;
}

/* A version of HTTP, but none that is spoken here. */
static bool is_version(struct kt_slice text)
{
	return text.length >= 6 && text.length <= 8 && memcmp(text.bytes, "HTTP/", 5) == 0;
}

static bool read_request_line(struct kt_head *head, struct kt_slice line,
                              struct kt_refusal *refusal)
{
	const char *first = memchr(line.bytes, ' ', line.length);
	const char *last = memrchr(line.bytes, ' ', line.length);
	struct kt_slice version;

	if (!first || first == last)
		return refuse(refusal, 400, "the request line is not METHOD TARGET VERSION");
	head->method = (struct kt_slice){ line.bytes, (size_t)(first - line.bytes) };
	head->target = (struct kt_slice){ first + 1, (size_t)(last - first - 1) };
	version = (struct kt_slice){ last + 1, line.length - (size_t)(last + 1 - line.bytes) };
	for (size_t i = 0; i < head->method.length; i++)
		if (!kt_head_is_token(head->method.bytes[i]))
			return refuse(refusal, 400, "the method is no token");
	for (size_t i = 0; i < head->target.length; i++)
		if (head->target.bytes[i] < 0x21 || head->target.bytes[i] > 0x7e ||
		    head->target.bytes[i] == '#')
			return refuse(refusal, 400, "the target has a byte that no target has");
	if (head->method.length == 0 || head->method.length > 32 || head->target.length == 0)
		return refuse(refusal, 400, "the request line is not METHOD TARGET VERSION");
	if (read_version(version, &head->minor) && head->minor == 1)
		return true;
	return is_version(version) ? refuse(refusal, 505, "only HTTP/1.1 is spoken here")
	                           : refuse(refusal, 400, "the version is none of HTTP");
}

static bool read_status_line(struct kt_head *head, struct kt_slice line,
                             struct kt_refusal *refusal)
{
	static const char rule[] = "the server's status line is broken";
	struct kt_slice version = { line.bytes, line.length < 8 ? line.length : 8 };

	if (!read_version(version, &head->minor) || head->minor > 1 || line.length < 12 ||
	    line.bytes[8] != ' ' || (line.length > 12 && line.bytes[12] != ' '))
		return refuse(refusal, 502, rule);
	for (size_t i = 9; i < 12; i++) {
		if (line.bytes[i] < '0' || line.bytes[i] > '9')
			return refuse(refusal, 502, rule);
		head->status = head->status * 10 + (line.bytes[i] - '0');
	}
	if (head->status < 100)
		return refuse(refusal, 502, rule);
	head->reason = (struct kt_slice){ line.bytes + 12, line.length - 12 };
	return true;
}

static enum kt_head_state read_head(struct kt_head *head, const char *bytes, size_t length,
                                    bool (*read_first)(struct kt_head *head,
                                                       struct kt_slice line,
                                                       struct kt_refusal *refusal),
                                    struct kt_refusal *refusal)
{
	const char *end = memmem(bytes, length, "\r\n\r\n", 4);
	struct kt_slice rest = { bytes, end ? (size_t)(end - bytes) + 4 : length };
	struct kt_slice line;

	*head = (struct kt_head){ 0 };
	if (!check_bytes(bytes, rest.length, refusal))
		return KT_HEAD_BROKEN;
	if (rest.length > KT_HEAD_MAXIMUM || (!end && length >= KT_HEAD_MAXIMUM)) {
		refuse(refusal, 431, "the head is longer than 32 KiB");
		return KT_HEAD_BROKEN;
	}
	head->length = rest.length;
	if (!next_line(&rest, &line))
		return KT_HEAD_MORE;
	if (!read_first(head, line, refusal))
		return KT_HEAD_BROKEN;
	while (next_line(&rest, &line) && line.length > 0)
		if (!read_field(head, line, refusal))
			return KT_HEAD_BROKEN;
	return end ? KT_HEAD_WHOLE : KT_HEAD_MORE;
}

enum kt_head_state kt_head_read_request(struct kt_head *head, const char *bytes, size_t length,
                                        struct kt_refusal *refusal)
{
	/* TLS, the preface of another protocol, a blank line: no more of it is waited for. */
	if (length > 0 && !kt_head_is_token(bytes[0])) {
		refuse(refusal, 400, "this is no HTTP request");
		return KT_HEAD_BROKEN;
	}
	return read_head(head, bytes, length, read_request_line, refusal);
}

enum kt_head_state kt_head_read_answer(struct kt_head *head, const char *bytes, size_t length,
                                       struct kt_refusal *refusal)
{
	enum kt_head_state state = read_head(head, bytes, length, read_status_line, refusal);

	/* Whoever reads it must not think that his own request is meant. */
	if (state == KT_HEAD_BROKEN && refusal->status != 502)
		refuse(refusal, 502, refusal->status == 431
		                     ? "the server's answer has a head of more than 32 KiB or 100 lines"
		                     : "the server's answer has a broken head");
	return state;
}

static bool read_length(struct kt_slice text, uint64_t *length)
{
	*length = 0;
	if (text.length == 0 || text.length > LENGTH_DIGITS)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9')
			return false;
		*length = *length * 10 + (uint64_t)(text.bytes[i] - '0');
	}
	return true;
}

bool kt_head_request_framing(const struct kt_head *head, enum kt_framing *framing,
                             uint64_t *length, struct kt_refusal *refusal)
{
	size_t lengths;
	size_t codings;
	const struct kt_field *said = kt_head_find(head, "Content-Length", &lengths);
	const struct kt_field *coding = kt_head_find(head, "Transfer-Encoding", &codings);

	*framing = KT_FRAMING_NONE;
	*length = 0;
	if (lengths > 0 && codings > 0)
		return refuse(refusal, 400, "Content-Length stands beside Transfer-Encoding");
	if (lengths > 1 || (said && !read_length(said->value, length)))
		return refuse(refusal, 400, "Content-Length is not one plain number");
	if (codings > 1 || (coding && !kt_slice_is(coding->value, "chunked")))
		return refuse(refusal, 501, "Transfer-Encoding is not just chunked");
	if (coding)
		*framing = KT_FRAMING_CHUNKED;
	else if (*length > 0)
		*framing = KT_FRAMING_LENGTH;
	return true;
}

bool kt_head_answer_framing(const struct kt_head *head, bool to_head, enum kt_framing *framing,
                            uint64_t *length, struct kt_refusal *refusal)
{
	size_t lengths;
	size_t codings;
	const struct kt_field *said = kt_head_find(head, "Content-Length", &lengths);
	const struct kt_field *coding = kt_head_find(head, "Transfer-Encoding", &codings);

	*framing = KT_FRAMING_NONE;
	*length = 0;
	if ((lengths > 0 && codings > 0) || lengths > 1 || codings > 1 ||
	    (said && !read_length(said->value, length)) ||
	    (coding && (!kt_slice_is(coding->value, "chunked") || head->minor == 0)))
		return refuse(refusal, 502, "the server's answer says two lengths, or none that is one");
	if (to_head || head->status < 200 || head->status == 204 || head->status == 304)
		return true;
	*framing = coding ? KT_FRAMING_CHUNKED
	           : !said ? KT_FRAMING_UNTIL_CLOSE
	           : *length > 0 ? KT_FRAMING_LENGTH : KT_FRAMING_NONE;
	return true;
}

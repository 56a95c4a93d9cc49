/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "helper/proxy/page.h"
#include "helper/proxy/rewrite.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"

static bool append_slice(struct kt_buffer *target, struct kt_slice slice)
{
	return kt_buffer_append(target, slice.bytes, slice.length);
}

static bool append_field(struct kt_buffer *target, struct kt_slice name, struct kt_slice value)
{
	return append_slice(target, name) && kt_buffer_append_text(target, ": ") &&
	       append_slice(target, value) && kt_buffer_append_text(target, "\r\n");
}

/* The name as a text; cut where it is longer than any that counts. */
static bool is_named(const struct kt_head *head, struct kt_slice name)
{
	char text[128];

	snprintf(text, sizeof(text), "%.*s", (int)name.length, name.bytes);
	return kt_head_lists(head, "Connection", text);
}

static bool is_one_of(struct kt_slice name, const char *const names[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kt_slice_is(name, names[i]))
			return true;
	return false;
}

/* Fields of the connection to the client. */
static bool stays_behind(const struct kt_head *head, struct kt_slice name)
{
	static const char *const names[] = { "Connection", "Keep-Alive", "Proxy-Connection",
		                             "Proxy-Authorization", "TE", "Upgrade",
		                             "HTTP2-Settings" };

	return is_one_of(name, names, KT_COUNT(names)) || is_named(head, name);
}

/* Decodes a value of a query; the length, or more than capacity where it has no room. */
static size_t decode(struct kt_slice value, char *text, size_t capacity)
{
	size_t length = 0;

	for (size_t i = 0; i < value.length && length < capacity; i++) {
		char byte = value.bytes[i];
		int decoded = kt_characters_percent_value(value.bytes + i, value.length - i);

		if (decoded >= 0) {
			byte = (char)decoded;
			i += 2;
		} else if (byte == '+') {
			byte = ' ';
		}
		text[length++] = byte;
	}
	return length == capacity ? capacity + 1 : length;
}

/* @coze/api repeats its Authorization in the query of a websocket. */
static bool repeats_placeholder(const struct kt_room_settings *settings, struct kt_slice parameter)
{
	static const char name[] = "authorization=";
	char text[256];
	struct kt_slice value = { text, 0 };

	if (parameter.length < strlen(name) ||
	    strncasecmp(parameter.bytes, name, strlen(name)) != 0)
		return false;
	parameter.bytes += strlen(name);
	parameter.length -= strlen(name);
	value.length = decode(parameter, text, sizeof(text));
	if (value.length > sizeof(text))
		return false;
	if (value.length > 7 && strncasecmp(text, "Bearer ", 7) == 0) {
		value.bytes += 7;
		value.length -= 7;
	}
	return kt_judge_is_placeholder(settings, value);
}

static bool append_target(const struct kt_room_settings *settings, struct kt_slice target,
                          bool is_websocket, struct kt_buffer *buffer)
{
	const char *query = is_websocket ? memchr(target.bytes, '?', target.length) : NULL;
	const char *end = target.bytes + target.length;
	const char *separator = "?";

	if (!query)
		return append_slice(buffer, target);
	if (!kt_buffer_append(buffer, target.bytes, (size_t)(query - target.bytes)))
		return false;
	while (query < end) {
		const char *next = memchr(query + 1, '&', (size_t)(end - query - 1));
		struct kt_slice parameter = { query + 1, (size_t)((next ? next : end) - query - 1) };

		query = next ? next : end;
		if (repeats_placeholder(settings, parameter))
			continue;
		if (!kt_buffer_append_text(buffer, separator) || !append_slice(buffer, parameter))
			return false;
		separator = "&";
	}
	return true;
}

static bool append_authorization(struct kt_buffer *target, struct kt_slice name,
                                 const struct kt_secret *token)
{
	return append_slice(target, name) && kt_buffer_append_text(target, ": Bearer ") &&
	       kt_buffer_append(target, kt_secret_reveal(token), kt_secret_length(token)) &&
	       kt_buffer_append_text(target, "\r\n");
}

static bool append_fields(const struct kt_head *head, const struct kt_origin *origin,
                          const struct kt_secret *token, struct kt_buffer *target)
{
	const struct kt_slice host = { origin->host, strlen(origin->host) };
	const struct kt_slice chunked = { "chunked", strlen("chunked") };

	for (size_t i = 0; i < head->count; i++) {
		const struct kt_field *field = &head->fields[i];
		bool is_done;

		if (stays_behind(head, field->name))
			continue;
		if (kt_slice_is(field->name, "Host"))
			is_done = append_field(target, field->name, host);
		else if (kt_slice_is(field->name, "Authorization"))
			is_done = append_authorization(target, field->name, token);
		else if (kt_slice_is(field->name, "Transfer-Encoding"))
			/* Its only value (head.c), as every server reads it. */
			is_done = append_field(target, field->name, chunked);
		else
			is_done = append_field(target, field->name, field->value);
		if (!is_done)
			return false;
	}
	return kt_head_find(head, "Authorization", NULL) ||
	       append_authorization(target, (struct kt_slice){ "Authorization", 13 }, token);
}

bool kt_rewrite_request(const struct kt_room_settings *settings, const struct kt_head *head,
                        const struct kt_request_facts *facts, const struct kt_secret *token,
                        struct kt_buffer *target)
{
	const struct kt_origin *origin = facts->is_websocket ? &settings->websocket
	                                                     : &settings->api;

	return append_slice(target, head->method) && kt_buffer_append_text(target, " ") &&
	       append_target(settings, kt_judge_target(head), facts->is_websocket, target) &&
	       kt_buffer_append_text(target, " HTTP/1.1\r\n") &&
	       append_fields(head, origin, token, target) &&
	       (!facts->is_websocket ||
	        kt_buffer_append_text(target, "Connection: Upgrade\r\nUpgrade: websocket\r\n")) &&
	       kt_buffer_append_text(target, "\r\n");
}

/* A redirect within the server is one within the room; any other is the client's own affair. */
static struct kt_slice own_location(const struct kt_origin *origin, struct kt_slice location)
{
	size_t length = strlen(origin->url);

	if (location.length <= length || strncasecmp(location.bytes, origin->url, length) != 0 ||
	    location.bytes[length] != '/' ||
	    (location.length > length + 1 && location.bytes[length + 1] == '/'))
		return location;
	return (struct kt_slice){ location.bytes + length, location.length - length };
}

bool kt_rewrite_answer(const struct kt_origin *origin, const struct kt_head *head, bool closes,
                       const char *page, struct kt_buffer *target)
{
	static const char *const dropped[] = { "Connection", "Keep-Alive", "Proxy-Connection",
		                               "Alt-Svc", "Strict-Transport-Security", "Upgrade" };
	char line[24];

	snprintf(line, sizeof(line), "HTTP/1.1 %03d", head->status);
	if (!kt_buffer_append_text(target, line) || !append_slice(target, head->reason) ||
	    !kt_buffer_append_text(target, "\r\n"))
		return false;
	for (size_t i = 0; i < head->count; i++) {
		const struct kt_field *field = &head->fields[i];
		struct kt_slice value = field->value;

		if (is_one_of(field->name, dropped, KT_COUNT(dropped)) ||
		    is_named(head, field->name) || (page && kt_page_is_field(field->name)))
			continue;
		if (kt_slice_is(field->name, "Location"))
			value = own_location(origin, value);
		if (!append_field(target, field->name, value))
			return false;
	}
	return (!page || kt_page_append_fields(page, target)) &&
	       (head->status != 101 ||
	        kt_buffer_append_text(target, "Connection: Upgrade\r\nUpgrade: websocket\r\n")) &&
	       (!closes || kt_buffer_append_text(target, "Connection: close\r\n")) &&
	       kt_buffer_append_text(target, "\r\n");
}

static const char *reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" },
		{ 405, "Method Not Allowed" }, { 408, "Request Timeout" },
		{ 417, "Expectation Failed" }, { 421, "Misdirected Request" },
		{ 431, "Request Header Fields Too Large" }, { 501, "Not Implemented" },
		{ 502, "Bad Gateway" }, { 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" }, { 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < KT_COUNT(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

static bool append_json_text(struct kt_buffer *target, const char *text)
{
	for (; *text; text++) {
		char byte = (unsigned char)*text < 0x20 ? '?' : *text;

		if (((byte == '"' || byte == '\\') && !kt_buffer_append_text(target, "\\")) ||
		    !kt_buffer_append(target, &byte, 1))
			return false;
	}
	return true;
}

bool kt_rewrite_refusal(int status, int code, const char *message, bool to_head,
                        const char *page, struct kt_buffer *target)
{
	KT_CLEANUP(kt_buffer_clear) struct kt_buffer body = { 0 };
	char head[256];

	snprintf(head, sizeof(head), "{\"code\":%d,\"msg\":\"keyturn: ", code);
	if (!kt_buffer_append_text(&body, head) || !append_json_text(&body, message) ||
	    !kt_buffer_append_text(&body, "\"}\n"))
		return false;
	snprintf(head, sizeof(head),
	         "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
	         "%sConnection: close\r\n",
	         status, reason_of(status), kt_buffer_length(&body),
	         status == 401 ? "WWW-Authenticate: Bearer\r\n" : "");
	return kt_buffer_append_text(target, head) &&
	       (!page || kt_page_append_fields(page, target)) &&
	       kt_buffer_append_text(target, "\r\n") &&
	       (to_head || kt_buffer_append(target, kt_buffer_bytes(&body), kt_buffer_length(&body)));
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "helper/proxy/judge.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* One request and what becomes of it: a status, 0 for one that passes, WAITS for one cut off. */
#define WAITS (-1)

struct request {
	int line;
	int status;
	const char *bytes;
	size_t length;
};

#define CASE(status, text) { __LINE__, status, text, sizeof(text) - 1 }
#define HOST "Host: 127.0.0.1:4000\r\n"
#define TOKEN "Authorization: Bearer ktp_right\r\n"
#define LINE(line, fields) line "\r\n" HOST TOKEN fields "\r\n"
#define GET(target) LINE("GET " target " HTTP/1.1", "")
#define WITH(fields) LINE("GET /v1/users/me HTTP/1.1", fields)
#define POST(fields) LINE("POST /v3/chat HTTP/1.1", fields)
#define BARE(fields) "GET / HTTP/1.1\r\n" fields "\r\n"

/* RFC 9112 and 9110, and what is published of smuggling, desynchronisation and rebinding. */
static const struct request requests[] = {
	/* Good ones. */
	CASE(0, GET("/")),
	CASE(0, GET("/v1/users/me")),
	CASE(0, GET("/v1/x?a=b&c=%2F..%2f")),
	CASE(0, GET("/%2F..%2f//x;y=z")),
	CASE(0, GET("/?")),
	CASE(0, LINE("POST /v3/chat HTTP/1.1", "Content-Length: 0\r\n")),
	CASE(0, POST("Content-Length: 5\r\n")),
	CASE(0, POST("Transfer-Encoding: chunked\r\n")),
	CASE(0, POST("Content-Length: 999999999999999999\r\n")),
	CASE(0, POST("Content-Length:5\r\n")),
	CASE(0, POST("Content-Length:\t 5 \t\r\n")),
	CASE(0, POST("content-LENGTH: 5\r\nExpect: 100-continue\r\n")),
	CASE(0, LINE("HEAD /x HTTP/1.1", "")),
	CASE(0, LINE("DELETE /x HTTP/1.1", "")),
	CASE(0, LINE("PATCH /x HTTP/1.1", "Content-Length: 1\r\n")),
	CASE(0, LINE("PROPFIND /x HTTP/1.1", "")),
	CASE(0, LINE("OPTIONS /x HTTP/1.1", "")),
	CASE(0, WITH("Connection: keep-alive\r\n")),
	CASE(0, WITH("Connection: close\r\n")),
	CASE(0, WITH("Connection: Upgrade\r\nUpgrade: websocket\r\n")),
	CASE(0, WITH("Connection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n")),
	CASE(0, WITH("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n")),
	CASE(0, WITH("X-Empty:\r\nX-Utf8: \xc3\xa4\r\nX-Tab: a\tb\r\n")),
	CASE(0, WITH("Sec-Fetch-Site: none\r\n")),
	CASE(0, WITH("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n")),
	CASE(0, "GET / HTTP/1.1\r\nHost: localhost:4000\r\n" TOKEN "\r\n"),
	CASE(0, "GET / HTTP/1.1\r\nHost: LOCALHOST:4000\r\n" TOKEN "\r\n"),
	CASE(0, "GET / HTTP/1.1\r\nHost: [::1]:4000\r\n" TOKEN "\r\n"),
	CASE(0, "GET http://127.0.0.1:4000/x HTTP/1.1\r\n" HOST TOKEN "\r\n"),
	CASE(0, "GET HTTP://127.0.0.1:4000 HTTP/1.1\r\n" HOST TOKEN "\r\n"),
	CASE(0, "GET / HTTP/1.1\r\n" HOST "authorization: bearer ktp_right\r\n\r\n"),
	CASE(0, "GET / HTTP/1.1\r\n" HOST "AUTHORIZATION:Bearer ktp_right \r\n\r\n"),

	/* Cut off. */
	CASE(WAITS, ""),
	CASE(WAITS, "G"),
	CASE(WAITS, "GET / HTTP/1.1"),
	CASE(WAITS, "GET / HTTP/1.1\r"),
	CASE(WAITS, "GET / HTTP/1.1\r\n" HOST TOKEN),
	CASE(WAITS, "GET / HTTP/1.1\r\n" HOST TOKEN "\r"),

	/* What is no request. */
	CASE(400, "\x16\x03\x01\x02"),
	CASE(400, "\r\nGET / HTTP/1.1\r\n\r\n"),
	CASE(400, "\nGET / HTTP/1.1\r\n\r\n"),
	CASE(400, " GET / HTTP/1.1\r\n\r\n"),
	CASE(400, "\tGET / HTTP/1.1\r\n\r\n"),
	CASE(400, "\0"),
	CASE(400, "{\"a\":1}\r\n\r\n"),
	CASE(400, "\xffGET / HTTP/1.1\r\n\r\n"),
	CASE(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	CASE(400, "SSH-2.0-OpenSSH_9.2\r\n"),

	/* The request line. */
	CASE(400, "GET /\r\n" HOST TOKEN "\r\n"),
	CASE(400, "GET\r\n" HOST TOKEN "\r\n"),
	CASE(400, LINE("GET  / HTTP/1.1", "")),
	CASE(400, LINE("GET /  HTTP/1.1", "")),
	CASE(400, LINE("GET / HTTP/1.1 ", "")),
	CASE(400, LINE("GET\t/ HTTP/1.1", "")),
	CASE(400, LINE("GET /\tHTTP/1.1", "")),
	CASE(400, LINE("GET / x HTTP/1.1", "")),
	CASE(400, LINE("GET /\x0b HTTP/1.1", "")),
	CASE(400, LINE("GET /\x7f HTTP/1.1", "")),
	CASE(400, LINE("GET /\0 HTTP/1.1", "")),
	CASE(400, LINE("GET /\xc3\xa4 HTTP/1.1", "")),
	CASE(400, LINE("GET /#fragment HTTP/1.1", "")),
	CASE(400, LINE("GET * HTTP/1.1", "")),
	CASE(400, LINE("OPTIONS * HTTP/1.1", "")),
	CASE(400, LINE("GET x HTTP/1.1", "")),
	CASE(400, LINE("GET ?x HTTP/1.1", "")),
	CASE(400, LINE("GET //HTTP/1.1", "")),
	CASE(400, LINE("G(ET / HTTP/1.1", "")),
	CASE(400, LINE("G@T / HTTP/1.1", "")),
	CASE(400, LINE("G:T / HTTP/1.1", "")),
	CASE(400, LINE("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ / HTTP/1.1", "")),
	CASE(405, LINE("TRACE / HTTP/1.1", "")),
	CASE(405, LINE("TRACK / HTTP/1.1", "")),
	CASE(405, LINE("trace / HTTP/1.1", "")),
	CASE(405, LINE("CONNECT 127.0.0.1:4000 HTTP/1.1", "")),
	CASE(405, LINE("CONNECT / HTTP/1.1", "")),

	/* Versions. */
	CASE(505, LINE("GET / HTTP/1.0", "")),
	CASE(505, LINE("GET / HTTP/1.2", "")),
	CASE(505, LINE("GET / HTTP/2.0", "")),
	CASE(505, LINE("GET / HTTP/2", "")),
	CASE(505, LINE("GET / HTTP/0.9", "")),
	CASE(505, LINE("GET / HTTP/1.", "")),
	CASE(400, LINE("GET / HTTP/1.1x", "")),
	CASE(400, LINE("GET / http/1.1", "")),
	CASE(400, LINE("GET / HTTP/1.10", "")),
	CASE(400, LINE("GET / HTTP/11.1", "")),
	CASE(400, LINE("GET / HTCPCP/1.0", "")),
	CASE(400, LINE("GET / 1.1", "")),

	/* Lines and fields. */
	CASE(400, "GET / HTTP/1.1\n" HOST TOKEN "\r\n"),
	CASE(400, "GET / HTTP/1.1\r\nHost: 127.0.0.1:4000\n" TOKEN "\r\n"),
	CASE(400, "GET / HTTP/1.1\r\n" HOST TOKEN "\n"),
	CASE(400, "GET / HTTP/1.1\n\n"),
	CASE(400, "GET / HTTP/1.1\rHost: x\r\n\r\n"),
	CASE(400, "GET / HTTP/1.1\r\r\n" HOST TOKEN "\r\n"),
	CASE(400, WITH("X: a\rb\r\n")),
	CASE(400, WITH("X: a\r\r\n")),
	CASE(400, WITH("X: a\nTransfer-Encoding: chunked\r\n")),
	CASE(400, WITH("X: a\0b\r\n")),
	CASE(400, WITH("X\0: a\r\n")),
	CASE(400, WITH("X: a\x01\r\n")),
	CASE(400, WITH("X: a\x08\r\n")),
	CASE(400, WITH("X: a\x0b\r\n")),
	CASE(400, WITH("X: a\x0c\r\n")),
	CASE(400, WITH("X: a\x1b[31m\r\n")),
	CASE(400, WITH("X: a\x7f\r\n")),
	CASE(400, WITH("X : a\r\n")),
	CASE(400, WITH("X\t: a\r\n")),
	CASE(400, WITH(" X: a\r\n")),
	CASE(400, WITH("\tX: a\r\n")),
	CASE(400, WITH("X: a\r\n b\r\n")),
	CASE(400, WITH("X: a\r\n\tb\r\n")),
	CASE(400, WITH("X: a\r\n \r\n")),
	CASE(400, WITH("X\r\n")),
	CASE(400, WITH(": a\r\n")),
	CASE(400, WITH(":\r\n")),
	CASE(400, WITH("X(: a\r\n")),
	CASE(400, WITH("X\": a\r\n")),
	CASE(400, WITH("X/Y: a\r\n")),
	CASE(400, WITH("X Y: a\r\n")),
	CASE(400, WITH("X\xc3\xa4: a\r\n")),
	CASE(400, WITH("X\x80: a\r\n")),
	CASE(400, WITH("X@: a\r\n")),
	CASE(400, WITH("{X}: a\r\n")),

	/* Lengths. */
	CASE(400, POST("Content-Length: 5\r\nContent-Length: 5\r\n")),
	CASE(400, POST("Content-Length: 5\r\nContent-Length: 6\r\n")),
	CASE(400, POST("Content-Length: 5\r\nCONTENT-length: 0\r\n")),
	CASE(400, POST("Content-Length: 5, 5\r\n")),
	CASE(400, POST("Content-Length: 5,6\r\n")),
	CASE(400, POST("Content-Length:\r\n")),
	CASE(400, POST("Content-Length: +5\r\n")),
	CASE(400, POST("Content-Length: -5\r\n")),
	CASE(400, POST("Content-Length: -0\r\n")),
	CASE(400, POST("Content-Length: 0x5\r\n")),
	CASE(400, POST("Content-Length: 5 5\r\n")),
	CASE(400, POST("Content-Length: 5.0\r\n")),
	CASE(400, POST("Content-Length: 5e1\r\n")),
	CASE(400, POST("Content-Length: 5;x\r\n")),
	CASE(400, POST("Content-Length: \"5\"\r\n")),
	CASE(400, POST("Content-Length: five\r\n")),
	CASE(400, POST("Content-Length: 9223372036854775808\r\n")),
	CASE(400, POST("Content-Length: 18446744073709551621\r\n")),
	CASE(400, POST("Content-Length: 0000000000000000005\r\n")),
	CASE(400, POST("Content-Length : 5\r\n")),
	CASE(400, POST("Content-Length: 5\r\n 6\r\n")),
	CASE(400, POST("Content-Length: \xd9\xa5\r\n")),

	/* Two framings, and codings. */
	CASE(400, POST("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")),
	CASE(400, POST("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")),
	CASE(400, POST("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n")),
	CASE(400, POST("Transfer-Encoding: identity\r\nContent-Length: 5\r\n")),
	CASE(501, POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
	CASE(501, POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n")),
	CASE(501, POST("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n")),
	CASE(501, POST("Transfer-Encoding: identity\r\n")),
	CASE(501, POST("Transfer-Encoding: gzip\r\n")),
	CASE(501, POST("Transfer-Encoding: gzip, chunked\r\n")),
	CASE(501, POST("Transfer-Encoding: chunked, gzip\r\n")),
	CASE(501, POST("Transfer-Encoding: chunked, chunked\r\n")),
	CASE(501, POST("Transfer-Encoding: chunked,\r\n")),
	CASE(501, POST("Transfer-Encoding: ,chunked\r\n")),
	CASE(0, POST("Transfer-Encoding: Chunked\r\n")),
	CASE(0, POST("Transfer-Encoding: CHUNKED\r\n")),
	CASE(501, POST("Transfer-Encoding: \"chunked\"\r\n")),
	CASE(501, POST("Transfer-Encoding: 'chunked'\r\n")),
	CASE(501, POST("Transfer-Encoding: xchunked\r\n")),
	CASE(501, POST("Transfer-Encoding: chunkedx\r\n")),
	CASE(501, POST("Transfer-Encoding: chunked;q=1\r\n")),
	CASE(501, POST("Transfer-Encoding:\r\n")),
	CASE(501, POST("Transfer-Encoding: x\r\n")),
	CASE(501, POST("Transfer-Encoding: chunk\r\n")),
	CASE(400, POST("Transfer-Encoding : chunked\r\n")),
	CASE(400, POST("Transfer-Encoding: chunked\r\n , identity\r\n")),
	CASE(400, POST("Transfer-Encoding\r\n : chunked\r\n")),
	CASE(400, POST("Transfer-Encoding:\x0b" "chunked\r\n")),
	CASE(400, POST("Transfer-Encoding: chunked\x01\r\n")),
	CASE(0, POST("Transfer_Encoding: chunked\r\nContent-Length: 5\r\n")),
	CASE(417, POST("Expect: 200-ok\r\nContent-Length: 5\r\n")),
	CASE(417, POST("Expect: 100-continue, x\r\nContent-Length: 5\r\n")),

	/* Whose address it is (DNS rebinding). */
	CASE(400, BARE(TOKEN)),
	CASE(400, BARE(HOST HOST TOKEN)),
	CASE(400, BARE(HOST "host: evil.example\r\n" TOKEN)),
	CASE(400, BARE("Host: evil.example\r\n" HOST TOKEN)),
	CASE(421, BARE("Host:\r\n" TOKEN)),
	CASE(421, BARE("Host: evil.example\r\n" TOKEN)),
	CASE(421, BARE("Host: evil.example:4000\r\n" TOKEN)),
	CASE(421, BARE("Host: 127.0.0.1\r\n" TOKEN)),
	CASE(421, BARE("Host: 127.0.0.1:4001\r\n" TOKEN)),
	CASE(421, BARE("Host: 127.0.0.1:04000\r\n" TOKEN)),
	CASE(421, BARE("Host: 127.0.0.1:4000x\r\n" TOKEN)),
	CASE(421, BARE("Host: 127.0.0.1:4000, evil.example\r\n" TOKEN)),
	CASE(421, BARE("Host: user@127.0.0.1:4000\r\n" TOKEN)),
	CASE(421, BARE("Host: 127.0.0.1.evil.example:4000\r\n" TOKEN)),
	CASE(421, BARE("Host: 127.1:4000\r\n" TOKEN)),
	CASE(421, BARE("Host: 2130706433:4000\r\n" TOKEN)),
	CASE(421, BARE("Host: 0.0.0.0:4000\r\n" TOKEN)),
	CASE(421, BARE("Host: localhost.:4000\r\n" TOKEN)),
	CASE(421, BARE("Host: api.coze.cn\r\n" TOKEN)),
	CASE(421, BARE("Host: [::ffff:127.0.0.1]:4000\r\n" TOKEN)),
	CASE(421, LINE("GET http://evil.example/ HTTP/1.1", "")),
	CASE(421, LINE("GET http://127.0.0.1:4000@evil.example/ HTTP/1.1", "")),
	CASE(421, LINE("GET http://user@127.0.0.1:4000/ HTTP/1.1", "")),
	CASE(421, LINE("GET http://127.0.0.1:4000\\@evil.example/ HTTP/1.1", "")),
	CASE(421, LINE("GET http://localhost:4000/ HTTP/1.1", "")),
	CASE(400, LINE("GET https://127.0.0.1:4000/ HTTP/1.1", "")),
	CASE(400, LINE("GET file:///etc/passwd HTTP/1.1", "")),
	CASE(400, LINE("GET http:// HTTP/1.1", "")),
	CASE(400, LINE("GET http://127.0.0.1:4000?x=1 HTTP/1.1", "")),
	CASE(400, LINE("GET http://127.0.0.1:4000?/x HTTP/1.1", "")),

	/* Fields that would have to stay behind. */
	CASE(400, WITH("Connection: authorization\r\n")),
	CASE(400, WITH("Connection: close, Authorization\r\n")),
	CASE(400, WITH("Connection: close\r\nConnection: host\r\n")),
	CASE(400, POST("Connection: content-length\r\nContent-Length: 5\r\n")),
	CASE(400, POST("Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n")),
	CASE(400, WITH("Connection: cookie\r\nCookie: a=b\r\n")),
	CASE(400, WITH("Connection: Content-Type\r\n")),

	/* Other protocols. */
	CASE(400, WITH("Connection: Upgrade\r\nUpgrade: h2\r\n")),
	CASE(400, WITH("Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n")),
	CASE(400, WITH("Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n")),
	CASE(400, WITH("Connection: Upgrade\r\nUpgrade: tls/1.0\r\n")),
	CASE(400, WITH("Connection: Upgrade\r\nUpgrade:\r\n")),
	CASE(400, WITH("Upgrade: websocket\r\n")),
	CASE(400, WITH("Connection: close\r\nUpgrade: websocket\r\n")),
	CASE(400, WITH("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n")),
	CASE(400, WITH("Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n")),
	CASE(400, POST("Connection: Upgrade\r\nUpgrade: websocket\r\n")),

	/* Pages in a browser. */
	CASE(403, WITH("Origin: http://evil.example\r\n")),
	CASE(403, WITH("Origin: null\r\n")),
	CASE(403, WITH("Origin: http://127.0.0.1:4000\r\n")),
	CASE(403, WITH("Origin:\r\n")),
	CASE(403, WITH("Sec-Fetch-Site: cross-site\r\n")),
	CASE(403, WITH("Sec-Fetch-Site: same-site\r\n")),
	CASE(403, WITH("Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n")),
	CASE(403, LINE("OPTIONS /v1/users/me HTTP/1.1", "Origin: http://evil.example\r\n")),

	/* The placeholder. */
	CASE(401, BARE(HOST)),
	CASE(401, BARE(HOST TOKEN TOKEN)),
	CASE(401, BARE(HOST TOKEN "authorization: Bearer x\r\n")),
	CASE(401, BARE(HOST "Authorization:\r\n")),
	CASE(401, BARE(HOST "Authorization: Bearer\r\n")),
	CASE(401, BARE(HOST "Authorization: Bearer \r\n")),
	CASE(401, BARE(HOST "Authorization: ktp_right\r\n")),
	CASE(401, BARE(HOST "Authorization: Basic ktp_right\r\n")),
	CASE(401, BARE(HOST "Authorization: Bearer  ktp_right\r\n")),
	CASE(401, BARE(HOST "Authorization: Bearer\tktp_right\r\n")),
	CASE(401, BARE(HOST "Authorization: Bearer ktp_wrong\r\n")),
	CASE(401, BARE(HOST "Authorization: Bearer ktp_righ\r\n")),
	CASE(401, BARE(HOST "Authorization: Bearer ktp_rightt\r\n")),
	CASE(401, BARE(HOST "Authorization: Bearer KTP_RIGHT\r\n")),
	CASE(401, BARE(HOST "Authorization: Bearer ktp_right, Bearer x\r\n")),
	CASE(401, BARE(HOST "Authorization: Bearer keyturn\r\n")),
	CASE(401, BARE(HOST "X-Authorization: Bearer ktp_right\r\n")),
	CASE(401, BARE(HOST "Proxy-Authorization: Bearer ktp_right\r\n")),
	CASE(401, BARE(HOST "Cookie: authorization=ktp_right\r\n")),

	/* Where tokens are made and changed, however it is written. */
	CASE(403, GET("/api/permission/oauth2/token")),
	CASE(403, GET("/api/permission")),
	CASE(403, GET("/api/permission/")),
	CASE(403, GET("/API/Permission/x")),
	CASE(403, GET("//api//permission/x")),
	CASE(403, GET("/api/./permission/x")),
	CASE(403, GET("/x/../api/permission/x")),
	CASE(403, GET("/api/x/../permission/x")),
	CASE(403, GET("/%61pi/permission/x")),
	CASE(403, GET("/api%2Fpermission/x")),
	CASE(403, GET("/api%2fpermission%2fx")),
	CASE(403, GET("/api%5Cpermission/x")),
	CASE(403, GET("/api\\permission\\x")),
	CASE(403, GET("/%2561pi/permission/x")),
	CASE(403, GET("/api;a=b/permission/x")),
	CASE(403, GET("/api/permission;a/x")),
	CASE(403, GET("/x/%2e%2e/api/permission/x")),
	CASE(403, GET("/x/..%2fapi/permission/x")),
	CASE(403, GET("/base/api/permission/x")),
	CASE(403, LINE("POST /api/permission/oauth2/token?x=y HTTP/1.1", "Content-Length: 2\r\n")),
	CASE(403, "GET http://127.0.0.1:4000/api/permission/x HTTP/1.1\r\n" HOST TOKEN "\r\n"),
	CASE(403, GET("/%252561pi/permission/x")),
	CASE(403, GET("/%25252561pi/permission/x")),
	CASE(403, GET("/%2525252561pi/permission/x")),
	CASE(403, GET("/%c1%a1pi/permission/x")),
	CASE(403, GET("/%u0061pi/permission/x")),
	CASE(403, GET("/x/%c0%ae%c0%ae/api/permission/x")),
	CASE(403, GET("/api%00/permission/x")),
	CASE(403, GET("/api%09/permission/x")),
	CASE(403, GET("/%6%31pi/permission/x")),
	CASE(0, GET("/v1/%e6%89%a3%E5%AD%90")),
	CASE(0, GET("/v1/100%25")),
	CASE(0, GET("/v1/100%25%20up.txt")),
	CASE(0, GET("/v1/a%2520b")),
	CASE(0, GET("/v1/a%20b")),
	CASE(0, GET("/v1/x?next=/api/permission/x")),
	CASE(0, GET("/api/permissions")),
	CASE(0, GET("/permission/api/x")),
};

static void set_up(struct kt_room_settings *settings)
{
	struct kt_error error = { 0 };

	*settings = (struct kt_room_settings){ .port = 4000 };
	assert_true(kt_secret_append_text(&settings->placeholder, "ktp_right", &error));
}

static int judge(const struct kt_room_settings *settings, const char *bytes, size_t length)
{
	struct kt_head head;
	struct kt_request_facts facts;
	struct kt_refusal refusal = { 0 };

	switch (kt_head_read_request(&head, bytes, length, &refusal)) {
	case KT_HEAD_MORE:
		return WAITS;
	case KT_HEAD_BROKEN:
		break;
	default:
		if (kt_judge_request(settings, &head, &facts, &refusal))
			return 0;
	}
	assert_non_null(refusal.rule);
	return refusal.status;
}

static void each_request_has_one_reading_or_is_refused(void **state)
{
	KT_CLEANUP(kt_room_settings_clear) struct kt_room_settings settings = { 0 };
	int wrong = 0;

	(void)state;
	set_up(&settings);
	for (size_t i = 0; i < KT_COUNT(requests); i++) {
		int status = judge(&settings, requests[i].bytes, requests[i].length);

		if (status == requests[i].status)
			continue;
		print_error("line %d: %d, not %d\n", requests[i].line, status, requests[i].status);
		wrong++;
	}
	assert_int_equal(wrong, 0);
	assert_true(KT_COUNT(requests) >= 200);
}

/* No head is taken for whole or for good before its end has come. */
static void a_head_that_comes_in_pieces_is_judged_alike(void **state)
{
	KT_CLEANUP(kt_room_settings_clear) struct kt_room_settings settings = { 0 };

	(void)state;
	set_up(&settings);
	for (size_t i = 0; i < KT_COUNT(requests); i++) {
		for (size_t length = 0; length < requests[i].length; length++) {
			int status = judge(&settings, requests[i].bytes, length);

			if (status == WAITS)
				continue;
			/* Decided early: then for good. */
			assert_int_equal(status, requests[i].status);
			break;
		}
	}
}

static void expect_each(const struct kt_room_settings *settings, const struct request *cases,
                        size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int status = judge(settings, cases[i].bytes, cases[i].length);

		if (status != cases[i].status)
			fail_msg("line %d: %d, not %d", cases[i].line, status, cases[i].status);
	}
}

static void rules_let_pass_what_they_name_alone(void **state)
{
	KT_CLEANUP(kt_room_settings_clear) struct kt_room_settings settings = { 0 };
	struct kt_error error = { 0 };
	static const struct request ruled[] = {
		CASE(0, LINE("POST /v3/chat HTTP/1.1", "Content-Length: 2\r\n")),
		CASE(0, LINE("POST /v3/chat?conversation_id=1 HTTP/1.1", "Content-Length: 2\r\n")),
		CASE(403, GET("/v3/chat")),
		CASE(403, LINE("POST /v3/chat/ HTTP/1.1", "")),
		CASE(403, LINE("POST /v3/chat/cancel HTTP/1.1", "")),
		CASE(403, LINE("POST /v3/chatx HTTP/1.1", "")),
		CASE(403, LINE("post /v3/chat HTTP/1.1", "")),
		CASE(0, GET("/v1/")),
		CASE(0, GET("/v1/users/me")),
		CASE(403, GET("/v1")),
		CASE(403, GET("/v1x/users")),
		CASE(403, GET("/v1/../v3/chat")),
		CASE(403, GET("/v1/..")),
		CASE(403, GET("/v1/.")),
		CASE(403, GET("/v1/%2e%2e/v3/chat")),
		CASE(403, GET("/v1/%2E./v3/chat")),
		CASE(403, GET("/v1/..%2fv3/chat")),
		CASE(403, GET("/v1/..%5cv3")),
		CASE(403, GET("/v1/..\\v3")),
		CASE(403, GET("/v1/..;/v3")),
		CASE(403, GET("//v1/users/me")),
		CASE(403, GET("/v1//users/me")),
		CASE(403, GET("/v1/%252e%252e/v3")),
		CASE(403, GET("/v1/%00")),
		CASE(403, GET("/v1/%2%65%2%65/v3")),
		CASE(403, GET("/v1/%%32%65%%32%65/v3")),
		CASE(403, GET("/v1/%c0%ae%c0%ae/v3")),
		CASE(403, GET("/v1/%e0%80%ae/v3")),
		CASE(403, GET("/v1/%ed%a0%80")),
		CASE(403, GET("/v1/%ff")),
		CASE(403, GET("/v1/%u002e%u002e/v3")),
		CASE(403, GET("/v1/%0a")),
		CASE(403, GET("/v1/%7f")),
		CASE(403, GET("/v1/%")),
		CASE(403, GET("/v1/%zz")),
		CASE(0, GET("/v1/a%20%e6%89%a3")),
		CASE(403, GET("/")),
		CASE(0, LINE("DELETE /any HTTP/1.1", "")),
		CASE(0, GET("/any")),
		CASE(0, LINE("POST /api/permission/oauth2/token HTTP/1.1", "")),
		CASE(403, LINE("POST /api/permission/oauth2/device/code HTTP/1.1", "")),
	};

	(void)state;
	set_up(&settings);
	assert_true(kt_text_set(&settings.rules[0], "POST /v3/chat", &error));
	assert_true(kt_text_set(&settings.rules[1], "GET /v1/*", &error));
	assert_true(kt_text_set(&settings.rules[2], "* /any", &error));
	assert_true(kt_text_set(&settings.rules[3], "POST /api/permission/oauth2/token", &error));
	expect_each(&settings, ruled, KT_COUNT(ruled));
}

static void a_rule_for_all_below_does_not_open_where_tokens_are_made(void **state)
{
	KT_CLEANUP(kt_room_settings_clear) struct kt_room_settings settings = { 0 };
	struct kt_error error = { 0 };
	static const char request[] = GET("/api/permission/oauth2/token");

	(void)state;
	set_up(&settings);
	assert_true(kt_text_set(&settings.rules[0], "* /*", &error));
	assert_int_equal(judge(&settings, request, sizeof(request) - 1), 403);
}

static void a_service_with_a_path_gets_no_other(void **state)
{
	KT_CLEANUP(kt_room_settings_clear) struct kt_room_settings settings = { 0 };
	struct kt_error error = { 0 };
	static const struct request asked[] = {
		CASE(0, GET("/team/v1")),
		CASE(0, GET("/team/v1/")),
		CASE(0, GET("/team/v1?x=/..")),
		CASE(0, GET("/team/v1/users/me")),
		CASE(0, GET("/team/v1/a/../b")),
		CASE(0, GET("/%74eam/v1/users/me")),
		CASE(0, "GET http://127.0.0.1:4000/team/v1/x HTTP/1.1\r\n" HOST TOKEN "\r\n"),
		CASE(403, GET("/")),
		CASE(403, GET("/team")),
		CASE(403, GET("/team/v10/users/me")),
		CASE(403, GET("/team/v")),
		CASE(403, GET("/Team/v1/users/me")),
		CASE(403, GET("/v1/users/me")),
		CASE(403, GET("/team/v1/../v2/users/me")),
		CASE(403, GET("/team/v1/a/../../v2")),
		CASE(403, GET("/team/v1/%2e%2e/v2")),
		CASE(403, GET("/team/v1/..%2fv2")),
		CASE(403, GET("/team/v1/..\\v2")),
		CASE(403, GET("/team/v1/..;/v2")),
		CASE(403, GET("/other/../team/v1/users/me")),
		CASE(403, GET("/team/v2/../v1/users/me")),
		CASE(403, "GET http://127.0.0.1:4000 HTTP/1.1\r\n" HOST TOKEN "\r\n"),
		CASE(403, WITH("Connection: Upgrade\r\nUpgrade: websocket\r\n")),
		CASE(403, GET("/team/v1/api/permission/oauth2/token")),
	};

	(void)state;
	set_up(&settings);
	assert_true(kt_text_set(&settings.base, "/team/v1", &error));
	expect_each(&settings, asked, KT_COUNT(asked));
}

static void a_socket_asks_for_no_token_but_takes_no_other(void **state)
{
	KT_CLEANUP(kt_room_settings_clear) struct kt_room_settings settings = { 0 };
	static const struct request lent[] = {
		CASE(0, "GET /v1/users/me HTTP/1.1\r\nHost: coze\r\n\r\n"),
		CASE(0, "GET / HTTP/1.1\r\nHost: coze\r\nAuthorization: Bearer keyturn\r\n\r\n"),
		CASE(401, "GET / HTTP/1.1\r\nHost: coze\r\nAuthorization: Bearer pat_other\r\n\r\n"),
		CASE(401, "GET / HTTP/1.1\r\nHost: coze\r\nAuthorization: Bearer Keyturn\r\n\r\n"),
		CASE(401, "GET / HTTP/1.1\r\nHost: coze\r\nAuthorization: Basic keyturn\r\n\r\n"),
		CASE(400, "GET / HTTP/1.1\r\n\r\n"),
		CASE(421, "GET http://coze/ HTTP/1.1\r\nHost: coze\r\n\r\n"),
		CASE(403, "GET / HTTP/1.1\r\nHost: coze\r\nOrigin: http://x\r\n\r\n"),
		CASE(403, "GET /api/permission/x HTTP/1.1\r\nHost: coze\r\n\r\n"),
	};

	(void)state;
	expect_each(&settings, lent, KT_COUNT(lent));
}

static void pages_of_one_origin_may_ask_where_it_is_named(void **state)
{
	KT_CLEANUP(kt_room_settings_clear) struct kt_room_settings settings = { 0 };
	struct kt_error error = { 0 };
	static const struct request asked[] = {
		CASE(0, WITH("Origin: http://localhost:5173\r\nSec-Fetch-Site: cross-site\r\n")),
		CASE(0, WITH("origin: http://localhost:5173\r\n")),
		CASE(403, WITH("Origin: http://localhost:5174\r\n")),
		CASE(403, WITH("Origin: http://LOCALHOST:5173\r\n")),
		CASE(403, WITH("Origin: http://localhost:5173, http://evil.example\r\n")),
		CASE(403, WITH("Origin: http://localhost:5173\r\nOrigin: http://localhost:5173\r\n")),
		CASE(403, WITH("Origin: null\r\n")),
		CASE(403, WITH("Origin:\r\n")),
		CASE(403, WITH("Sec-Fetch-Site: cross-site\r\n")),
		CASE(403, WITH("Origin: http://localhost:5173\r\nSec-Fetch-Site: none\r\n"
		               "Sec-Fetch-Site: none\r\n")),
		CASE(401, BARE(HOST "Origin: http://localhost:5173\r\n")),
		CASE(401, "OPTIONS / HTTP/1.1\r\n" HOST "Origin: http://localhost:5173\r\n\r\n"),
		CASE(0, "OPTIONS / HTTP/1.1\r\n" HOST "Origin: http://localhost:5173\r\n"
		        "Access-Control-Request-Method: POST\r\n\r\n"),
		CASE(401, "GET / HTTP/1.1\r\n" HOST "Origin: http://localhost:5173\r\n"
		          "Access-Control-Request-Method: POST\r\n\r\n"),
		CASE(401, "OPTIONS / HTTP/1.1\r\n" HOST "Origin: http://localhost:5173\r\n"
		          "Access-Control-Request-Method: POST\r\nContent-Length: 5\r\n\r\n"),
		CASE(403, "OPTIONS / HTTP/1.1\r\n" HOST "Origin: http://evil.example\r\n"
		          "Access-Control-Request-Method: POST\r\n\r\n"),
		CASE(421, "OPTIONS / HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://localhost:5173\r\n"
		          "Access-Control-Request-Method: POST\r\n\r\n"),
	};

	(void)state;
	set_up(&settings);
	assert_true(kt_text_set(&settings.page, "http://localhost:5173", &error));
	expect_each(&settings, asked, KT_COUNT(asked));
}

static void a_head_is_bounded(void **state)
{
	KT_CLEANUP(kt_room_settings_clear) struct kt_room_settings settings = { 0 };
	char request[KT_HEAD_MAXIMUM + 64] = "GET / HTTP/1.1\r\nX: ";
	size_t start = strlen(request);

	(void)state;
	set_up(&settings);
	memset(request + start, 'a', sizeof(request) - start);
	assert_int_equal(judge(&settings, request, KT_HEAD_MAXIMUM - 1), WAITS);
	assert_int_equal(judge(&settings, request, KT_HEAD_MAXIMUM), 431);
	start = strlen("GET / HTTP/1.1\r\n");
	for (int i = 0; i < 100; i++)
		memcpy(request + start + 4 * (size_t)i, "X:\r\n", 4);
	assert_int_equal(judge(&settings, request, start + 4 * 99), WAITS);
	assert_int_equal(judge(&settings, request, start + 4 * 100), 431);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_request_has_one_reading_or_is_refused),
		cmocka_unit_test(a_head_that_comes_in_pieces_is_judged_alike),
		cmocka_unit_test(rules_let_pass_what_they_name_alone),
		cmocka_unit_test(a_rule_for_all_below_does_not_open_where_tokens_are_made),
		cmocka_unit_test(a_service_with_a_path_gets_no_other),
		cmocka_unit_test(a_socket_asks_for_no_token_but_takes_no_other),
		cmocka_unit_test(pages_of_one_origin_may_ask_where_it_is_named),
		cmocka_unit_test(a_head_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

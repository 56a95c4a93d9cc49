/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "helper/proxy/page.h"
#include "helper/proxy/refused_token.h"
#include "helper/proxy/rewrite.h"
#include "keyring/cleanup.h"

struct fixture {
	struct kt_room_settings settings;
	struct kt_secret token;
};

static int set_up(void **state)
{
	static struct fixture fixture;
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	struct kt_error error = { 0 };

	fixture = (struct fixture){ 0 };
	*state = &fixture;
	return !(kt_errand_add(&message, "api", "https://api.coze.cn/", &error) &&
	         kt_errand_add(&message, "websocket", "https://ws.coze.cn", &error) &&
	         kt_errand_add(&message, "placeholder", "ktp_right", &error) &&
	         kt_errand_add_number(&message, "port", 4000, &error) &&
	         kt_room_settings_read(&fixture.settings, &message, &error) &&
	         kt_secret_append_text(&fixture.token, "czu_live", &error));
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	kt_room_settings_clear(&fixture->settings);
	kt_secret_clear(&fixture->token);
	return 0;
}

static void expect(const struct kt_buffer *buffer, const char *text)
{
	char found[4096];
	size_t length = kt_buffer_length(buffer);

	assert_true(length < sizeof(found));
	memcpy(found, kt_buffer_bytes(buffer), length);
	found[length] = '\0';
	assert_string_equal(found, text);
}

static void expect_request(const struct fixture *fixture, const char *request, const char *sent)
{
	KT_CLEANUP(kt_buffer_clear) struct kt_buffer buffer = { 0 };
	struct kt_head head;
	struct kt_request_facts facts;
	struct kt_refusal refusal = { 0 };

	assert_int_equal(kt_head_read_request(&head, request, strlen(request), &refusal),
	                 KT_HEAD_WHOLE);
	if (!kt_judge_request(&fixture->settings, &head, &facts, &refusal))
		fail_msg("%s", refusal.rule);
	assert_true(kt_rewrite_request(&fixture->settings, &head, &facts, &fixture->token, &buffer));
	expect(&buffer, sent);
}

#define HOST "Host: 127.0.0.1:4000\r\n"
#define TOKEN "Authorization: Bearer ktp_right\r\n"
#define WEBSOCKET "Connection: Upgrade\r\nUpgrade: websocket\r\n"

static void the_token_takes_the_placeholders_place_and_all_else_stays(void **state)
{
	expect_request(*state,
	               "POST /base/v1//x%2F..%2f?ktp_right HTTP/1.1\r\n" HOST "X-Before: ktp_right\r\n"
	               "authorization:   bearer ktp_right \r\nCookie: a=ktp_right\r\nX-Before: b\r\n"
	               "Content-Length: 3\r\n\r\n",
	               "POST /base/v1//x%2F..%2f?ktp_right HTTP/1.1\r\nHost: api.coze.cn\r\n"
	               "X-Before: ktp_right\r\nauthorization: Bearer czu_live\r\n"
	               "Cookie: a=ktp_right\r\nX-Before: b\r\nContent-Length: 3\r\n\r\n");
}

static void fields_of_the_connection_stay_behind(void **state)
{
	expect_request(*state,
	               "GET / HTTP/1.1\r\n" HOST TOKEN "Connection: keep-alive, X-Own\r\nX-Own: 1\r\n"
	               "Keep-Alive: timeout=5\r\nProxy-Connection: x\r\nProxy-Authorization: x\r\n"
	               "TE: trailers\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nAccept: */*\r\n\r\n",
	               "GET / HTTP/1.1\r\nHost: api.coze.cn\r\nAuthorization: Bearer czu_live\r\n"
	               "Accept: */*\r\n\r\n");
}

static void a_coding_in_any_case_is_passed_on_in_small_letters(void **state)
{
	expect_request(*state,
	               "POST /x HTTP/1.1\r\n" HOST TOKEN "Transfer-Encoding: CHUNKED\r\n\r\n",
	               "POST /x HTTP/1.1\r\nHost: api.coze.cn\r\n"
	               "Authorization: Bearer czu_live\r\nTransfer-Encoding: chunked\r\n\r\n");
}

static void a_target_with_our_own_authority_becomes_a_path(void **state)
{
	expect_request(*state, "GET http://127.0.0.1:4000/v1?x HTTP/1.1\r\n" HOST TOKEN "\r\n",
	               "GET /v1?x HTTP/1.1\r\nHost: api.coze.cn\r\n"
	               "Authorization: Bearer czu_live\r\n\r\n");
	expect_request(*state, "GET http://127.0.0.1:4000 HTTP/1.1\r\n" HOST TOKEN "\r\n",
	               "GET / HTTP/1.1\r\nHost: api.coze.cn\r\n"
	               "Authorization: Bearer czu_live\r\n\r\n");
}

static void a_websocket_goes_to_its_own_host_without_the_token_in_its_query(void **state)
{
	static const struct {
		const char *target;
		const char *sent;
	} targets[] = {
		{ "/v1/chat", "/v1/chat" },
		{ "/v1/chat?bot_id=1&authorization=Bearer%20ktp_right", "/v1/chat?bot_id=1" },
		{ "/v1/chat?authorization=Bearer+ktp_right&bot_id=1", "/v1/chat?bot_id=1" },
		{ "/v1/chat?a=1&Authorization=ktp_right&b=2", "/v1/chat?a=1&b=2" },
		{ "/v1/chat?authorization=Bearer%20ktp%5Fright", "/v1/chat" },
		{ "/v1/chat?authorization=other", "/v1/chat?authorization=other" },
		{ "/v1/chat?xauthorization=ktp_right", "/v1/chat?xauthorization=ktp_right" },
		{ "/v1/chat?", "/v1/chat?" },
		{ "/v1/chat?a&&b", "/v1/chat?a&&b" },
	};

	for (size_t i = 0; i < KT_COUNT(targets); i++) {
		char request[512];
		char sent[512];

		snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST TOKEN
		         "Sec-WebSocket-Key: x\r\n" WEBSOCKET "\r\n", targets[i].target);
		snprintf(sent, sizeof(sent), "GET %s HTTP/1.1\r\nHost: ws.coze.cn\r\n"
		         "Authorization: Bearer czu_live\r\nSec-WebSocket-Key: x\r\n" WEBSOCKET "\r\n",
		         targets[i].sent);
		expect_request(*state, request, sent);
	}
}

static void expect_answer(const struct fixture *fixture, const char *answer, bool closes,
                          const char *passed)
{
	KT_CLEANUP(kt_buffer_clear) struct kt_buffer buffer = { 0 };
	struct kt_head head;
	struct kt_refusal refusal = { 0 };

	assert_int_equal(kt_head_read_answer(&head, answer, strlen(answer), &refusal),
	                 KT_HEAD_WHOLE);
	assert_true(kt_rewrite_answer(&fixture->settings.api, &head, closes, NULL, &buffer));
	expect(&buffer, passed);
}

static void an_answer_passes_but_for_its_connections_fields(void **state)
{
	expect_answer(*state,
	              "HTTP/1.0 200 Fine  really\r\nDate: x\r\nConnection: close, X-Own\r\nX-Own: 1\r\n"
	              "Keep-Alive: timeout=5\r\nAlt-Svc: h3\r\nStrict-Transport-Security: x\r\n"
	              "Set-Cookie: a\r\nSet-Cookie: b\r\nContent-Encoding: gzip\r\n\r\n",
	              true,
	              "HTTP/1.1 200 Fine  really\r\nDate: x\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"
	              "Content-Encoding: gzip\r\nConnection: close\r\n\r\n");
	expect_answer(*state, "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	              "Sec-WebSocket-Accept: y\r\n\r\n", false,
	              "HTTP/1.1 101 X\r\nSec-WebSocket-Accept: y\r\n" WEBSOCKET "\r\n");
}

static void a_redirect_within_the_service_stays_within_the_room(void **state)
{
	static const struct {
		const char *location;
		const char *passed;
	} locations[] = {
		{ "https://api.coze.cn/v1/x?y", "/v1/x?y" },
		{ "HTTPS://API.coze.cn/", "/" },
		{ "https://api.coze.cn", "https://api.coze.cn" },
		{ "https://api.coze.cn//evil.example", "https://api.coze.cn//evil.example" },
		{ "https://api.coze.cn.evil.example/", "https://api.coze.cn.evil.example/" },
		{ "https://api.coze.cn:444/", "https://api.coze.cn:444/" },
		{ "http://api.coze.cn/", "http://api.coze.cn/" },
		{ "/v1/x", "/v1/x" },
	};

	for (size_t i = 0; i < KT_COUNT(locations); i++) {
		char answer[256];
		char passed[256];

		snprintf(answer, sizeof(answer), "HTTP/1.1 302 Found\r\nLocation: %s\r\n\r\n",
		         locations[i].location);
		snprintf(passed, sizeof(passed), "HTTP/1.1 302 Found\r\nLocation: %s\r\n\r\n",
		         locations[i].passed);
		expect_answer(*state, answer, false, passed);
	}
}

static void a_refusal_is_json_as_the_service_has_it(void **state)
{
	KT_CLEANUP(kt_buffer_clear) struct kt_buffer buffer = { 0 };

	(void)state;
	assert_true(kt_rewrite_refusal(401, 4100, "a \"b\" \\ c\n", false, NULL, &buffer));
	expect(&buffer, "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n"
	       "Content-Length: 45\r\nWWW-Authenticate: Bearer\r\nConnection: close\r\n\r\n"
	       "{\"code\":4100,\"msg\":\"keyturn: a \\\"b\\\" \\\\ c?\"}\n");
}

static void a_page_may_read_an_answer_and_no_other_page(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n"
	                             "access-control-allow-credentials: true\r\nX: 1\r\n\r\n";
	static const char question[] = "OPTIONS / HTTP/1.1\r\nAccess-Control-Request-Method: POST\r\n"
	                               "Access-Control-Request-Headers: authorization,x-a\r\n\r\n";
	KT_CLEANUP(kt_buffer_clear) struct kt_buffer buffer = { 0 };
	struct fixture *fixture = *state;
	struct kt_head head;
	struct kt_refusal refusal = { 0 };

	assert_int_equal(kt_head_read_answer(&head, answer, strlen(answer), &refusal),
	                 KT_HEAD_WHOLE);
	assert_true(kt_rewrite_answer(&fixture->settings.api, &head, false, "http://p:1", &buffer));
	expect(&buffer, "HTTP/1.1 200 OK\r\nX: 1\r\nAccess-Control-Allow-Origin: http://p:1\r\n"
	       "Access-Control-Expose-Headers: *\r\nVary: Origin\r\n\r\n");
	kt_buffer_clear(&buffer);
	assert_int_equal(kt_head_read_request(&head, question, strlen(question), &refusal),
	                 KT_HEAD_WHOLE);
	assert_true(kt_page_append_preflight(&head, "http://p:1", &buffer));
	expect(&buffer, "HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: http://p:1\r\n"
	       "Access-Control-Expose-Headers: *\r\nVary: Origin\r\n"
	       "Access-Control-Allow-Methods: POST\r\n"
	       "Access-Control-Allow-Headers: authorization,x-a\r\n"
	       "Access-Control-Max-Age: 600\r\nConnection: close\r\n\r\n");
}

static enum kt_refused_token examine_at(bool is_coze, const char *answer, size_t length,
                                        bool is_all)
{
	struct kt_head head;
	struct kt_refusal refusal = { 0 };

	assert_int_equal(kt_head_read_answer(&head, answer, length, &refusal), KT_HEAD_WHOLE);
	return kt_refused_token_examine(&head, false,
	                                (struct kt_slice){ answer + head.length,
	                                                   length - head.length }, is_all,
	                                is_coze);
}

static enum kt_refused_token examine_bytes(const char *answer, size_t length, bool is_all)
{
	return examine_at(true, answer, length, is_all);
}

static enum kt_refused_token examine(const char *answer, bool is_all)
{
	return examine_bytes(answer, strlen(answer), is_all);
}

#define JSON(status, length, body) "HTTP/1.1 " status " X\r\nContent-Type: application/json; " \
	"charset=utf-8\r\nContent-Length: " length "\r\n\r\n" body

static void a_refused_token_is_seen_in_status_and_code(void **state)
{
	(void)state;
	assert_int_equal(examine("HTTP/1.1 401 X\r\n\r\n", false), KT_REFUSED_TOKEN_YES);
	assert_int_equal(examine(JSON("200", "13", "{\"code\":4100}"), false), KT_REFUSED_TOKEN_YES);
	assert_int_equal(examine(JSON("400", "29", "{\"msg\":\"code\",\"code\" : 4100} "), false),
	                 KT_REFUSED_TOKEN_YES);
	assert_int_equal(examine(JSON("200", "18", "{\"code\":700012006}"), false),
	                 KT_REFUSED_TOKEN_YES);
	assert_int_equal(examine(JSON("200", "13", "{\"code\":4101}"), false),
	                 KT_REFUSED_TOKEN_PERHAPS);
	assert_int_equal(examine(JSON("403", "13", "{\"code\":4101}"), false),
	                 KT_REFUSED_TOKEN_PERHAPS);
	assert_int_equal(examine(JSON("200", "13", "{\"code\":"), false), KT_REFUSED_TOKEN_UNKNOWN);
	assert_int_equal(examine(JSON("200", "13", "{\"code\":"), true), KT_REFUSED_TOKEN_NO);
	assert_int_equal(examine(JSON("200", "10", "{\"code\":0}"), false), KT_REFUSED_TOKEN_NO);
	assert_int_equal(examine(JSON("200", "14", "{\"code\":41000}"), false), KT_REFUSED_TOKEN_NO);
	assert_int_equal(examine(JSON("200", "22", "{\"data\":{\"code\":4100}} "), false),
	                 KT_REFUSED_TOKEN_NO);
	assert_int_equal(examine(JSON("200", "20", "{\"x\":\"\\\"code\\\":4100\"}"), false),
	                 KT_REFUSED_TOKEN_NO);
	assert_int_equal(examine(JSON("200", "1025", "{\"code\":4100}"), false),
	                 KT_REFUSED_TOKEN_NO);
	assert_int_equal(examine(JSON("500", "13", "{\"code\":4100}"), false), KT_REFUSED_TOKEN_NO);
	assert_int_equal(examine("HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n\r\n", false),
	                 KT_REFUSED_TOKEN_NO);
	assert_int_equal(examine("HTTP/1.1 200 X\r\nContent-Type: application/json\r\n"
	                         "Transfer-Encoding: chunked\r\n\r\n", false), KT_REFUSED_TOKEN_NO);
	assert_int_equal(examine("HTTP/1.1 200 X\r\nContent-Type: application/json\r\n"
	                         "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nxxxxx", false),
	                 KT_REFUSED_TOKEN_NO);
}

static enum kt_refused_token examine_elsewhere(const char *answer)
{
	return examine_at(false, answer, strlen(answer), true);
}

static void elsewhere_than_at_coze_the_status_alone_refuses_a_token(void **state)
{
	(void)state;
	assert_int_equal(examine_elsewhere("HTTP/1.1 401 X\r\n\r\n"), KT_REFUSED_TOKEN_YES);
	assert_int_equal(examine_elsewhere(JSON("200", "13", "{\"code\":4100}")),
	                 KT_REFUSED_TOKEN_NO);
	assert_int_equal(examine_elsewhere(JSON("403", "18", "{\"code\":700012006}")),
	                 KT_REFUSED_TOKEN_NO);
	assert_int_equal(examine_elsewhere(JSON("403", "13", "{\"code\":4101}")),
	                 KT_REFUSED_TOKEN_NO);
}

/* An answer whose body is what gzip makes of the text. */
static enum kt_refused_token examine_gzip(const char *text, const char *coding, size_t cut)
{
	char answer[1024];
	unsigned char body[512];
	z_stream stream = { .next_in = (unsigned char *)text, .avail_in = (unsigned)strlen(text),
		            .next_out = body, .avail_out = sizeof(body) };
	int length;

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8,
	                              Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	stream.total_out -= cut;
	length = snprintf(answer, sizeof(answer), "HTTP/1.1 200 X\r\nContent-Type: application/json\r\n"
	                  "%sContent-Length: %lu\r\n\r\n", coding, stream.total_out);
	memcpy(answer + length, body, stream.total_out);
	return examine_bytes(answer, (size_t)length + stream.total_out, false);
}

static void a_refused_token_is_seen_in_a_compressed_answer(void **state)
{
	static const char gzip[] = "Content-Encoding: gzip\r\n";
	char padded[4098] = "{\"code\":4100}";

	(void)state;
	assert_int_equal(examine_gzip("{\"code\":4100}", gzip, 0), KT_REFUSED_TOKEN_YES);
	assert_int_equal(examine_gzip("{\"code\":4101}", "content-encoding: GZIP\r\n", 0),
	                 KT_REFUSED_TOKEN_PERHAPS);
	assert_int_equal(examine_gzip("{\"code\":0}", gzip, 0), KT_REFUSED_TOKEN_NO);
	assert_int_equal(examine_gzip("{\"code\":4100}", "Content-Encoding: br\r\n", 0),
	                 KT_REFUSED_TOKEN_NO);
	assert_int_equal(examine_gzip("{\"code\":4100}", "Content-Encoding: gzip\r\n"
	                              "Content-Encoding: gzip\r\n", 0), KT_REFUSED_TOKEN_NO);
	assert_int_equal(examine_gzip("{\"code\":4100}", gzip, 1), KT_REFUSED_TOKEN_NO);
	memset(padded + 13, ' ', 4096 - 13);
	assert_int_equal(examine_gzip(padded, gzip, 0), KT_REFUSED_TOKEN_YES);
	padded[4096] = ' ';
	assert_int_equal(examine_gzip(padded, gzip, 0), KT_REFUSED_TOKEN_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_token_takes_the_placeholders_place_and_all_else_stays),
		cmocka_unit_test(fields_of_the_connection_stay_behind),
		cmocka_unit_test(a_coding_in_any_case_is_passed_on_in_small_letters),
		cmocka_unit_test(a_target_with_our_own_authority_becomes_a_path),
		cmocka_unit_test(a_websocket_goes_to_its_own_host_without_the_token_in_its_query),
		cmocka_unit_test(an_answer_passes_but_for_its_connections_fields),
		cmocka_unit_test(a_redirect_within_the_service_stays_within_the_room),
		cmocka_unit_test(a_refusal_is_json_as_the_service_has_it),
		cmocka_unit_test(a_page_may_read_an_answer_and_no_other_page),
		cmocka_unit_test(a_refused_token_is_seen_in_status_and_code),
		cmocka_unit_test(elsewhere_than_at_coze_the_status_alone_refuses_a_token),
		cmocka_unit_test(a_refused_token_is_seen_in_a_compressed_answer),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "helper/protocol/protocol.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * A corpus of hostile requests, generated: each cell of a table of places and attacks is one
 * request. A request that breaks a rule must be refused. One that is taken must name the
 * service that its bytes name and answer in lines that the encoder meant. A refusal must never
 * say a byte of the request.
 */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CANARY "c4n4ry"

/* Cases that ran, for the assertion that the corpus is one. */
static size_t cases;

struct piece {
	const char *bytes;
	size_t length;
};

#define PIECE(text) { text, sizeof(text) - 1 }

/* Bytes that may stand in no line at all. */
static const struct piece controls[] = {
	PIECE("\x00"), PIECE("\x01"), PIECE("\x02"), PIECE("\x03"), PIECE("\x04"), PIECE("\x05"),
	PIECE("\x06"), PIECE("\x07"), PIECE("\x08"), PIECE("\x09"), PIECE("\x0b"), PIECE("\x0c"),
	PIECE("\x0d"), PIECE("\x0e"), PIECE("\x0f"), PIECE("\x10"), PIECE("\x11"), PIECE("\x12"),
	PIECE("\x13"), PIECE("\x14"), PIECE("\x15"), PIECE("\x16"), PIECE("\x17"), PIECE("\x18"),
	PIECE("\x19"), PIECE("\x1a"), PIECE("\x1b"), PIECE("\x1c"), PIECE("\x1d"), PIECE("\x1e"),
	PIECE("\x1f"), PIECE("\x7f"), PIECE("\r\r\n"), PIECE("\x1b]0;x\x07"), PIECE("\x1b[2J"),
};

/* Bytes that are no UTF-8. */
static const struct piece broken[] = {
	PIECE("\x80"), PIECE("\xbf"), PIECE("\xc0\x80"), PIECE("\xc1\xbf"), PIECE("\xc3"),
	PIECE("\xe0\x80\x80"), PIECE("\xed\xa0\x80"), PIECE("\xed\xbf\xbf"), PIECE("\xe2\x82"),
	PIECE("\xf0\x80\x80\x80"), PIECE("\xf4\x90\x80\x80"), PIECE("\xf8\x88\x80\x80\x80"),
	PIECE("\xfe"), PIECE("\xff"),
};

/* Bytes that stand in no host name. */
static const struct piece in_no_host[] = {
	PIECE(" "), PIECE("/"), PIECE("?"), PIECE("#"), PIECE("@"), PIECE("\\"), PIECE("%"),
	PIECE("%2e"), PIECE("%00"), PIECE("%0a"), PIECE(","), PIECE(";"), PIECE("'"), PIECE("\""),
	PIECE("$"), PIECE("`"), PIECE("*"), PIECE("|"), PIECE("&"), PIECE("("), PIECE("<"),
	PIECE("["), PIECE("]"), PIECE("::"), PIECE(".."), PIECE("="), PIECE("+"), PIECE("!"),
	PIECE("~"), PIECE("^"), PIECE("{"), PIECE(":x:"), PIECE("\xc2\xa0"), PIECE("\xc2\xad"),
	PIECE("\xe2\x80\x8b"), PIECE("\xe2\x80\xae"), PIECE("\xe3\x80\x82"), PIECE("\xef\xbc\x8e"),
	PIECE("\xd0\xb0"), PIECE("\xc5\xbf"), PIECE("\xe2\x84\xaa"), PIECE("\xf0\x9f\x98\x80"),
};

/* Every key that the parser knows but protocol, host and url. */
static const char *const keys[] = {
	"path", "username", "password", "password_expiry_utc", "oauth_refresh_token", "authtype",
	"credential", "ephemeral", "kind", "client_id", "client_secret", "token_endpoint",
	"session_name", "quit", "continue",
};

static void append(struct kt_secret *text, const char *bytes, size_t length)
{
	struct kt_error error = { 0 };

	assert_true(kt_secret_append(text, bytes, length, &error));
}

static void append_text(struct kt_secret *text, const char *more)
{
	append(text, more, strlen(more));
}

static bool run(const struct kt_secret *text, struct kt_request *request)
{
	struct kt_error error = { 0 };
	bool is_taken = kt_request_parse_git(request, kt_secret_reveal(text),
	                                     kt_secret_length(text), &error);

	cases++;
	assert_null(strstr(error.message, CANARY));
	assert_null(strstr(error.remedy, CANARY));
	assert_true(kt_characters_are_clean(error.message, strlen(error.message)));
	if (!is_taken) {
		assert_int_equal(error.code, KT_ERROR_USAGE);
		assert_null(request->pattern.protocol);
		assert_null(request->pattern.host);
	}
	return is_taken;
}

static void must_refuse(const struct kt_secret *text)
{
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };

	if (run(text, &request))
		fail_msg("case %zu was taken", cases);
}

static void must_take(const struct kt_secret *text)
{
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };

	if (!run(text, &request))
		fail_msg("case %zu was refused", cases);
}

/* Puts the piece at the value's start, middle or end. */
static void append_value(struct kt_secret *text, const struct piece *piece, size_t place)
{
	append_text(text, place > 0 ? CANARY : "");
	append(text, piece->bytes, piece->length);
	append_text(text, place < 2 ? CANARY : "");
}

static void control_bytes_are_refused_in_every_value(void **state)
{
	(void)state;

	for (size_t key = 0; key < COUNT(keys); key++)
		for (size_t piece = 0; piece < COUNT(controls); piece++) {
			KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

			append_text(&text, "protocol=https\nhost=api.coze.cn\n");
			append_text(&text, keys[key]);
			append_text(&text, "=");
			append_value(&text, &controls[piece], piece % 3);
			append_text(&text, "\n\n");
			/* A CR right before the LF is the line's end. */
			if (piece % 3 == 2 && controls[piece].bytes[0] == '\r' &&
			    controls[piece].length == 1)
				continue;
			must_refuse(&text);
		}
}

static void control_bytes_are_refused_in_keys_and_lists(void **state)
{
	static const char *const starts[] = { "pass", "wwwauth[]=Basic ", "capability[]=",
	                                      "state[]=keyturn:", "unknown=", "unknown[]=" };

	(void)state;

	for (size_t start = 0; start < COUNT(starts); start++)
		for (size_t piece = 0; piece < COUNT(controls); piece++) {
			KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

			append_text(&text, "protocol=https\nhost=api.coze.cn\n");
			append_text(&text, starts[start]);
			append(&text, controls[piece].bytes, controls[piece].length);
			append_text(&text, start == 0 ? "word=x\n" : CANARY "\n");
			must_refuse(&text);
		}
}

/* A password is the server's: any bytes but control characters. */
static void what_is_no_utf8_is_refused_in_every_known_value(void **state)
{
	(void)state;

	for (size_t key = 0; key < COUNT(keys); key++)
		for (size_t piece = 0; piece < COUNT(broken); piece++) {
			KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

			append_text(&text, keys[key]);
			append_text(&text, "=");
			append_value(&text, &broken[piece], piece % 3);
			append_text(&text, "\nprotocol=https\nhost=api.coze.cn\n\n");
			if (strcmp(keys[key], "password") == 0)
				must_take(&text);
			else
				must_refuse(&text);
		}
}

static void hosts_with_foreign_bytes_are_refused(void **state)
{
	(void)state;

	for (size_t piece = 0; piece < COUNT(in_no_host); piece++)
		for (size_t place = 0; place < 3; place++) {
			KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

			append_text(&text, "protocol=https\nhost=");
			append_value(&text, &in_no_host[piece], place);
			append_text(&text, "\n\n");
			must_refuse(&text);
		}
}

static void protocols_with_foreign_bytes_are_refused(void **state)
{
	(void)state;

	for (size_t piece = 0; piece < COUNT(in_no_host); piece++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

		if (strcmp(in_no_host[piece].bytes, "+") == 0 ||
		    strcmp(in_no_host[piece].bytes, "..") == 0)
			continue;
		append_text(&text, "host=api.coze.cn\nprotocol=https");
		append(&text, in_no_host[piece].bytes, in_no_host[piece].length);
		append_text(&text, "\n\n");
		must_refuse(&text);
	}
}

/* Every byte, percent-encoded, in each part of a URL: no line and no host comes out of it. */
static void escapes_in_urls_stay_in_their_part(void **state)
{
	static const char *const forms[] = {
		"url=https://us%%%02xer@api.coze.cn/p\n", "url=https://u:pa%%%02xss@api.coze.cn\n",
		"url=https://api.coze.cn/pa%%%02xth\n",   "url=https://api%%%02x.coze.cn/p\n",
	};

	(void)state;

	for (size_t form = 0; form < COUNT(forms); form++)
		for (unsigned int byte = 0; byte < 256; byte++) {
			KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
			KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
			bool must_be_taken = form < 3 && byte >= 0x20 && byte < 0x7f;
			char line[128];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(line, sizeof(line), forms[form], byte);
#pragma GCC diagnostic pop
			append_text(&text, line);
			if (run(&text, &request))
				assert_string_equal(request.pattern.host, "api.coze.cn");
			/* A byte above 0x7f alone is no UTF-8; a password's bytes are its own. */
			if (byte < 0x80)
				assert_int_equal(request.pattern.host != NULL, must_be_taken);
		}
}

static void a_second_occurrence_is_refused(void **state)
{
	static const char *const between[] = { "", "unknown=x\n", "wwwauth[]=Basic\n",
	                                       "url=https://api.coze.cn\n" };

	(void)state;

	for (size_t key = 0; key < COUNT(keys); key++)
		for (size_t i = 0; i < COUNT(between); i++) {
			KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

			append_text(&text, "protocol=https\nhost=api.coze.cn\n");
			append_text(&text, keys[key]);
			append_text(&text, "=1\n");
			append_text(&text, between[i]);
			append_text(&text, keys[key]);
			append_text(&text, "=1\n\n");
			must_refuse(&text);
		}
}

/* Lines that end near the borders of anyone's buffer; the tail must not become a key. */
static void a_long_line_is_not_split(void **state)
{
	static const size_t sizes[] = { 126, 127, 128, 254, 255, 256, 510, 511, 512, 1022, 1023,
	                                1024, 2047, 2048, 4095, 4096, 4097, 8192, 16384, 32768,
	                                65000 };

	(void)state;

	for (size_t size = 0; size < COUNT(sizes); size++)
		for (size_t offset = 0; offset < 3; offset++) {
			KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
			KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };

			append_text(&text, "protocol=https\nhost=api.coze.cn\nwwwauth[]=");
			for (size_t i = 0; i < sizes[size] - 10 + offset; i++)
				append(&text, "a", 1);
			append_text(&text, "host=evil.example username=evil password=evil\n\n");

			assert_true(run(&text, &request));
			assert_string_equal(request.pattern.host, "api.coze.cn");
			assert_null(request.pattern.username);
			assert_false(request.has_password);
		}
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

/* Whatever a request says, its answer has the lines of its kind and no other. */
static void no_request_shapes_the_answer(void **state)
{
	static const char *const lines[] = {
		"username=password=x", "path=a&host=b", "state[]=keyturn:acct=other",
		"wwwauth[]=Bearer\", credential=\"x", "capability[]=authtype state",
		"capability[]=AUTHTYPE", "unknown=username=y", "x[]=capability[]=authtype",
		"authtype=Bearer", "credential=x", "password=%0ausername=y", "ephemeral=%0a",
		"quit=1", "continue=1", "username=\xe2\x80\xa8", "path=\xc2\x85host=b",
	};
	struct kt_error error = { 0 };
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };

	(void)state;
	assert_true(kt_text_set(&answer.username, "work", &error));
	assert_true(kt_secret_append_text(&answer.secret, "pat_ex", &error));

	for (size_t first = 0; first < COUNT(lines); first++)
		for (size_t second = 0; second < COUNT(lines); second++) {
			KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
			KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
			KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };

			append_text(&text, "protocol=https\nhost=api.coze.cn\n");
			append_text(&text, lines[first]);
			append_text(&text, "\n");
			append_text(&text, lines[second]);
			append_text(&text, "\n\n");
			if (!run(&text, &request))
				continue;
			assert_true(kt_protocol_git_answer(&request, &answer, &bytes, &error));
			assert_string_equal(kt_secret_reveal(&bytes),
			                    "username=work\npassword=pat_ex\n");
			assert_int_equal(count_lines(kt_secret_reveal(&bytes)), 2);
		}
}

static void the_corpus_has_a_thousand_cases(void **state)
{
	(void)state;

	print_message("%zu hostile requests\n", cases);
	assert_true(cases >= 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_bytes_are_refused_in_every_value),
		cmocka_unit_test(control_bytes_are_refused_in_keys_and_lists),
		cmocka_unit_test(what_is_no_utf8_is_refused_in_every_known_value),
		cmocka_unit_test(hosts_with_foreign_bytes_are_refused),
		cmocka_unit_test(protocols_with_foreign_bytes_are_refused),
		cmocka_unit_test(escapes_in_urls_stay_in_their_part),
		cmocka_unit_test(a_second_occurrence_is_refused),
		cmocka_unit_test(a_long_line_is_not_split),
		cmocka_unit_test(no_request_shapes_the_answer),
		cmocka_unit_test(the_corpus_has_a_thousand_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/request.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SERVICE "protocol=https\nhost=api.coze.cn\n"

static bool parse_bytes(struct kt_request *request, const char *bytes, size_t length)
{
	struct kt_error error = { 0 };
	bool parsed = kt_request_parse_git(request, bytes, length, &error);

	assert_int_equal(error.code, parsed ? KT_ERROR_NONE : KT_ERROR_USAGE);
	return parsed;
}

static bool parse(struct kt_request *request, const char *text)
{
	return parse_bytes(request, text, strlen(text));
}

static bool is_taken(const char *text)
{
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };

	return parse(&request, text);
}

static void assert_text(const char *text, const char *expected)
{
	if (!expected)
		assert_null(text);
	else
		assert_string_equal(text, expected);
}

static void assert_secret(const struct kt_secret *secret, const char *expected)
{
	assert_string_equal(kt_secret_reveal(secret), expected);
}

static void every_key_reaches_its_member(void **state)
{
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };

	(void)state;

	assert_true(parse(&request,
	                  "capability[]=authtype\ncapability[]=state\ncapability[]=later\n"
	                  "protocol=https\nhost=api.coze.cn\npath=a/b.git\nusername=work\n"
	                  "password=pat_ex\npassword_expiry_utc=1767230000\n"
	                  "oauth_refresh_token=rt_ex\nauthtype=Bearer\ncredential=czt_ex\n"
	                  "ephemeral=1\nstate[]=other:1\nstate[]=keyturn:acct=work\n"
	                  "wwwauth[]=Bearer realm=\"x\"\nkind=oauth\nclient_id=id\n"
	                  "client_secret=cs_ex\ntoken_endpoint=https://t.example/token\n"
	                  "session_name=s1\nunknown=1\nunknown=2\nunknown[]=3\nquit=1\n\n"));

	assert_text(request.pattern.protocol, "https");
	assert_text(request.pattern.host, "api.coze.cn");
	assert_text(request.pattern.path, "a/b.git");
	assert_text(request.pattern.username, "work");
	assert_true(request.has_password);
	assert_secret(&request.password, "pat_ex");
	assert_true(request.has_expiry);
	assert_int_equal(request.expiry, 1767230000);
	assert_secret(&request.oauth_refresh_token, "rt_ex");
	assert_text(request.authtype, "Bearer");
	assert_secret(&request.credential, "czt_ex");
	assert_true(request.is_ephemeral);
	assert_true(request.can_authtype);
	assert_true(request.can_state);
	assert_true(request.wants_bearer);
	assert_false(request.wants_basic);
	assert_text(request.state, "acct=work");
	assert_text(request.kind, "oauth");
	assert_text(request.client_id, "id");
	assert_secret(&request.client_secret, "cs_ex");
	assert_text(request.token_endpoint, "https://t.example/token");
	assert_text(request.session_name, "s1");
}

static void an_absent_key_differs_from_an_empty_one(void **state)
{
	KT_CLEANUP(kt_request_clear) struct kt_request absent = { 0 };
	KT_CLEANUP(kt_request_clear) struct kt_request empty = { 0 };

	(void)state;

	assert_true(parse(&absent, SERVICE));
	assert_true(parse(&empty, SERVICE "username=\npath=\npassword=\n"));

	assert_null(absent.pattern.username);
	assert_null(absent.pattern.path);
	assert_false(absent.has_password);
	assert_text(empty.pattern.username, "");
	assert_text(empty.pattern.path, "");
	assert_true(empty.has_password);
	assert_true(kt_secret_is_empty(&empty.password));
}

static void rules_of_lines_hold(void **state)
{
	static const struct {
		const char *text;
		bool is_taken;
	} rules[] = {
		{ SERVICE, true },
		{ SERVICE "\n", true },
		{ "protocol=https\nhost=api.coze.cn", true },
		{ "protocol=https\r\nhost=api.coze.cn\r\n\r\n", true },
		{ SERVICE "\nno rule holds behind the blank line\n", true },
		{ SERVICE "\r\n\x01\x02\n", true },
		{ SERVICE "password=a=b==c\n", true },
		{ SERVICE "password= \n", true },
		{ SERVICE "a-b_9=x\nx-y[]=\n", true },
		{ SERVICE "username=\xc3\xa4\n", true },
		{ SERVICE "wwwauth[]=Basic realm=\"\xff\xfe\"\n", true },
		{ SERVICE "unknown=\xff\xfe\n", true },
		{ SERVICE "path=/lead\n", true },
		{ "", false },
		{ "\n", false },
		{ "\n" SERVICE, false },
		{ "protocol=https\n", false },
		{ "host=api.coze.cn\n", false },
		{ "protocol=https\n\nhost=api.coze.cn\n", false },
		{ "protocol=\nhost=api.coze.cn\n", false },
		{ "protocol=https\nhost=\n", false },
		{ "protocol=http\nhost=\n", false },
		{ "protocol=cert\nhost=\npath=/etc/ssl/me.pem\n", true },
		{ "protocol=cert\n", false },
		{ "url=\n", false },
		{ SERVICE "username\n", false },
		{ SERVICE "=value\n", false },
		{ SERVICE "[]=value\n", false },
		{ SERVICE "UserName=x\n", false },
		{ SERVICE "user name=x\n", false },
		{ SERVICE "a[0]=x\n", false },
		{ SERVICE "a[][]=x\n", false },
		{ SERVICE "a[=x\n", false },
		{ SERVICE "\xc3\xa4=x\n", false },
		{ SERVICE "username=a\rb\n", false },
		{ SERVICE "username=a\r\r\n", false },
		{ SERVICE "\r\r\n", false },
		{ SERVICE "username=a\r", false },
		{ SERVICE "username=a\tb\n", false },
		{ SERVICE "username=a\x1b[0m\n", false },
		{ SERVICE "username=a\x7f\n", false },
		{ SERVICE "wwwauth[]=Basic\x01\n", false },
		{ SERVICE "unknown=\x02\n", false },
		{ SERVICE "username=\xff\n", false },
		{ SERVICE "password=\xc0\x80\n", true },
		{ SERVICE "username=\xed\xa0\x80\n", false },
		{ SERVICE "protocol=https\n", false },
		{ SERVICE "host=api.coze.cn\n", false },
		{ SERVICE "username=a\nusername=a\n", false },
		{ SERVICE "password=a\npassword=b\n", false },
		{ SERVICE "path=a\npath=a\n", false },
		{ SERVICE "quit=1\nquit=1\n", false },
		{ SERVICE "state[]=keyturn:a\nstate[]=keyturn:b\n", false },
	};

	(void)state;

	for (size_t i = 0; i < COUNT(rules); i++)
		if (is_taken(rules[i].text) != rules[i].is_taken)
			fail_msg("rule %zu does not hold", i);
}

static void nul_is_refused_wherever_it_stands(void **state)
{
	static const char text[] = SERVICE "username=work\nwwwauth[]=Basic\nunknown=1\n";

	(void)state;

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
		char damaged[sizeof(text)];

		memcpy(damaged, text, sizeof(text));
		damaged[i] = '\0';
		assert_false(parse_bytes(&request, damaged, sizeof(text) - 1));
	}
}

static void limits_are_git_s(void **state)
{
	static const struct {
		size_t length;
		bool is_taken;
	} lines[] = { { 65534, true }, { 65535, true }, { 65536, false }, { 70000, false } };
	char *text = malloc(sizeof(SERVICE) + 70000);

	(void)state;
	assert_non_null(text);

	for (size_t i = 0; i < COUNT(lines); i++) {
		KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
		size_t service = strlen(SERVICE);

		memcpy(text, SERVICE "path=", service + 5);
		memset(text + service + 5, 'p', lines[i].length - 6);
		text[service + lines[i].length - 1] = '\n';

		assert_int_equal(parse_bytes(&request, text, service + lines[i].length),
		                 lines[i].is_taken);
		if (lines[i].is_taken)
			assert_int_equal(strlen(request.pattern.path), lines[i].length - 6);
	}
	free(text);
}

static void a_request_has_at_most_1024_lines(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(kt_secret_append_text(&text, SERVICE, &error));
	for (size_t line = 2; line < KT_REQUEST_LINES; line++)
		assert_true(kt_secret_append_text(&text, "unknown=x\n", &error));

	assert_true(parse_bytes(&request, kt_secret_reveal(&text), kt_secret_length(&text)));
	assert_true(kt_secret_append_text(&text, "unknown=x\n", &error));
	assert_false(parse_bytes(&request, kt_secret_reveal(&text), kt_secret_length(&text)));
}

static void a_request_has_at_most_a_mebibyte(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
	struct kt_error error = { 0 };
	static char line[65535];

	(void)state;
	memset(line, 'a', sizeof(line));
	line[7] = '=';
	line[sizeof(line) - 1] = '\n';
	assert_true(kt_secret_append_text(&text, SERVICE, &error));
	for (int i = 0; i < 15; i++)
		assert_true(kt_secret_append(&text, line, sizeof(line), &error));

	assert_true(parse_bytes(&request, kt_secret_reveal(&text), kt_secret_length(&text)));
	assert_true(kt_secret_append(&text, line, sizeof(line), &error));
	assert_false(parse_bytes(&request, kt_secret_reveal(&text), kt_secret_length(&text)));
}

static void an_unreadable_expiry_is_long_past(void **state)
{
	static const struct {
		const char *text;
		int64_t expiry;
	} values[] = {
		{ "1767230000", 1767230000 },
		{ "1", 1 },
		{ "2", 2 },
		{ "0001767230000", 1767230000 },
		{ "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", 1 },
		{ "99999999999999999999999999", 1 },
		{ "0", 1 },
		{ "", 1 },
		{ "-1", 1 },
		{ "+1767230000", 1 },
		{ " 1767230000", 1 },
		{ "1767230000 ", 1 },
		{ "1767230000.5", 1 },
		{ "0x7fffffff", 1 },
		{ "1e10", 1 },
		{ "never", 1 },
		{ "2026-01-01", 1 },
	};

	(void)state;

	for (size_t i = 0; i < COUNT(values); i++) {
		KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
		char text[128];

		snprintf(text, sizeof(text), SERVICE "password_expiry_utc=%s\n", values[i].text);
		assert_true(parse(&request, text));
		assert_true(request.has_expiry);
		assert_true(request.expiry == values[i].expiry);
	}
}

static void only_git_s_no_is_not_ephemeral(void **state)
{
	static const struct {
		const char *text;
		bool is_ephemeral;
	} values[] = {
		{ "1", true },     { "true", true },   { "yes", true }, { "2", true },
		{ "maybe", true }, { "0", false },     { "", false },   { "No", false },
		{ "off", false },  { "FALSE", false }, { "00", true },  { "falsely", true },
	};

	(void)state;

	for (size_t i = 0; i < COUNT(values); i++) {
		KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
		char text[128];

		snprintf(text, sizeof(text), SERVICE "ephemeral=%s\n", values[i].text);
		assert_true(parse(&request, text));
		assert_int_equal(request.is_ephemeral, values[i].is_ephemeral);
	}
}

static void lists_follow_their_table(void **state)
{
	static const struct {
		const char *lines;
		bool can_authtype, can_state, wants_bearer, wants_basic;
		const char *state;
	} rows[] = {
		{ "", 0, 0, 0, 0, NULL },
		{ "capability[]=authtype\n", 1, 0, 0, 0, NULL },
		{ "capability[]=state\n", 0, 1, 0, 0, NULL },
		{ "capability[]=authtype\ncapability[]=state\n", 1, 1, 0, 0, NULL },
		{ "capability[]=authtype\ncapability[]=authtype\n", 1, 0, 0, 0, NULL },
		{ "capability[]=Authtype\n", 0, 0, 0, 0, NULL },
		{ "capability[]=authtypes\n", 0, 0, 0, 0, NULL },
		{ "capability[]=auth\n", 0, 0, 0, 0, NULL },
		{ "capability[]= state\n", 0, 0, 0, 0, NULL },
		{ "capability=authtype\n", 0, 0, 0, 0, NULL },
		{ "capability[]=authtype\ncapability[]=\n", 0, 0, 0, 0, NULL },
		{ "capability[]=authtype\ncapability[]=\ncapability[]=state\n", 0, 1, 0, 0, NULL },
		{ "capability[]=\ncapability[]=authtype\n", 1, 0, 0, 0, NULL },
		{ "capability[]=authtype\nwwwauth[]=\n", 1, 0, 0, 0, NULL },
		{ "state[]=keyturn:acct=work\n", 0, 0, 0, 0, "acct=work" },
		{ "state[]=keyturn:\n", 0, 0, 0, 0, "" },
		{ "state[]=keyturn\n", 0, 0, 0, 0, NULL },
		{ "state[]=Keyturn:a\n", 0, 0, 0, 0, NULL },
		{ "state[]=other:keyturn:a\n", 0, 0, 0, 0, NULL },
		{ "state[]=other:1\nstate[]=keyturn:b\nstate[]=third:\n", 0, 0, 0, 0, "b" },
		{ "state[]=keyturn:a\nstate[]=\n", 0, 0, 0, 0, NULL },
		{ "state[]=keyturn:a\nstate[]=\nstate[]=keyturn:b\n", 0, 0, 0, 0, "b" },
		{ "state=keyturn:a\n", 0, 0, 0, 0, NULL },
		{ "wwwauth[]=Bearer\n", 0, 0, 1, 0, NULL },
		{ "wwwauth[]=bearer realm=\"x\"\n", 0, 0, 1, 0, NULL },
		{ "wwwauth[]=BEARER,basic\n", 0, 0, 1, 1, NULL },
		{ "wwwauth[]=Basic realm=\"x\"\nwwwauth[]=Bearer\n", 0, 0, 1, 1, NULL },
		{ "wwwauth[]=Basic realm=\"a, Bearer b\"\n", 0, 0, 0, 1, NULL },
		{ "wwwauth[]=Basic realm=\"a\\\", Bearer b\"\n", 0, 0, 0, 1, NULL },
		{ "wwwauth[]=Basic realm=\"a\", Bearer realm=\"b\"\n", 0, 0, 1, 1, NULL },
		{ "wwwauth[]=Basic realm=\"a\" , bearer\n", 0, 0, 1, 1, NULL },
		{ "wwwauth[]=Basic realm=Bearer\n", 0, 0, 0, 1, NULL },
		{ "wwwauth[]=Basic Bearer\n", 0, 0, 0, 1, NULL },
		{ "wwwauth[]=Digest bearer=1, basic=2\n", 0, 0, 0, 0, NULL },
		{ "wwwauth[]=Bearers\nwwwauth[]=XBasic\n", 0, 0, 0, 0, NULL },
		{ "wwwauth[]=  Bearer  \n", 0, 0, 1, 0, NULL },
		{ "wwwauth[]=,,,Bearer\n", 0, 0, 1, 0, NULL },
		{ "wwwauth[]=\"Bearer\n", 0, 0, 0, 0, NULL },
		{ "wwwauth[]=Negotiate, Basic\n", 0, 0, 0, 1, NULL },
		{ "wwwauth[]=Basic\\\n", 0, 0, 0, 0, NULL },
		{ "wwwauth[]=\"\\\n", 0, 0, 0, 0, NULL },
		{ "wwwauth[]=Basic\nwwwauth[]=\n", 0, 0, 0, 0, NULL },
		{ "wwwauth[]=Basic\nwwwauth[]=\nwwwauth[]=Bearer\n", 0, 0, 1, 0, NULL },
		{ "wwwauth=Basic\n", 0, 0, 0, 0, NULL },
	};

	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
		char text[256];

		snprintf(text, sizeof(text), SERVICE "%s\n", rows[i].lines);
		assert_true(parse(&request, text));
		if (request.can_authtype != rows[i].can_authtype ||
		    request.can_state != rows[i].can_state ||
		    request.wants_bearer != rows[i].wants_bearer ||
		    request.wants_basic != rows[i].wants_basic)
			fail_msg("row %zu of the list table", i);
		assert_text(request.state, rows[i].state);
	}
}

static void a_list_has_at_most_64_entries(void **state)
{
	static const char *const entries[] = { "capability[]=x\n", "state[]=x\n",
	                                       "wwwauth[]=x\n" };

	(void)state;

	for (size_t i = 0; i < COUNT(entries); i++) {
		char text[4096] = SERVICE;

		for (int entry = 0; entry < 64; entry++)
			strncat(text, entries[i], sizeof(text) - strlen(text) - 1);
		assert_true(is_taken(text));
		strncat(text, entries[i], sizeof(text) - strlen(text) - 1);
		assert_false(is_taken(text));
	}
}

static void a_reset_list_may_be_filled_again(void **state)
{
	char text[4096] = SERVICE;

	(void)state;
	for (int entry = 0; entry < 64; entry++)
		strncat(text, "state[]=x\n", sizeof(text) - strlen(text) - 1);
	strncat(text, "state[]=\nstate[]=x\n", sizeof(text) - strlen(text) - 1);

	assert_true(is_taken(text));
}

static void no_look_alike_is_the_service(void **state)
{
	static const char *const hosts[] = {
		"api.coze.cn..", "api.coze.cn.evil.example", "xapi.coze.cn", "x.api.coze.cn",
		"api.coze.co", "api.coze.cnn", "api.coze.com", "coze.cn", "www.coze.cn",
		"api-coze.cn", "api.coze-cn", "apicoze.cn", "api..coze.cn", ".api.coze.cn",
		"api.coze.cn:80", "api.coze.cn:444", "api.coze.cn:4430", "api.coze.cn::",
		"api.coze.cn:0", "api.coze.cn:65979", "api.coze.cn:443:443", "api.coze.cn:443@x",
		"api.coze.cn@evil.example", "evil.example@api.coze.cn", "api.coze.cn/",
		"api.coze.cn/x", "api.coze.cn?x", "api.coze.cn#x", "api.coze.cn\\x",
		"api.coze.cn%00", "api.coze.cn%2e", "api%2ecoze.cn", "%61pi.coze.cn",
		"api.coze.cn%0a", "api.coze.cn ", " api.coze.cn", "api.coze.cn\t", "api,coze.cn",
		"api.coze.cn;x", "api.coze.cn,evil.example", "\xd0\xb0pi.coze.cn",
		"api.co\xd1\x95\x65.cn", "xn--pi-6kc.coze.cn", "api\xe3\x80\x82\x63oze.cn",
		"\xef\xbd\x81pi.coze.cn", "api.coze.cn\xc2\xad", "a\xcc\x81pi.coze.cn",
		"api.coze.\xe4\xb8\xad\xe5\x9b\xbd", "[api.coze.cn]", "api.coze.cn]", "\"api.coze.cn\"",
		"'api.coze.cn'", "$(api.coze.cn)", "*.coze.cn", "api.coze.*", "-api.coze.cn",
		"api_coze.cn", "ws.coze.cn..", "wss.coze.cn", "127.0.0.1",
	};

	(void)state;
	assert_true(COUNT(hosts) >= 50);

	for (size_t i = 0; i < COUNT(hosts); i++) {
		KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
		char text[256];

		snprintf(text, sizeof(text), "protocol=https\nhost=%s\n", hosts[i]);
		if (parse(&request, text))
			assert_string_not_equal(request.pattern.host, "api.coze.cn");
	}
}

static void url_forgets_what_stands_before_it(void **state)
{
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };

	(void)state;

	assert_true(parse(&request, "capability[]=authtype\ncapability[]=state\nusername=old\n"
	                            "password=old\npassword_expiry_utc=5\nwwwauth[]=Bearer\n"
	                            "state[]=keyturn:a\nephemeral=1\nkind=oauth\npath=old\n"
	                            "url=https://a.example\nstate[]=keyturn:b\n"));

	assert_text(request.pattern.host, "a.example");
	assert_null(request.pattern.username);
	assert_null(request.pattern.path);
	assert_false(request.has_password);
	assert_false(request.has_expiry);
	assert_false(request.can_authtype);
	assert_false(request.can_state);
	assert_false(request.wants_bearer);
	assert_false(request.is_ephemeral);
	assert_null(request.kind);
	assert_text(request.state, "b");
}

static void url_is_refused_only_where_it_disagrees(void **state)
{
	static const struct {
		const char *text;
		bool is_taken;
	} rows[] = {
		{ "url=https://a.example\nprotocol=https\n", true },
		{ "url=https://a.example\nhost=a.example\n", true },
		{ "host=A.example:443\nprotocol=HTTPS\nurl=https://a.example\n", true },
		{ "url=https://u:p@a.example/x\nusername=u\npassword=p\npath=x\n", true },
		{ "url=https://a.example\nusername=u\npassword=p\npath=x\n", true },
		{ "username=v\nurl=https://u@a.example\n", true },
		{ "url=https://a.example\nprotocol=http\n", false },
		{ "protocol=http\nurl=https://a.example\n", false },
		{ "url=https://a.example\nhost=b.example\n", false },
		{ "host=b.example\nurl=https://a.example\n", false },
		{ "url=https://a.example\nhost=\n", false },
		{ "url=https://u@a.example\nusername=v\n", false },
		{ "url=https://u@a.example\nusername=\n", false },
		{ "url=https://u:p@a.example\npassword=q\n", false },
		{ "url=https://a.example/x\npath=y\n", false },
		{ "url=https://a.example\nurl=https://a.example\n", false },
	};

	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++)
		if (is_taken(rows[i].text) != rows[i].is_taken)
			fail_msg("row %zu", i);
}

static void a_refusal_names_rule_and_line_but_no_byte_of_it(void **state)
{
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
	static const char text[] = SERVICE "password=canary\npassword=canary\n";
	struct kt_error error = { 0 };

	(void)state;

	assert_false(kt_request_parse_git(&request, text, strlen(text), &error));
	assert_string_equal(error.message,
	                    "line 4 of the request is refused: password stands there twice");
	assert_null(request.pattern.host);
}

static void completeness_is_the_blank_line(void **state)
{
	static const struct {
		const char *text;
		bool is_complete;
	} rows[] = {
		{ "", false },           { "a=b", false },       { "a=b\n", false },
		{ "a=b\n\r", false },    { "a=b\n\n", true },    { "a=b\r\n\r\n", true },
		{ "\n", true },          { "\r\n", true },       { "\r", false },
		{ "a=b\n\nc", true },    { "a=b\r\r\n", false },
	};

	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(kt_request_is_complete(rows[i].text, strlen(rows[i].text)),
		                 rows[i].is_complete);
}

static void reading_ends_at_the_blank_line_while_the_pipe_stays_open(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], SERVICE "\n", strlen(SERVICE) + 1), strlen(SERVICE) + 1);

	assert_true(kt_request_read_git(&bytes, ends[0], &error));
	assert_secret(&bytes, SERVICE "\n");

	close(ends[0]);
	close(ends[1]);
}

static void reading_refuses_more_than_a_mebibyte(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), 8 << 20), 0);

	assert_false(kt_request_read_git(&bytes, fileno(file), &error));
	assert_int_equal(error.code, KT_ERROR_USAGE);
	assert_true(kt_secret_length(&bytes) <= KT_REQUEST_MAXIMUM + 4096);
	fclose(file);
}

/* A small generator of its own: the same cases on every machine. */
static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void random_text(uint32_t *seed, char *text, size_t size)
{
	static const char *const pieces[] = { "a", "Z", "9", " ", "=", ":", "/", "@", "%", "[]",
	                                      "\xc3\xa9", "\xe4\xb8\xad", "#", "keyturn:", "\\",
	                                      "\"" };
	size_t count = next_random(seed) % 12;

	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		strncat(text, pieces[next_random(seed) % COUNT(pieces)], size - strlen(text) - 1);
}

/* The parser gives back unchanged whatever was encoded, in any order of the keys. */
static void parsing_undoes_encoding(void **state)
{
	static const char *const names[] = { "path", "username", "password", "authtype",
	                                     "credential", "kind", "client_id", "session_name" };
	uint32_t seed = 5;

	(void)state;

	for (int round = 0; round < 20000; round++) {
		KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
		char values[COUNT(names)][64];
		char text[2048] = SERVICE;
		size_t first = next_random(&seed) % COUNT(names);
		const char *end = next_random(&seed) % 2 ? "\r\n" : "\n";

		for (size_t i = 0; i < COUNT(names); i++) {
			size_t at = (first + i) % COUNT(names);

			random_text(&seed, values[at], sizeof(values[at]));
			if (at == 0 && values[at][0] == '/')
				values[at][0] = 'x';
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s=%s%s",
			         names[at], values[at], end);
		}
		assert_true(parse(&request, text));
		assert_text(request.pattern.path, values[0]);
		assert_text(request.pattern.username, values[1]);
		assert_secret(&request.password, values[2]);
		assert_text(request.authtype, values[3]);
		assert_secret(&request.credential, values[4]);
		assert_text(request.kind, values[5]);
		assert_text(request.client_id, values[6]);
		assert_text(request.session_name, values[7]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_reaches_its_member),
		cmocka_unit_test(an_absent_key_differs_from_an_empty_one),
		cmocka_unit_test(rules_of_lines_hold),
		cmocka_unit_test(nul_is_refused_wherever_it_stands),
		cmocka_unit_test(limits_are_git_s),
		cmocka_unit_test(a_request_has_at_most_1024_lines),
		cmocka_unit_test(a_request_has_at_most_a_mebibyte),
		cmocka_unit_test(an_unreadable_expiry_is_long_past),
		cmocka_unit_test(only_git_s_no_is_not_ephemeral),
		cmocka_unit_test(lists_follow_their_table),
		cmocka_unit_test(a_list_has_at_most_64_entries),
		cmocka_unit_test(a_reset_list_may_be_filled_again),
		cmocka_unit_test(no_look_alike_is_the_service),
		cmocka_unit_test(url_forgets_what_stands_before_it),
		cmocka_unit_test(url_is_refused_only_where_it_disagrees),
		cmocka_unit_test(a_refusal_names_rule_and_line_but_no_byte_of_it),
		cmocka_unit_test(completeness_is_the_blank_line),
		cmocka_unit_test(reading_ends_at_the_blank_line_while_the_pipe_stays_open),
		cmocka_unit_test(reading_refuses_more_than_a_mebibyte),
		cmocka_unit_test(parsing_undoes_encoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/oauth/token_response.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define DATE "1795369798"

static const struct kt_dialect *const coze = &kt_dialect_coze;
static const struct kt_dialect *const standard = &kt_dialect_standard;

/* The courier's message out of "name=value" parts with a blank between. */
static void compose(struct kt_errand *message, const char *parts)
{
	struct kt_error error = { 0 };

	while (*parts) {
		size_t length = strcspn(parts, " ");
		size_t name_length = strcspn(parts, "=");
		char name[64];
		char value[128];

		snprintf(name, sizeof(name), "%.*s", (int)name_length, parts);
		snprintf(value, sizeof(value), "%.*s", (int)(length - name_length - 1),
		         parts + name_length + 1);
		assert_true(kt_errand_add(message, name, value, &error));
		parts += length + (parts[length] == ' ');
	}
}

/* The error code that the caller is told where no tokens came. */
static enum kt_error_code told(const struct kt_token_response *response)
{
	struct kt_error error = { 0 };

	assert_false(kt_token_response_fail(response, "work@coze.cn", &error));
	assert_true(error.message[0]);
	assert_true(error.remedy[0]);
	return error.code;
}

#define OK(body) "outcome=answered json=1 status=200 " body
#define ANSWERED(status, body) "outcome=answered json=1 status=" status " " body
#define PAGE(status) "outcome=answered status=" status " cause=body reason=not-JSON"

static void each_answer_means_what_the_table_says(void **state)
{
	static const struct {
		const char *message;
		const struct kt_dialect *const *dialect;
		enum kt_verdict verdict;
		enum kt_error_code code;
	} rows[] = {
		/* no answer */
		{ "outcome=unsent cause=dns", &coze, KT_VERDICT_UNSENT, KT_ERROR_NETWORK },
		{ "outcome=unsent cause=certificate", &coze, KT_VERDICT_UNSENT, KT_ERROR_NETWORK },
		{ "outcome=unclear cause=timeout", &coze, KT_VERDICT_UNCLEAR, KT_ERROR_NETWORK },
		{ "", &coze, KT_VERDICT_UNCLEAR, KT_ERROR_NETWORK },
		{ "outcome=new", &coze, KT_VERDICT_UNCLEAR, KT_ERROR_NETWORK },
		/* tokens, and what only looks like them */
		{ OK("s.access_token=a s.refresh_token=r"), &coze, KT_VERDICT_TOKENS, 0 },
		{ OK("s.access_token=a"), &coze, KT_VERDICT_TOKENS, 0 },
		{ OK("s.access_token=a s.refresh_token="), &coze, KT_VERDICT_TOKENS, 0 },
		{ OK("s.access_token=a n.refresh_token=7"), &coze, KT_VERDICT_UNCLEAR,
		  KT_ERROR_SERVER },
		{ OK("s.access_token=a s.refresh_token=\x7f"), &coze, KT_VERDICT_UNCLEAR,
		  KT_ERROR_SERVER },
		{ OK("s.access_token="), &coze, KT_VERDICT_UNCLEAR, KT_ERROR_SERVER },
		{ OK("n.access_token=7"), &coze, KT_VERDICT_UNCLEAR, KT_ERROR_SERVER },
		{ OK("n.code=0"), &coze, KT_VERDICT_UNCLEAR, KT_ERROR_SERVER },
		{ PAGE("200"), &coze, KT_VERDICT_UNCLEAR, KT_ERROR_SERVER },
		{ ANSWERED("302", "s.access_token=a"), &coze, KT_VERDICT_UNTOUCHED,
		  KT_ERROR_SERVER },
		{ ANSWERED("400", "s.access_token=a"), &coze, KT_VERDICT_UNTOUCHED,
		  KT_ERROR_SERVER },
		/* the grant is over */
		{ ANSWERED("400", "s.error=invalid_grant"), &standard, KT_VERDICT_REFUSED,
		  KT_ERROR_DEAD },
		{ ANSWERED("400", "s.error_code=invalid_grant"), &coze, KT_VERDICT_REFUSED,
		  KT_ERROR_DEAD },
		{ ANSWERED("401", "s.error=invalid_grant"), &coze, KT_VERDICT_REFUSED,
		  KT_ERROR_DEAD },
		{ OK("s.error=invalid_grant s.access_token=a"), &coze, KT_VERDICT_REFUSED,
		  KT_ERROR_DEAD },
		{ ANSWERED("400", "s.error_code=refresh_token_dead"), &coze, KT_VERDICT_REFUSED,
		  KT_ERROR_DEAD },
		{ ANSWERED("400", "s.error=no_such_name"), &standard, KT_VERDICT_REFUSED,
		  KT_ERROR_REFUSED },
		/* a setting is wrong */
		{ ANSWERED("401", "s.error=invalid_client"), &coze, KT_VERDICT_REFUSED,
		  KT_ERROR_REFUSED },
		{ ANSWERED("400", "s.error=unauthorized_client"), &standard, KT_VERDICT_REFUSED,
		  KT_ERROR_REFUSED },
		{ ANSWERED("400", "s.error=invalid_scope"), &coze, KT_VERDICT_REFUSED,
		  KT_ERROR_REFUSED },
		{ ANSWERED("400", "s.error_code=invalid_request"), &coze, KT_VERDICT_REFUSED,
		  KT_ERROR_REFUSED },
		{ ANSWERED("405", "s.error=unsupported_grant_type"), &coze, KT_VERDICT_REFUSED,
		  KT_ERROR_REFUSED },
		/* a page of a proxy is no verdict on anything */
		{ PAGE("401"), &coze, KT_VERDICT_UNTOUCHED, KT_ERROR_SERVER },
		{ PAGE("403"), &standard, KT_VERDICT_UNTOUCHED, KT_ERROR_SERVER },
		{ PAGE("404"), &coze, KT_VERDICT_UNTOUCHED, KT_ERROR_SERVER },
		{ PAGE("407"), &coze, KT_VERDICT_UNTOUCHED, KT_ERROR_SERVER },
		/* the server's trouble */
		{ ANSWERED("400", "s.error_code=internal_error"), &coze, KT_VERDICT_UNTOUCHED,
		  KT_ERROR_SERVER },
		{ ANSWERED("403", "s.error_code=access_deny"), &coze, KT_VERDICT_UNTOUCHED,
		  KT_ERROR_SERVER },
		{ PAGE("429"), &coze, KT_VERDICT_BUSY, KT_ERROR_SERVER },
		{ ANSWERED("429", "s.error=invalid_grant"), &coze, KT_VERDICT_BUSY,
		  KT_ERROR_SERVER },
		{ ANSWERED("503", "s.error_code=internal_error retry_after=7"), &coze,
		  KT_VERDICT_BUSY, KT_ERROR_SERVER },
		{ PAGE("408"), &coze, KT_VERDICT_UNCLEAR, KT_ERROR_SERVER },
		{ PAGE("500"), &coze, KT_VERDICT_UNCLEAR, KT_ERROR_SERVER },
		{ ANSWERED("500", "s.error=invalid_grant"), &standard, KT_VERDICT_UNCLEAR,
		  KT_ERROR_SERVER },
		{ PAGE("502"), &coze, KT_VERDICT_UNCLEAR, KT_ERROR_SERVER },
		{ PAGE("504"), &coze, KT_VERDICT_UNCLEAR, KT_ERROR_SERVER },
		{ "outcome=answered status=307 cause=redirect", &coze, KT_VERDICT_UNTOUCHED,
		  KT_ERROR_SERVER },
		{ ANSWERED("302", "s.error=invalid_grant"), &coze, KT_VERDICT_UNTOUCHED,
		  KT_ERROR_SERVER },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
		struct kt_token_response response;

		compose(&message, rows[i].message);
		kt_token_response_read(&response, &message, *rows[i].dialect);

		if (response.verdict != rows[i].verdict)
			print_error("answer: %s\n", rows[i].message);
		assert_int_equal(response.verdict, rows[i].verdict);
		if (response.verdict != KT_VERDICT_TOKENS && told(&response) != rows[i].code)
			fail_msg("%s: is told as %d", rows[i].message, (int)told(&response));
	}
}

static void tokens_are_taken_out_by_the_servers_clock(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	KT_CLEANUP(kt_tokens_clear) struct kt_tokens tokens = { 0 };
	struct kt_error error = { 0 };
	struct kt_token_response response;

	(void)state;
	compose(&message, OK("date=" DATE " s.access_token=a s.refresh_token=r "
	                     "n.expires_in=1795370698"));
	kt_token_response_read(&response, &message, coze);
	assert_true(kt_tokens_read(&tokens, &response, &message, &error));

	assert_string_equal(kt_secret_reveal(&tokens.access_token), "a");
	assert_string_equal(kt_secret_reveal(&tokens.refresh_token), "r");
	assert_true(tokens.has_end);
	assert_int_equal(tokens.lifetime, 900);
	assert_null(tokens.scope);
	assert_null(tokens.subject);
}

static void the_time_that_an_answer_took_is_over(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	KT_CLEANUP(kt_tokens_clear) struct kt_tokens tokens = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_error error = { 0 };
	struct kt_token_response response;

	(void)state;
	compose(&message, OK("s.access_token=a n.expires_in=20 s.scope=read s.id_token.sub=me"));
	assert_true(kt_errand_add_number(&message, "sent", kt_clock_boot_milliseconds() - 7000,
	                                 &error));
	kt_token_response_read(&response, &message, standard);
	assert_true(kt_tokens_read(&tokens, &response, &message, &error));
	assert_true(kt_tokens_give(&tokens, &credential, &error));

	assert_in_range(kt_lifetime_left(&credential), 11, 13);
	assert_string_equal(credential.granted_scope, "read");
	assert_string_equal(credential.subject, "me");
	assert_string_equal(kt_secret_reveal(&credential.token), "a");
}

/* A time to come is none that something was sent at. */
static void a_time_of_sending_that_cannot_be_is_not_believed(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	struct kt_error error = { 0 };
	struct kt_token_response response;

	(void)state;
	compose(&message, OK("s.access_token=a"));
	assert_true(kt_errand_add_number(&message, "sent", kt_clock_boot_milliseconds() + 60000,
	                                 &error));
	kt_token_response_read(&response, &message, standard);
	assert_int_equal(response.took, 0);
}

static void a_life_that_is_not_told_is_unknown(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	KT_CLEANUP(kt_tokens_clear) struct kt_tokens tokens = { 0 };
	struct kt_error error = { 0 };
	struct kt_token_response response;

	(void)state;
	compose(&message, OK("s.access_token=a s.refresh_token= s.expires_in=soon"));
	kt_token_response_read(&response, &message, coze);
	assert_true(kt_tokens_read(&tokens, &response, &message, &error));

	assert_true(kt_secret_is_empty(&tokens.refresh_token));
	assert_false(tokens.has_end);
	assert_in_range(response.now, kt_clock_wall() - 2, kt_clock_wall());
}

static void a_long_text_of_the_server_is_cut(void **state)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	struct kt_error error = { 0 };
	struct kt_token_response response;
	char text[4096];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	compose(&message, ANSWERED("400", "s.error=invalid_grant"));
	assert_true(kt_errand_add(&message, "s.error_message", text, &error));
	kt_token_response_read(&response, &message, coze);

	assert_false(kt_token_response_fail(&response, "work@coze.cn", &error));
	assert_true(strlen(error.message) < 300);
	assert_non_null(strstr(error.remedy, "keyturn login work@coze.cn"));
}

/* Between the bounds, and not always the same. */
static void check_pause(const struct kt_token_response *response, int tries, bool may_repeat,
                        int64_t least, int64_t most)
{
	int64_t first = kt_token_response_pause(response, tries, may_repeat);
	bool differs = false;

	for (int i = 0; i < 50; i++) {
		int64_t pause = kt_token_response_pause(response, tries, may_repeat);

		assert_in_range(pause, least, most);
		differs = differs || pause != first;
	}
	assert_int_equal(differs, least != most);
}

static void retries_have_jitter_and_an_end(void **state)
{
	const struct kt_token_response busy = { .verdict = KT_VERDICT_BUSY };
	const struct kt_token_response later = { .verdict = KT_VERDICT_BUSY, .retry_after = 7 };
	const struct kt_token_response unreached = { .verdict = KT_VERDICT_UNSENT, .cause = "dns" };
	const struct kt_token_response unknown = { .verdict = KT_VERDICT_UNSENT,
		                                   .cause = "certificate" };
	const struct kt_token_response unclear = { .verdict = KT_VERDICT_UNCLEAR,
		                                   .cause = "timeout" };
	const struct kt_token_response refused = { .verdict = KT_VERDICT_REFUSED };

	(void)state;
	check_pause(&busy, 1, false, 50, 1000);
	check_pause(&busy, 2, false, 50, 2000);
	check_pause(&busy, 3, false, 0, 0);
	check_pause(&later, 1, false, 7050, 7500);
	check_pause(&unreached, 1, false, 50, 800);
	check_pause(&unknown, 1, true, 0, 0);
	check_pause(&unclear, 1, false, 0, 0);
	check_pause(&unclear, 1, true, 50, 800);
	check_pause(&refused, 1, true, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_answer_means_what_the_table_says),
		cmocka_unit_test(tokens_are_taken_out_by_the_servers_clock),
		cmocka_unit_test(the_time_that_an_answer_took_is_over),
		cmocka_unit_test(a_time_of_sending_that_cannot_be_is_not_believed),
		cmocka_unit_test(a_life_that_is_not_told_is_unknown),
		cmocka_unit_test(retries_have_jitter_and_an_end),
		cmocka_unit_test(a_long_text_of_the_server_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

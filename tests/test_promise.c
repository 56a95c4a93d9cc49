/* SPDX-License-Identifier: MIT */
#include "config.h"

/* A token that was handed out is not taken away by the next renewal (docs/safety.md, R10). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/token/promise.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

static const struct kt_requirement usual = { 0 };
static const struct kt_requirement due = { .before_last_fifth = true };
static const struct kt_requirement fresh = { .fresh = true };
static const struct kt_requirement long_one = { .minimum_seconds = 300 };

/* An app's token of 1,000 s with so much left: its margin is 60 s. */
static void make(struct kt_credential *credential, enum kt_kind kind, const char *old_token,
                 int64_t left)
{
	struct kt_error error = { 0 };

	credential->kind = kind;
	assert_true(kt_text_set(&credential->old_token, old_token, &error));
	assert_true(kt_secret_append_text(&credential->token, "a", &error));
	assert_true(kt_lifetime_start(credential, 1000, (1000 - left) * 1000, &error));
}

static void a_hand_out_is_noted_where_the_old_token_may_die_soon(void **state)
{
	static const struct {
		enum kt_kind kind;
		const char *old_token;
		int64_t left;
		bool is_needed;
	} rows[] = {
		{ KT_KIND_CLIENT_CREDENTIALS, NULL, 100, true },
		{ KT_KIND_CLIENT_CREDENTIALS, NULL, 30, true },
		{ KT_KIND_CLIENT_CREDENTIALS, NULL, 200, false },
		{ KT_KIND_CLIENT_CREDENTIALS, "dies", 100, true },
		{ KT_KIND_CLIENT_CREDENTIALS, "lives", 100, false },
		{ KT_KIND_TOKEN_EXCHANGE, NULL, 100, true },
		{ KT_KIND_JWT, NULL, 100, false },
		/* Nothing renews it. */
		{ KT_KIND_OAUTH, NULL, 100, false },
	};

	(void)state;
	for (size_t i = 0; i < KT_COUNT(rows); i++) {
		KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
		struct kt_journal journal = { 0 };

		make(&credential, rows[i].kind, rows[i].old_token, rows[i].left);
		assert_int_equal(kt_promise_is_needed(&credential), rows[i].is_needed);
		kt_promise_note(&journal, &usual, &credential);
		assert_int_equal(journal.promised_wall != 0, rows[i].is_needed);
		assert_true(journal.promised_wall <=
		            kt_clock_wall_milliseconds() + (rows[i].left < 60 ? rows[i].left : 60) * 1000);
	}
}

static void a_promised_token_is_handed_out_unless_somebody_insists(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_journal journal = { 0 };

	(void)state;
	make(&credential, KT_KIND_CLIENT_CREDENTIALS, NULL, 30);
	assert_false(kt_promise_holds(&journal, &usual, &credential));
	kt_promise_note(&journal, &due, &credential);
	assert_false(kt_promise_holds(&journal, &usual, &credential));
	kt_promise_note(&journal, &usual, &credential);
	assert_true(kt_promise_holds(&journal, &usual, &credential));
	assert_true(kt_promise_holds(&journal, &due, &credential));
	assert_false(kt_promise_holds(&journal, &fresh, &credential));
	assert_false(kt_promise_holds(&journal, &long_one, &credential));
	journal.promised_wall = kt_clock_wall_milliseconds() - 1;
	assert_false(kt_promise_holds(&journal, &usual, &credential));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hand_out_is_noted_where_the_old_token_may_die_soon),
		cmocka_unit_test(a_promised_token_is_handed_out_unless_somebody_insists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

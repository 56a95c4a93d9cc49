/* SPDX-License-Identifier: MIT */
#include "config.h"

/* When a token will do, and when a new one is asked for, by what is known of its grant. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/token/requirement.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static const struct kt_requirement usual = { 0 };
static const struct kt_requirement run = { .nine_tenths_left = true };
static const struct kt_requirement due = { .before_last_fifth = true };
static const struct kt_requirement fresh = { .fresh = true };
static const struct kt_requirement long_one = { .minimum_seconds = 300 };
static const struct kt_requirement too_long = { .minimum_seconds = 100000 };

/* A token of 1,000 s with so much left. */
static void make(struct kt_credential *credential, const char *old_token, int64_t left)
{
	struct kt_error error = { 0 };

	credential->kind = KT_KIND_OAUTH;
	assert_true(kt_text_set(&credential->old_token, old_token, &error));
	assert_true(kt_secret_append_text(&credential->token, "a", &error));
	assert_true(kt_secret_append_text(&credential->refresh_token, "r", &error));
	assert_true(kt_lifetime_start(credential, 1000, (1000 - left) * 1000, &error));
}

static void a_renewal_comes_ahead_only_where_the_old_token_lives(void **state)
{
	static const struct {
		const char *old_token;
		int64_t left;
		bool usual;
		bool run;
		bool due;
		bool long_one;
		bool too_long;
	} rows[] = {
		{ "lives", 990, true, true, true, true, true },
		{ "lives", 890, true, false, true, true, false },
		{ "lives", 190, true, false, false, false, false },
		{ "lives", 50, false, false, false, false, false },
		{ "dies", 890, true, true, true, true, true },
		{ "dies", 190, true, true, true, false, true },
		{ "dies", 62, true, true, true, false, true },
		{ "dies", 58, false, false, false, false, false },
		{ "untold", 190, true, true, true, false, true },
		{ NULL, 190, true, true, true, false, true },
		{ NULL, 58, false, false, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < KT_COUNT(rows); i++) {
		KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };

		make(&credential, rows[i].old_token, rows[i].left);
		assert_int_equal(kt_requirement_is_met(&usual, &credential), rows[i].usual);
		assert_int_equal(kt_requirement_is_met(&run, &credential), rows[i].run);
		assert_int_equal(kt_requirement_is_met(&due, &credential), rows[i].due);
		assert_int_equal(kt_requirement_is_met(&long_one, &credential), rows[i].long_one);
		assert_int_equal(kt_requirement_is_met(&too_long, &credential), rows[i].too_long);
		assert_false(kt_requirement_is_met(&fresh, &credential));
	}
}

static void what_cannot_be_renewed_is_good_to_its_end(void **state)
{
	(void)state;
	for (int is_dead = 0; is_dead < 2; is_dead++) {
		KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
		struct kt_error error = { 0 };

		make(&credential, "lives", 3);
		if (is_dead)
			assert_true(kt_text_set(&credential.state, "dead", &error));
		else
			kt_secret_clear(&credential.refresh_token);
		assert_false(kt_facts_is_renewable(&credential));
		assert_true(kt_requirement_is_met(&usual, &credential));
		assert_true(kt_requirement_is_met(&run, &credential));
		assert_true(kt_requirement_is_met(&due, &credential));
		assert_true(kt_requirement_is_met(&too_long, &credential));
		credential.issued_boot_milliseconds -= 4000;
		assert_false(kt_requirement_is_met(&usual, &credential));
	}
}

static void a_service_app_signs_ahead_always(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };

	(void)state;
	make(&credential, NULL, 190);
	credential.kind = KT_KIND_JWT;
	kt_secret_clear(&credential.refresh_token);
	assert_true(kt_facts_is_renewable(&credential));
	assert_false(kt_requirement_is_met(&due, &credential));
	assert_string_equal(kt_facts_old_token(&credential), "lives");
}

static void a_new_login_of_the_same_client_inherits_what_was_learned(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential before = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential same = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential other = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	make(&before, "dies", 100);
	before.reuse_revokes = true;
	assert_true(kt_text_set(&before.rotation, "rotates", &error));
	assert_true(kt_text_set(&before.client_id, "c", &error));
	make(&same, NULL, 100);
	assert_true(kt_text_set(&same.client_id, "c", &error));
	make(&other, NULL, 100);
	assert_true(kt_text_set(&other.client_id, "d", &error));

	assert_true(kt_facts_inherit(&same, &before, &error));
	assert_string_equal(kt_facts_old_token(&same), "dies");
	assert_string_equal(kt_facts_rotation(&same), "rotates");
	assert_true(same.reuse_revokes);
	assert_true(kt_facts_inherit(&other, &before, &error));
	assert_string_equal(kt_facts_old_token(&other), "unknown");
	assert_string_equal(kt_facts_rotation(&other), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_renewal_comes_ahead_only_where_the_old_token_lives),
		cmocka_unit_test(what_cannot_be_renewed_is_good_to_its_end),
		cmocka_unit_test(a_service_app_signs_ahead_always),
		cmocka_unit_test(a_new_login_of_the_same_client_inherits_what_was_learned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

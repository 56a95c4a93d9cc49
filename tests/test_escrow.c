/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/keeper/token/escrow.h"
#include "keyring/cleanup.h"
#include "keyring/kernel_key.h"
#include "keyring/text.h"

/* An account of this run alone: escrow is the whole user's. */
static int make_credential(void **state)
{
	struct kt_credential *credential = calloc(1, sizeof(*credential));
	struct kt_error error = { 0 };

	if (!credential)
		return -1;
	credential->kind = KT_KIND_PKCE;
	credential->generation = 7;
	*state = credential;
	return kt_text_set(&credential->identity.protocol, "https", &error) &&
	       kt_text_set(&credential->identity.host, "escrow.example", &error) &&
	       kt_text_set(&credential->identity.path, "", &error) &&
	       kt_text_format(&credential->identity.username, &error, "work-%ld",
	                      (long)getpid()) &&
	       kt_secret_append_text(&credential->refresh_token, "refresh_seven", &error) ? 0 : -1;
}

static void open_escrow(struct kt_escrow *escrow, const struct kt_credential *credential)
{
	struct kt_error error = { 0 };

	assert_true(kt_escrow_open(escrow, &credential->identity, &error));
}

static int free_credential(void **state)
{
	KT_CLEANUP(kt_escrow_close) struct kt_escrow left = { 0 };
	struct kt_credential *credential = *state;

	open_escrow(&left, credential);
	kt_escrow_drop(&left);
	kt_credential_clear(credential);
	free(credential);
	return 0;
}

static void write_form(struct kt_secret *form, const struct kt_credential *credential)
{
	struct kt_error error = { 0 };

	assert_true(kt_credential_write(credential, form, &error));
}

static void what_is_filled_in_is_found_by_the_next(void **state)
{
	const struct kt_credential *credential = *state;
	KT_CLEANUP(kt_credential_clear) struct kt_credential parked = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	struct kt_escrow first = { 0 };
	KT_CLEANUP(kt_escrow_close) struct kt_escrow next = { 0 };

	write_form(&form, credential);
	open_escrow(&first, credential);
	assert_false(kt_escrow_is_found(&first));
	assert_true(kt_escrow_reserve(&first, kt_secret_length(&form) + 1024));
	assert_true(kt_escrow_fill(&first, &form));
	kt_escrow_close(&first);

	open_escrow(&next, credential);
	assert_true(kt_escrow_is_found(&next));
	assert_true(kt_escrow_read(&next, &parked));
	assert_int_equal(parked.generation, 7);
	assert_true(kt_secret_is_equal(&parked.refresh_token, &credential->refresh_token));
}

static void room_that_was_only_reserved_is_given_back(void **state)
{
	const struct kt_credential *credential = *state;
	KT_CLEANUP(kt_escrow_close) struct kt_escrow next = { 0 };
	struct kt_escrow first = { 0 };

	open_escrow(&first, credential);
	assert_true(kt_escrow_reserve(&first, 3000));
	kt_escrow_close(&first);

	open_escrow(&next, credential);
	assert_false(kt_escrow_is_found(&next));
}

static void room_of_a_dead_process_is_nothing_to_adopt(void **state)
{
	const struct kt_credential *credential = *state;
	KT_CLEANUP(kt_credential_clear) struct kt_credential parked = { 0 };
	KT_CLEANUP(kt_escrow_close) struct kt_escrow first = { 0 };
	KT_CLEANUP(kt_escrow_close) struct kt_escrow next = { 0 };

	open_escrow(&first, credential);
	assert_true(kt_escrow_reserve(&first, 3000));

	open_escrow(&next, credential);
	assert_true(kt_escrow_is_found(&next));
	assert_false(kt_escrow_read(&next, &parked));
}

static void what_was_dropped_is_gone(void **state)
{
	const struct kt_credential *credential = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	KT_CLEANUP(kt_escrow_close) struct kt_escrow first = { 0 };
	KT_CLEANUP(kt_escrow_close) struct kt_escrow next = { 0 };

	write_form(&form, credential);
	open_escrow(&first, credential);
	assert_true(kt_escrow_reserve(&first, kt_secret_length(&form)));
	assert_true(kt_escrow_fill(&first, &form));
	kt_escrow_drop(&first);

	open_escrow(&next, credential);
	assert_false(kt_escrow_is_found(&next));
	assert_false(kt_escrow_fill(&first, &form));
}

static void more_than_a_key_holds_is_refused(void **state)
{
	KT_CLEANUP(kt_escrow_close) struct kt_escrow escrow = { 0 };

	open_escrow(&escrow, *state);
	assert_false(kt_escrow_reserve(&escrow, 32768));
	assert_false(kt_escrow_reserve(&escrow, SIZE_MAX));
	assert_false(kt_escrow_is_found(&escrow));
}

/* However large an item is by what was given at login, a renewal of it fits. */
static void only_what_a_renewal_changes_is_parked(void **state)
{
	struct kt_credential *credential = *state;
	KT_CLEANUP(kt_credential_clear) struct kt_credential stored = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential renewed = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential parked = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	KT_CLEANUP(kt_text_free) char *ca = malloc(40001);
	struct kt_error error = { 0 };

	assert_non_null(ca);
	memset(ca, 'c', 40000);
	ca[40000] = '\0';
	assert_true(kt_text_set(&credential->ca, ca, &error));
	assert_true(kt_secret_append_text(&credential->client_secret, "never parked", &error));
	assert_true(kt_text_set(&credential->grant, "grant", &error));
	assert_true(kt_credential_copy(&stored, credential, &error));
	assert_true(kt_credential_copy(&renewed, credential, &error));
	renewed.generation = 8;
	renewed.lifetime = 900;
	kt_secret_clear(&renewed.refresh_token);
	assert_true(kt_secret_append_text(&renewed.refresh_token, "refresh_eight", &error));
	assert_true(kt_secret_append_text(&renewed.token, "access", &error));

	assert_true(kt_escrow_pack(&renewed, &form, &error));
	assert_true(kt_secret_length(&form) < 1024);
	assert_null(strstr(kt_secret_reveal(&form), "never parked"));
	assert_true(kt_credential_read(&parked, kt_secret_reveal(&form), kt_secret_length(&form),
	                               &error));
	assert_true(kt_escrow_apply(&parked, &stored, &error));
	assert_string_equal(kt_secret_reveal(&stored.previous_refresh_token), "refresh_seven");
	kt_secret_clear(&stored.previous_refresh_token);
	assert_true(kt_credential_is_equal(&stored, &renewed));
}

/* The credential that is renewed tells how much is reserved before the answer comes. */
static void its_size_is_known_before_it_is_packed(void **state)
{
	struct kt_credential *credential = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	char **const texts[] = { &credential->grant, &credential->boot_id,
		                 &credential->granted_scope, &credential->subject };
	int64_t *const numbers[] = { &credential->generation, &credential->refreshed,
		                     &credential->issued, &credential->lifetime,
		                     &credential->issued_boot_milliseconds,
		                     &credential->state_since };
	struct kt_error error = { 0 };
	size_t size = 0;

	credential->end_unknown = true;
	for (size_t i = 0; i < KT_COUNT(numbers); i++)
		*numbers[i] = INT64_C(1) << 52;
	for (size_t i = 0; i < KT_COUNT(texts); i++)
		assert_true(kt_text_set(texts[i], "a text of some length", &error));
	assert_true(kt_text_set(&credential->state, "dead", &error));
	assert_true(kt_text_set(&credential->rotation, "rotates", &error));
	assert_true(kt_secret_append_text(&credential->token, "access_seven", &error));
	assert_true(kt_escrow_pack(credential, &form, &error));
	size = kt_escrow_size(credential);
	assert_in_range(kt_secret_length(&form), size - 400, size);
}

static void accounts_do_not_share_an_escrow(void **state)
{
	struct kt_credential *credential = *state;
	KT_CLEANUP(kt_escrow_close) struct kt_escrow first = { 0 };
	KT_CLEANUP(kt_escrow_close) struct kt_escrow other = { 0 };
	struct kt_error error = { 0 };

	open_escrow(&first, credential);
	assert_true(kt_escrow_reserve(&first, 100));
	assert_true(kt_text_set(&credential->identity.path, "a:b", &error));
	open_escrow(&other, credential);
	assert_false(kt_escrow_is_found(&other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_filled_in_is_found_by_the_next,
		                                make_credential, free_credential),
		cmocka_unit_test_setup_teardown(room_that_was_only_reserved_is_given_back,
		                                make_credential, free_credential),
		cmocka_unit_test_setup_teardown(room_of_a_dead_process_is_nothing_to_adopt,
		                                make_credential, free_credential),
		cmocka_unit_test_setup_teardown(what_was_dropped_is_gone, make_credential,
		                                free_credential),
		cmocka_unit_test_setup_teardown(more_than_a_key_holds_is_refused, make_credential,
		                                free_credential),
		cmocka_unit_test_setup_teardown(only_what_a_renewal_changes_is_parked,
		                                make_credential, free_credential),
		cmocka_unit_test_setup_teardown(its_size_is_known_before_it_is_packed,
		                                make_credential, free_credential),
		cmocka_unit_test_setup_teardown(accounts_do_not_share_an_escrow, make_credential,
		                                free_credential),
	};

	if (!kt_kernel_key_is_usable())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

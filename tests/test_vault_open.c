/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyring/cleanup.h"
#include "keyring/vault.h"
#include "keyring/vault_key.h"
#include "keyring/vault_open.h"
#include "keyring/vault_underway.h"
#include "tests/lib/alone.h"
#include "tests/lib/beside.h"
#include "tests/lib/scratch_vault.h"

static enum kt_error_code open_unasked(void)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error error = { 0 };

	return scratch_open_vault(NULL, &key, &error);
}

static void passphrase_and_key_file_and_login_open_the_same_vault(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret first = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret second = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret again = { 0 };
	struct kt_vault_options options = { .key_file = scratch->key_file, .passphrase = &first };
	struct kt_error error = { 0 };

	scratch_set_text(&first, "correct horse");
	scratch_set_text(&second, "battery staple");
	assert_true(kt_vault_create(&options, &error));
	scratch_lock_vault();
	assert_int_equal(scratch_open_vault(NULL, &key, &error), KT_ERROR_NONE);
	assert_int_equal(unlink(scratch->key_file), 0);
	scratch_lock_vault();

	assert_int_equal(scratch_open_vault(NULL, &again, &error), KT_ERROR_LOCKED);
	assert_string_equal(error.remedy, "run: keyturn unlock");

	scratch_typed = (const char *const[]){ "incorrect horse", "correct horse", NULL };
	scratch_questions = 0;
	assert_int_equal(scratch_open_vault(&scratch_asking, &again, &error), KT_ERROR_NONE);
	assert_int_equal(scratch_questions, 2);
	assert_true(kt_secret_is_equal(&key, &again));
	assert_int_equal(open_unasked(), KT_ERROR_NONE);

	assert_false(kt_vault_change_passphrase(&second, &first, NULL, &error));
	assert_int_equal(error.code, KT_ERROR_LOCKED);
	assert_non_null(strstr(error.message, "wrong passphrase"));
	kt_error_clear(&error);
	assert_true(kt_vault_change_passphrase(&first, &second, NULL, &error));

	assert_false(kt_vault_open_with_login(&first, &error));
	assert_int_equal(error.code, KT_ERROR_LOCKED);
	kt_error_clear(&error);
	assert_true(kt_vault_add_login(&first, NULL, &error));
	scratch_lock_vault();
	assert_true(kt_vault_open_with_login(&first, &error));
	assert_true(kt_vault_change_login(&first, &second, &error));
	assert_false(kt_vault_open_with_login(&first, &error));
	assert_non_null(strstr(error.message, "wrong login password"));

	kt_error_clear(&error);
	assert_int_equal(scratch_open_vault(NULL, &again, &error), KT_ERROR_NONE);
	assert_true(kt_secret_is_equal(&key, &again));
	scratch_lock_vault();
	scratch_typed = (const char *const[]){ "battery staple", NULL };
	assert_int_equal(scratch_open_vault(&scratch_asking, &again, &error), KT_ERROR_NONE);
	assert_true(kt_secret_is_equal(&key, &again));
}

static void person_is_asked_three_times_or_until_nothing_is_typed(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret passphrase = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_keyring_options silent = scratch_asking;
	struct kt_vault_options options = { .passphrase = &passphrase };
	struct kt_error error = { 0 };

	(void)state;
	silent.may_prompt = false;
	scratch_set_text(&passphrase, "correct horse");
	assert_true(kt_vault_create(&options, &error));
	scratch_lock_vault();
	scratch_questions = 0;

	assert_int_equal(scratch_open_vault(&silent, &key, &error), KT_ERROR_LOCKED);
	assert_int_equal(scratch_questions, 0);
	scratch_typed = (const char *const[]){ "", "correct horse", NULL };
	assert_int_equal(scratch_open_vault(&scratch_asking, &key, &error), KT_ERROR_DISMISSED);
	assert_int_equal(scratch_questions, 1);
	scratch_typed = (const char *const[]){ "a", "b", "c", "correct horse", NULL };
	assert_int_equal(scratch_open_vault(&scratch_asking, &key, &error), KT_ERROR_LOCKED);
	assert_int_equal(scratch_questions, 4);
	assert_non_null(strstr(error.message, "wrong passphrase"));
	assert_int_equal(open_unasked(), KT_ERROR_LOCKED);
}

/* Its context is the vault's id. */
static bool derive_beside(void *context)
{
	static struct kt_lock claim;

	return kt_vault_underway_begin(&claim, context, 0);
}

static void derivation_that_was_killed_is_waited_for_by_nobody(void **state)
{
	static char id[] = "00112233445566778899aabbccddeeff";
	static const char other[] = "ff112233445566778899aabbccddeeff";
	KT_CLEANUP(kt_lock_release) struct kt_lock claim = { 0 };
	KT_CLEANUP(kt_lock_release) struct kt_lock of_other = { 0 };
	pid_t child = beside_start(derive_beside, NULL, id);

	(void)state;
	assert_true(kt_vault_underway_wait(id, 0));
	assert_false(kt_vault_underway_begin(&claim, id, 0));
	assert_false(kt_vault_underway_wait(other, 60000));
	assert_true(kt_vault_underway_begin(&of_other, other, 0));

	beside_end(child);

	assert_false(kt_vault_underway_wait(id, 0));
	assert_true(kt_vault_underway_begin(&claim, id, 0));
	kt_lock_release(&claim);
	assert_false(kt_vault_underway_wait(id, 0));
}

/* The next waits for a derivation come to these at once; NULL: they wait. */
struct wait {
	bool was_underway;
	bool has_opened;
};

static const struct wait *next_wait;
static const struct kt_secret *derived;

/* Names that ld(1), --wrap, gives. */
bool __real_kt_vault_underway_wait(const char *vault, int64_t patience);
bool __wrap_kt_vault_underway_wait(const char *vault, int64_t patience);

bool __wrap_kt_vault_underway_wait(const char *vault, int64_t patience)
{
	const struct wait *wait = next_wait;
	KT_CLEANUP(kt_vault_clear) struct kt_vault opened = { 0 };
	struct kt_error error = { 0 };

	if (!wait)
		return __real_kt_vault_underway_wait(vault, patience);
	next_wait++;
	if (wait->has_opened) {
		assert_true(kt_vault_read(&opened, &error));
		assert_true(kt_vault_remember(&opened, derived, &error));
	}
	return wait->was_underway;
}

static void login_that_opens_a_vault_beside_a_caller_is_seen(void **state)
{
	static const struct wait over[] = { { false, true } };
	static const struct wait behind_a_change[] = { { true, false }, { true, true } };
	static const struct wait changed[] = { { true, false }, { false, false } };
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	struct kt_error error = { 0 };

	scratch_create_vault(scratch);
	scratch_set_text(&password, "correct horse");
	assert_true(kt_vault_add_login(&password, NULL, &error));
	assert_int_equal(scratch_open_vault(NULL, &key, &error), KT_ERROR_NONE);
	assert_int_equal(unlink(scratch->key_file), 0);
	derived = &key;

	scratch_lock_vault();
	next_wait = over;
	assert_int_equal(open_unasked(), KT_ERROR_NONE);
	scratch_lock_vault();
	next_wait = behind_a_change;
	assert_int_equal(open_unasked(), KT_ERROR_NONE);
	scratch_lock_vault();
	next_wait = changed;
	assert_int_equal(open_unasked(), KT_ERROR_LOCKED);
	assert_ptr_equal(next_wait, changed + 2);
	next_wait = NULL;
}

#define VAULT_TEST(test) \
	cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VAULT_TEST(passphrase_and_key_file_and_login_open_the_same_vault),
		VAULT_TEST(person_is_asked_three_times_or_until_nothing_is_typed),
		cmocka_unit_test(derivation_that_was_killed_is_waited_for_by_nobody),
		VAULT_TEST(login_that_opens_a_vault_beside_a_caller_is_seen),
	};

	return cmocka_run_group_tests(tests, alone, NULL);
}

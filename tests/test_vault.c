/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/vault.h"
#include "keyring/vault_key.h"
#include "tests/lib/alone.h"
#include "tests/lib/scratch_vault.h"

static enum kt_error_code open_unasked(void)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error error = { 0 };

	return scratch_open_vault(NULL, &key, &error);
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status.st_mode & 07777;
}

/* The outcome of a creation with this key file. */
static enum kt_error_code create_with(const char *key_file, struct kt_error *error)
{
	struct kt_vault_options options = { .key_file = key_file };
	bool created;

	kt_error_clear(error);
	created = kt_vault_create(&options, error);
	assert_int_equal(created, error->code == KT_ERROR_NONE);
	return error->code;
}

static void new_vault_and_its_key_file_are_the_owners_alone(void **state)
{
	const struct scratch *scratch = *state;
	struct stat status;

	umask(0);
	scratch_create_vault(scratch);
	umask(022);

	assert_int_equal(mode_of(scratch->vault), 0700);
	assert_int_equal(mode_of(scratch_path(scratch, "vault.json")), 0600);
	assert_int_equal(mode_of(scratch->key_file), 0600);
	assert_int_equal(stat(scratch->key_file, &status), 0);
	assert_int_equal(status.st_size, 32);
	assert_int_equal(scratch_count_items(scratch, NULL, 0), 0);
}

static void key_file_that_is_there_is_used_as_it_is(void **state)
{
	static const char bytes[] = "forty bytes that were there before us...";
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };

	scratch_write(scratch->key_file, bytes, sizeof(bytes));
	scratch_create_vault(scratch);
	scratch_lock_vault();

	assert_int_equal(open_unasked(), KT_ERROR_NONE);
	scratch_read(scratch->key_file, &content);
	assert_int_equal(kt_secret_length(&content), sizeof(bytes));
	assert_memory_equal(kt_secret_reveal(&content), bytes, sizeof(bytes));
}

static void second_creation_touches_nothing(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret before = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret after = { 0 };
	struct kt_error error = { 0 };

	scratch_create_vault(scratch);
	scratch_read(scratch_path(scratch, "vault.json"), &before);

	assert_int_equal(create_with(scratch->key_file, &error), KT_ERROR_USAGE);
	assert_string_equal(error.remedy, "run: keyturn vault status");
	scratch_read(scratch_path(scratch, "vault.json"), &after);
	assert_true(kt_secret_is_equal(&before, &after));
}

static void vault_without_a_way_in_is_not_made(void **state)
{
	const struct kt_vault_options none = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret empty = { 0 };
	const struct kt_vault_options no_passphrase = { .passphrase = &empty };
	struct kt_error error = { 0 };

	(void)state;
	assert_false(kt_vault_create(&none, &error));
	assert_int_equal(error.code, KT_ERROR_USAGE);
	kt_error_clear(&error);
	assert_false(kt_vault_create(&no_passphrase, &error));
	assert_int_equal(error.code, KT_ERROR_USAGE);

	assert_int_equal(open_unasked(), KT_ERROR_UNAVAILABLE);
}

static void key_file_of_others_is_refused_with_the_reason(void **state)
{
	const struct scratch *scratch = *state;
	struct kt_error error = { 0 };

	scratch_create_vault(scratch);
	scratch_lock_vault();
	assert_int_equal(chmod(scratch->key_file, 0640), 0);
	{
		KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };

		assert_int_equal(scratch_open_vault(&scratch_asking, &key, &error), KT_ERROR_UNSAFE);
		assert_non_null(strstr(error.message, "can be used by others"));
		assert_non_null(strstr(error.remedy, "chmod 600"));
	}
	assert_int_equal(chmod(scratch->key_file, 0600), 0);
	assert_int_equal(open_unasked(), KT_ERROR_NONE);

	if (geteuid() != 0) {
		print_message("another owner: skipped, only root can give a file away\n");
		return;
	}
	scratch_lock_vault();
	assert_int_equal(chown(scratch->key_file, 1, 1), 0);
	assert_int_equal(open_unasked(), KT_ERROR_UNSAFE);
}

static void key_file_that_is_no_key_is_refused(void **state)
{
	const struct scratch *scratch = *state;
	struct kt_error error = { 0 };
	char inside[96];

	scratch_write(scratch->key_file, "hunter2\n", 8);
	assert_int_equal(create_with(scratch->key_file, &error), KT_ERROR_UNSAFE);
	assert_null(strstr(error.message, "hunter2"));

	assert_int_equal(truncate(scratch->key_file, 1 << 30), 0);
	assert_int_equal(create_with(scratch->key_file, &error), KT_ERROR_UNSAFE);

	assert_int_equal(unlink(scratch->key_file), 0);
	assert_int_equal(mkfifo(scratch->key_file, 0600), 0);
	assert_int_equal(create_with(scratch->key_file, &error), KT_ERROR_UNSAFE);

	assert_int_equal(create_with(scratch->directory, &error), KT_ERROR_UNSAFE);

	snprintf(inside, sizeof(inside), "%s/key", scratch->vault);
	assert_int_equal(create_with(inside, &error), KT_ERROR_UNSAFE);

	assert_int_equal(open_unasked(), KT_ERROR_UNAVAILABLE);
}

static void kernel_keyring_keeps_the_vault_open_until_lock(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error error = { 0 };

	scratch_create_vault(scratch);
	assert_int_equal(unlink(scratch->key_file), 0);
	assert_int_equal(open_unasked(), KT_ERROR_NONE);

	scratch_lock_vault();

	assert_int_equal(scratch_open_vault(&scratch_asking, &key, &error), KT_ERROR_LOCKED);
	assert_non_null(strstr(error.message, scratch->key_file));
	assert_non_null(strstr(error.remedy, "KEYTURN_VAULT_KEY_FILE"));
}

static void lock_does_not_hold_where_the_key_file_is(void **state)
{
	scratch_create_vault(*state);
	scratch_lock_vault();

	assert_int_equal(open_unasked(), KT_ERROR_NONE);
}

static void key_may_come_from_variable_or_credential_instead(void **state)
{
	const struct scratch *scratch = *state;
	char elsewhere[96];

	scratch_create_vault(scratch);
	snprintf(elsewhere, sizeof(elsewhere), "%s/keyturn", scratch->directory);
	assert_int_equal(rename(scratch->key_file, elsewhere), 0);

	scratch_lock_vault();
	assert_int_equal(open_unasked(), KT_ERROR_LOCKED);
	setenv("KEYTURN_VAULT_KEY_FILE", elsewhere, 1);
	assert_int_equal(open_unasked(), KT_ERROR_NONE);
	unsetenv("KEYTURN_VAULT_KEY_FILE");

	scratch_lock_vault();
	setenv("CREDENTIALS_DIRECTORY", scratch->directory, 1);
	assert_int_equal(chmod(elsewhere, 0440), 0);
	assert_int_equal(open_unasked(), KT_ERROR_NONE);

	scratch_lock_vault();
	assert_int_equal(chmod(elsewhere, 0444), 0);
	assert_int_equal(open_unasked(), KT_ERROR_UNSAFE);
}

static void vault_of_a_credential_opens_with_it_alone(void **state)
{
	static const char bytes[] = "a credential of more than 32 bytes";
	const struct scratch *scratch = *state;
	struct kt_vault_options options = { .credential = "work" };
	struct kt_vault_options outside = { .credential = "../key" };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error error = { 0 };
	char path[96];

	snprintf(path, sizeof(path), "%s/work", scratch->directory);
	scratch_write(path, bytes, sizeof(bytes));
	assert_false(kt_vault_create(&options, &error));
	assert_int_equal(error.code, KT_ERROR_LOCKED);
	setenv("CREDENTIALS_DIRECTORY", scratch->directory, 1);
	kt_error_clear(&error);
	assert_false(kt_vault_create(&outside, &error));
	assert_int_equal(error.code, KT_ERROR_USAGE);

	kt_error_clear(&error);
	assert_true(kt_vault_create(&options, &error));
	scratch_lock_vault();
	assert_int_equal(open_unasked(), KT_ERROR_NONE);

	scratch_lock_vault();
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(scratch_open_vault(NULL, &key, &error), KT_ERROR_LOCKED);
	assert_non_null(strstr(error.remedy, "LoadCredential=work"));
}

static void another_vaults_key_file_does_not_open(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error error = { 0 };

	scratch_create_vault(scratch);
	scratch_write(scratch->key_file, "0123456789012345678901234567890123456789", 40);
	scratch_lock_vault();

	assert_int_equal(scratch_open_vault(NULL, &key, &error), KT_ERROR_LOCKED);
	assert_non_null(strstr(error.message, "does not open the vault"));
}

/* One test for all that needs passphrases: each try costs as much as a thief's. */
static void every_flipped_bit_of_the_header_is_noticed(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret header = { 0 };
	const char *path;

	scratch_create_vault(scratch);
	setenv("KEYTURN_VAULT_KEY_FILE", scratch->key_file, 1);
	path = scratch_path(scratch, "vault.json");
	scratch_read(path, &header);

	for (size_t bit = 0; bit < 8 * (kt_secret_length(&header) - 1); bit++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret changed = { 0 };
		struct kt_error error = { 0 };

		assert_true(kt_secret_copy(&changed, &header, &error));
		changed.bytes[bit / 8] = (char)(changed.bytes[bit / 8] ^ (1 << bit % 8));
		scratch_write(path, kt_secret_reveal(&changed), kt_secret_length(&changed));
		assert_int_not_equal(open_unasked(), KT_ERROR_NONE);
	}
	scratch_write(path, kt_secret_reveal(&header), kt_secret_length(&header));
	assert_int_equal(open_unasked(), KT_ERROR_NONE);
}

static void truncated_or_endless_header_is_refused(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret header = { 0 };
	const char *path;

	scratch_create_vault(scratch);
	path = scratch_path(scratch, "vault.json");
	scratch_read(path, &header);

	for (size_t length = 0; length + 2 < kt_secret_length(&header); length++) {
		scratch_write(path, kt_secret_reveal(&header), length);
		assert_int_equal(open_unasked(), KT_ERROR_CORRUPT);
	}
	assert_int_equal(truncate(path, 1 << 30), 0);
	assert_int_equal(open_unasked(), KT_ERROR_UNAVAILABLE);
	scratch_write(path, kt_secret_reveal(&header), kt_secret_length(&header));
}

static void header_that_asks_for_gigabytes_is_refused(void **state)
{
	static const char format[] =
		"{\"version\":1,\"id\":\"%032d\",\"slots\":{\"passphrase\":{\"n\":%s,\"r\":%s,"
		"\"p\":1,\"salt\":\"%064d\",\"key\":\"%0184d\"}},\"check\":\"%064d\"}";
	static const char *const hostile[][2] = {
		{ "1099511627776", "8" }, { "131072", "1048576" }, { "4194304", "8" },
		{ "-131072", "8" }, { "131071", "8" }, { "1e3", "8" }, { "\"131072\"", "8" },
		{ "99999999999999999999", "8" },
	};
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error error = { 0 };

	assert_int_equal(mkdir(scratch->vault, 0700), 0);
	scratch_typed = (const char *const[]){ "correct horse", NULL };

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		char text[600];
		int length = snprintf(text, sizeof(text), format, 0, hostile[i][0], hostile[i][1],
		                      0, 0, 0);

		scratch_write(scratch_path(scratch, "vault.json"), text, (size_t)length);
		assert_int_equal(scratch_open_vault(&scratch_asking, &key, &error), KT_ERROR_CORRUPT);
	}
}

static void newer_vault_is_named_as_such(void **state)
{
	static const char newer[] = "{\"version\":3,\"slots\":[]}";
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error error = { 0 };

	assert_int_equal(mkdir(scratch->vault, 0700), 0);
	scratch_write(scratch_path(scratch, "vault.json"), newer, strlen(newer));

	assert_int_equal(scratch_open_vault(NULL, &key, &error), KT_ERROR_UNAVAILABLE);
	assert_non_null(strstr(error.message, "newer"));
}

static void directory_that_others_can_enter_is_refused(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error error = { 0 };
	char moved[96];

	scratch_create_vault(scratch);
	assert_int_equal(chmod(scratch->vault, 0755), 0);
	assert_int_equal(scratch_open_vault(NULL, &key, &error), KT_ERROR_UNSAFE);
	assert_non_null(strstr(error.remedy, "chmod 700"));
	assert_int_equal(chmod(scratch->vault, 0700), 0);
	assert_int_equal(open_unasked(), KT_ERROR_NONE);

	snprintf(moved, sizeof(moved), "%s/moved", scratch->directory);
	assert_int_equal(rename(scratch->vault, moved), 0);
	assert_int_equal(symlink(moved, scratch->vault), 0);
	assert_int_equal(open_unasked(), KT_ERROR_UNSAFE);
	assert_int_equal(unlink(scratch->vault), 0);
	assert_int_equal(rename(moved, scratch->vault), 0);
}

static void missing_vault_says_how_to_make_one(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_int_equal(scratch_open_vault(NULL, &key, &error), KT_ERROR_UNAVAILABLE);
	assert_string_equal(error.remedy, "run: keyturn vault create");

	setenv("KEYTURN_VAULT", "relative", 1);
	assert_int_equal(scratch_open_vault(NULL, &key, &error), KT_ERROR_USAGE);
}

static bool open_in_a_container(void *context)
{
	(void)context;
	return scratch_forbid_kernel_keyring() && open_unasked() == KT_ERROR_NONE &&
	       open_unasked() == KT_ERROR_NONE;
}

static void key_file_is_enough_where_the_kernel_keyring_is_refused(void **state)
{
	const struct scratch *scratch = *state;

	scratch_create_vault(scratch);
	assert_true(scratch_run_apart(open_in_a_container, NULL));

	assert_int_equal(unlink(scratch->key_file), 0);
	assert_false(scratch_run_apart(open_in_a_container, NULL));
}

static void status_tells_what_is_there_and_what_is_open(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_vault_status_clear) struct kt_vault_status status = { 0 };
	struct kt_error error = { 0 };

	assert_true(kt_vault_status(&status, &error));
	assert_false(status.exists);
	assert_string_equal(status.vault.directory, scratch->vault);

	scratch_create_vault(scratch);
	assert_true(kt_vault_status(&status, &error));
	assert_true(status.exists);
	assert_true(status.is_open);
	assert_true(status.is_unattended);
	assert_int_equal(status.vault.version, 1);
	assert_int_equal(status.vault.count, 1);
	assert_null(kt_vault_find_way(&status.vault, KT_VAULT_PASSPHRASE));
	assert_string_equal(kt_vault_find_way(&status.vault, KT_VAULT_KEY_FILE)->source,
	                    scratch->key_file);

	scratch_lock_vault();
	assert_int_equal(unlink(scratch->key_file), 0);
	assert_true(kt_vault_status(&status, &error));
	assert_false(status.is_open);
	assert_false(status.is_unattended);
	assert_int_equal(status.obstacle.code, KT_ERROR_LOCKED);
}

#define VAULT_TEST(test) \
	cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VAULT_TEST(new_vault_and_its_key_file_are_the_owners_alone),
		VAULT_TEST(key_file_that_is_there_is_used_as_it_is),
		VAULT_TEST(second_creation_touches_nothing),
		VAULT_TEST(vault_without_a_way_in_is_not_made),
		VAULT_TEST(key_file_of_others_is_refused_with_the_reason),
		VAULT_TEST(key_file_that_is_no_key_is_refused),
		VAULT_TEST(kernel_keyring_keeps_the_vault_open_until_lock),
		VAULT_TEST(lock_does_not_hold_where_the_key_file_is),
		VAULT_TEST(key_may_come_from_variable_or_credential_instead),
		VAULT_TEST(vault_of_a_credential_opens_with_it_alone),
		VAULT_TEST(another_vaults_key_file_does_not_open),
		VAULT_TEST(every_flipped_bit_of_the_header_is_noticed),
		VAULT_TEST(truncated_or_endless_header_is_refused),
		VAULT_TEST(header_that_asks_for_gigabytes_is_refused),
		VAULT_TEST(newer_vault_is_named_as_such),
		VAULT_TEST(directory_that_others_can_enter_is_refused),
		VAULT_TEST(missing_vault_says_how_to_make_one),
		VAULT_TEST(key_file_is_enough_where_the_kernel_keyring_is_refused),
		VAULT_TEST(status_tells_what_is_there_and_what_is_open),
	};

	return cmocka_run_group_tests(tests, alone, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/keeper/account/lock.h"
#include "helper/keeper/token/journal.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"
#include "tests/lib/alone.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static struct kt_identity identity = {
	.protocol = (char *)"https",
	.host = (char *)"journal.example",
	.path = (char *)"",
	.username = (char *)"work",
};

static void set(struct kt_secret *secret, const char *text)
{
	struct kt_error error = { 0 };

	kt_secret_clear(secret);
	assert_true(kt_secret_append_text(secret, text, &error));
}

static void open_journal(struct kt_journal *journal)
{
	struct kt_error error = { 0 };

	assert_true(kt_journal_open(journal, kt_account_number(&identity), &error));
}

static char *path_of_journal(void)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_error error = { 0 };
	char *path = NULL;

	assert_true(kt_environment_state_directory(&directory, &error));
	assert_true(kt_account_lock_name(kt_account_number(&identity), &name, &error));
	assert_true(kt_text_format(&path, &error, "%s/%s.journal", directory, name));
	return path;
}

static int empty(void **state)
{
	KT_CLEANUP(kt_text_free) char *path = path_of_journal();

	(void)state;
	unlink(path);
	return 0;
}

static void what_was_sent_is_known_after_a_death(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_journal_close) struct kt_journal before = { 0 };
	KT_CLEANUP(kt_journal_close) struct kt_journal after = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret other = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	set(&credential.journal_key, "a key of thirty-two bytes, or so");
	set(&credential.refresh_token, "refresh_one");
	set(&other, "refresh_two");
	open_journal(&before);
	assert_int_equal(before.phase, KT_JOURNAL_CLEAR);
	before.sent_wall = INT64_MAX;
	before.tries = 3;
	before.early = 29;
	before.renewed_wall = 1795369798;
	before.promised_wall = INT64_MAX;
	assert_true(kt_journal_name_token(&before, &credential, &credential.refresh_token, &error));
	assert_true(kt_journal_write(&before, KT_JOURNAL_SENT, &error));

	open_journal(&after);

	assert_int_equal(after.phase, KT_JOURNAL_SENT);
	assert_true(kt_journal_is_sent(&after, &credential, &credential.refresh_token));
	assert_false(kt_journal_is_sent(&after, &credential, &other));
	assert_true(after.sent_wall == INT64_MAX);
	assert_int_equal(after.tries, 3);
	assert_int_equal(after.early, 29);
	assert_int_equal(after.renewed_wall, 1795369798);
	assert_true(after.promised_wall == INT64_MAX);
}

static void each_phase_is_read_as_it_was_written(void **state)
{
	KT_CLEANUP(kt_journal_close) struct kt_journal journal = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	set(&credential.journal_key, "a key of thirty-two bytes, or so");
	set(&credential.refresh_token, "refresh_one");
	open_journal(&journal);
	assert_true(kt_journal_name_token(&journal, &credential, &credential.refresh_token,
	                                  &error));
	for (int phase = KT_JOURNAL_GOT; phase >= KT_JOURNAL_CLEAR; phase--) {
		KT_CLEANUP(kt_journal_close) struct kt_journal again = { 0 };

		assert_true(kt_journal_write(&journal, (enum kt_journal_phase)phase, &error));
		open_journal(&again);
		assert_int_equal(again.phase, phase);
		assert_int_equal(kt_journal_is_sent(&again, &credential,
		                                    &credential.refresh_token),
		                 phase == KT_JOURNAL_SENT || phase == KT_JOURNAL_GOT);
	}
}

static void only_a_record_of_another_token_is_past(void **state)
{
	KT_CLEANUP(kt_journal_close) struct kt_journal journal = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret spent = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	set(&credential.journal_key, "a key of thirty-two bytes, or so");
	set(&credential.refresh_token, "refresh_two");
	set(&spent, "refresh_one");
	open_journal(&journal);
	assert_false(kt_journal_is_past(&journal, &credential));
	assert_true(kt_journal_name_token(&journal, &credential, &spent, &error));
	for (int phase = KT_JOURNAL_GOT; phase >= KT_JOURNAL_CLEAR; phase--) {
		assert_true(kt_journal_write(&journal, (enum kt_journal_phase)phase, &error));
		assert_int_equal(kt_journal_is_past(&journal, &credential),
		                 phase == KT_JOURNAL_CLEAR);
	}
	set(&credential.refresh_token, "refresh_one");
	assert_false(kt_journal_is_past(&journal, &credential));
	set(&credential.refresh_token, "refresh_two");
	assert_true(kt_journal_forget(&journal, &error));
	assert_false(kt_journal_is_past(&journal, &credential));
}

static void nothing_of_the_token_stands_in_it(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_journal_close) struct kt_journal journal = { 0 };
	KT_CLEANUP(kt_text_free) char *path = path_of_journal();
	struct kt_error error = { 0 };
	struct stat status;
	char record[1024] = "";
	int file;

	(void)state;
	set(&credential.journal_key, "a key of thirty-two bytes, or so");
	set(&credential.refresh_token, "refresh_one");
	open_journal(&journal);
	assert_true(kt_journal_name_token(&journal, &credential, &credential.refresh_token,
	                                  &error));
	assert_true(kt_journal_write(&journal, KT_JOURNAL_SENT, &error));
	file = open(path, O_RDONLY);
	assert_true(file >= 0);
	assert_true(read(file, record, sizeof(record) - 1) > 0);

	assert_null(strstr(record, "refresh_one"));
	assert_null(strstr(record, "key of thirty"));
	assert_int_equal(fstat(file, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	close(file);
}

static void what_cannot_be_read_is_a_clear_record(void **state)
{
	static const char *const records[] = {
		"",
		"keyturn 1",
		"keyturn 2 sent 00000000000000000000000000000000 1 1 1 1\n",
		"keyturn 1 lost 00000000000000000000000000000000 1 1 1 1\n",
		"keyturn 1 sent 0000000000000000000000000000000 1 1 1 1\n",
		"keyturn 1 sent 000000000000000000000000000000000 1 1 1 1\n",
		"keyturn 1 sent 00000000000000000000000000000000 1 1 1\n",
		"keyturn 1 sent 00000000000000000000000000000000 1 1 1 x\n",
		"keyturn 1 sent 00000000000000000000000000000000 1 1 1 1 x\n",
		"keyturn 1 sent 00000000000000000000000000000000 -1 1 1 1\n",
		"keyturn 1 sent 00000000000000000000000000000000 9223372036854775808 1 1 1\n",
		"\x01\x02\x03",
	};
	KT_CLEANUP(kt_text_free) char *path = path_of_journal();

	(void)state;
	for (size_t i = 0; i < ELEMENTS(records); i++) {
		KT_CLEANUP(kt_journal_close) struct kt_journal journal = { 0 };
		int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		assert_true(file >= 0);
		assert_true(write(file, records[i], strlen(records[i])) ==
		            (ssize_t)strlen(records[i]));
		close(file);
		open_journal(&journal);

		assert_int_equal(journal.phase, KT_JOURNAL_CLEAR);
		assert_int_equal(journal.tries, 0);
		assert_int_equal(journal.early, 0);
	}
}

/* A record of before there were promises. */
static void a_record_without_its_last_number_is_read(void **state)
{
	static const char record[] = "keyturn 1 sent 00000000000000000000000000000000 1 2 3 4    \n";
	KT_CLEANUP(kt_journal_close) struct kt_journal journal = { 0 };
	KT_CLEANUP(kt_text_free) char *path = path_of_journal();
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	(void)state;
	assert_true(file >= 0);
	assert_true(write(file, record, strlen(record)) == (ssize_t)strlen(record));
	close(file);
	open_journal(&journal);
	assert_int_equal(journal.phase, KT_JOURNAL_SENT);
	assert_int_equal(journal.renewed_wall, 4);
	assert_int_equal(journal.promised_wall, 0);
}

static void a_link_in_its_place_is_refused(void **state)
{
	KT_CLEANUP(kt_journal_close) struct kt_journal journal = { 0 };
	KT_CLEANUP(kt_text_free) char *path = path_of_journal();
	struct kt_error error = { 0 };

	(void)state;
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_false(kt_journal_open(&journal, kt_account_number(&identity), &error));
	assert_int_equal(error.code, KT_ERROR_UNAVAILABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_sent_is_known_after_a_death, empty, empty),
		cmocka_unit_test_setup_teardown(each_phase_is_read_as_it_was_written, empty, empty),
		cmocka_unit_test_setup_teardown(only_a_record_of_another_token_is_past, empty, empty),
		cmocka_unit_test_setup_teardown(nothing_of_the_token_stands_in_it, empty, empty),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_a_clear_record, empty, empty),
		cmocka_unit_test_setup_teardown(a_record_without_its_last_number_is_read, empty,
		                                empty),
		cmocka_unit_test_setup_teardown(a_link_in_its_place_is_refused, empty, empty),
	};

	return cmocka_run_group_tests(tests, alone, NULL);
}

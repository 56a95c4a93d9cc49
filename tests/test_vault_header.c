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
#include "keyring/recovery_code.h"
#include "keyring/text.h"
#include "keyring/vault.h"
#include "keyring/vault_key.h"
#include "keyring/vault_open.h"
#include "tests/lib/scratch_vault.h"

static const char *typed;

static bool type_it(const struct kt_passphrase_question *question, struct kt_secret *passphrase,
                    struct kt_error *error)
{
	assert_true(question->takes_recovery_code);
	return kt_secret_append_text(passphrase, question->left ? "" : typed, error);
}

static const struct kt_keyring_options asking = {
	.may_prompt = true,
	.ask_passphrase = type_it,
};

static enum kt_error_code open_vault(const struct kt_keyring_options *options)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error error = { 0 };

	if (kt_vault_read(&vault, &error))
		kt_vault_open_key(&vault, options, &key, &error);
	return error.code;
}

static void lock_vault(void)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	struct kt_error error = { 0 };

	assert_true(kt_vault_read(&vault, &error));
	kt_vault_lock(&vault);
}

static int64_t version(void)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	struct kt_error error = { 0 };

	assert_true(kt_vault_read(&vault, &error));
	return vault.version;
}

static enum kt_error_code add_key_file(const char *path, const char *name)
{
	const struct kt_vault_options wanted = { .key_file = path, .name = name };
	struct kt_error error = { 0 };

	kt_vault_add_key(&wanted, NULL, &error);
	return error.code;
}

static enum kt_error_code remove_key(const char *id)
{
	struct kt_error error = { 0 };

	kt_vault_remove_key(id, false, NULL, &error);
	return error.code;
}

/* The second key file's path; it is not made. */
static const char *other_key(const struct scratch *scratch)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/other", scratch->directory);
	return path;
}

/* A vault of version 2, with two key files. */
static void create_second_version(const struct scratch *scratch)
{
	scratch_create_vault(scratch);
	assert_int_equal(add_key_file(other_key(scratch), NULL), KT_ERROR_NONE);
	assert_int_equal(version(), 2);
}

static void read_key(struct kt_secret *key)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	struct kt_error error = { 0 };

	assert_true(kt_vault_read(&vault, &error));
	assert_true(kt_vault_open_key(&vault, NULL, key, &error));
}

/* Puts addition in front of the first place of mark in the header, and makes its check anew. */
static void sign_with(const struct scratch *scratch, const char *mark, const char *addition)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret header = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret check = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	struct kt_error error = { 0 };
	const char *place;
	const char *end;

	read_key(&key);
	scratch_read(scratch_path(scratch, "vault.json"), &header);
	place = strstr(kt_secret_reveal(&header), mark);
	end = strstr(kt_secret_reveal(&header), ",\"check\":");
	assert_true(place && end && place <= end);
	assert_true(kt_secret_append(&text, kt_secret_reveal(&header),
	                             (size_t)(place - kt_secret_reveal(&header)), &error));
	assert_true(kt_secret_append_text(&text, addition, &error));
	assert_true(kt_secret_append(&text, place, (size_t)(end - place), &error));
	assert_true(kt_secret_append_text(&text, "}", &error));
	assert_true(kt_seal_hash(&key, "keyturn vault header 1", kt_secret_reveal(&text),
	                         kt_secret_length(&text), KT_SEAL_KEY_SIZE, &check, &error));
	kt_secret_truncate(&text, kt_secret_length(&text) - 1);
	assert_true(kt_secret_append_text(&text, ",\"check\":\"", &error));
	assert_true(kt_secret_append_text(&text, kt_secret_reveal(&check), &error));
	assert_true(kt_secret_append_text(&text, "\"}\n", &error));
	scratch_write(scratch_path(scratch, "vault.json"), kt_secret_reveal(&text),
	              kt_secret_length(&text));
}

static bool header_has(const struct scratch *scratch, const char *text)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret header = { 0 };

	scratch_read(scratch_path(scratch, "vault.json"), &header);
	return strstr(kt_secret_reveal(&header), text) != NULL;
}

static void version_1_stays_until_it_cannot_hold_something(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	struct kt_error error = { 0 };

	scratch_create_vault(scratch);
	assert_true(kt_secret_append_text(&password, "correct horse", &error));
	assert_true(kt_vault_add_login(&password, NULL, &error));
	assert_int_equal(version(), 1);
	assert_false(header_has(scratch, "added"));
	assert_int_equal(open_vault(NULL), KT_ERROR_NONE);
	assert_int_equal(version(), 1);
	assert_int_equal(remove_key("login"), KT_ERROR_NONE);
	assert_int_equal(version(), 1);

	assert_int_equal(add_key_file(other_key(scratch), NULL), KT_ERROR_NONE);
	assert_int_equal(version(), 2);
	assert_true(header_has(scratch, "\"id\":\"key-file\""));
	assert_int_equal(remove_key("key-file"), KT_ERROR_NONE);
	assert_int_equal(version(), 2);
}

static void each_of_two_key_files_opens_and_none_that_was_removed(void **state)
{
	const struct scratch *scratch = *state;

	create_second_version(scratch);
	lock_vault();
	assert_int_equal(unlink(other_key(scratch)), 0);
	assert_int_equal(open_vault(NULL), KT_ERROR_NONE);
	lock_vault();
	assert_int_equal(add_key_file(other_key(scratch), "second"), KT_ERROR_NONE);
	assert_int_equal(remove_key("key-file"), KT_ERROR_NONE);
	lock_vault();
	assert_int_equal(open_vault(NULL), KT_ERROR_NONE);
	lock_vault();
	setenv("KEYTURN_VAULT_KEY_FILE", scratch->key_file, 1);
	assert_int_equal(open_vault(NULL), KT_ERROR_LOCKED);
}

static void last_way_in_cannot_be_removed(void **state)
{
	const struct scratch *scratch = *state;

	scratch_create_vault(scratch);
	assert_int_equal(remove_key("key-file"), KT_ERROR_UNSAFE);
	assert_int_equal(remove_key("banana"), KT_ERROR_NOT_FOUND);
	assert_int_equal(open_vault(NULL), KT_ERROR_NONE);
	assert_int_equal(add_key_file(other_key(scratch), NULL), KT_ERROR_NONE);
	assert_int_equal(remove_key("key-file"), KT_ERROR_NONE);
	assert_int_equal(remove_key("key-file"), KT_ERROR_NOT_FOUND);
}

static void last_way_that_lasts_is_removed_by_force_alone(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };
	KT_CLEANUP(kt_vault_slot_clear) struct kt_vault_slot slot = { 0 };
	struct kt_error error = { 0 };

	scratch_create_vault(scratch);
	read_key(&key);
	assert_true(kt_vault_read(&vault, &error));
	assert_true(kt_vault_begin_slot(&vault, KT_VAULT_MACHINE, NULL, &slot, &error));
	assert_true(kt_text_set(&slot.blob, "AAAA", &error));
	assert_true(kt_seal_randomize(&material, KT_SEAL_KEY_SIZE, &error));
	assert_true(kt_vault_wrap(&vault, &slot, &material, &key, &error));
	assert_true(kt_vault_save(&vault, &key, &error));
	assert_int_equal(remove_key("key-file"), KT_ERROR_UNSAFE);
	assert_true(kt_vault_remove_key("key-file", true, NULL, &error));
}

static void what_a_newer_keyturn_wrote_is_skipped_and_kept_byte_for_byte(void **state)
{
	static const char strange[] = "{\"id\":\"77\",\"way\":\"quantum\",\"key\":[1.5,null,true,"
	                              "{\"a\":\"\xc3\xa9\"}],\"added\":\"x\"}";
	static const char member[] = "\"hint\":{\"of\":[\"later\"]}";
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	struct kt_error error = { 0 };
	char text[256];

	create_second_version(scratch);
	snprintf(text, sizeof(text), "%s,", strange);
	sign_with(scratch, "{\"id\":\"key-file\"", text);
	snprintf(text, sizeof(text), "%s,", member);
	sign_with(scratch, "\"slots\":", text);
	sign_with(scratch, "\"source\":", "\"later\":\"of a way that is known\",");
	lock_vault();

	assert_int_equal(open_vault(NULL), KT_ERROR_NONE);
	assert_true(kt_vault_read(&vault, &error));
	assert_int_equal(vault.count, 3);
	assert_int_equal(vault.slots[0].way, KT_VAULT_WAYS);
	assert_string_equal(kt_vault_slot_way(&vault.slots[0]), "quantum");
	assert_int_equal(add_key_file(scratch->key_file, "third"), KT_ERROR_NONE);
	assert_true(header_has(scratch, strange));
	assert_true(header_has(scratch, member));
	assert_true(header_has(scratch, "\"later\":\"of a way that is known\""));
	lock_vault();
	assert_int_equal(open_vault(NULL), KT_ERROR_NONE);

	assert_int_equal(remove_key("77"), KT_ERROR_NONE);
	assert_false(header_has(scratch, "quantum"));
	assert_int_equal(open_vault(NULL), KT_ERROR_NONE);
}

static void header_is_read_again_only_where_it_is_another(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_vault_clear) struct kt_vault again = { 0 };
	struct kt_error error = { 0 };
	bool changed;

	create_second_version(scratch);
	assert_true(kt_vault_read(&vault, &error));

	assert_true(kt_vault_read_again(&vault, &again, &changed, &error));
	assert_false(changed);
	assert_null(again.id);

	assert_int_equal(add_key_file(scratch->key_file, "third"), KT_ERROR_NONE);
	assert_true(kt_vault_read_again(&vault, &again, &changed, &error));
	assert_true(changed);
	assert_int_equal(again.count, vault.count + 1);
	assert_true(kt_vault_read_again(&again, &vault, &changed, &error));
	assert_false(changed);

	assert_int_equal(unlink(scratch_path(scratch, "vault.json")), 0);
	assert_false(kt_vault_read_again(&again, &vault, &changed, &error));
	assert_int_equal(error.code, KT_ERROR_UNAVAILABLE);
}

static void every_flipped_bit_of_version_2_is_noticed(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret header = { 0 };
	const char *path;

	create_second_version(scratch);
	sign_with(scratch, "{\"id\":\"key-file\"", "{\"id\":\"77\",\"way\":\"quantum\"},");
	sign_with(scratch, "\"slots\":", "\"hint\":1,");
	setenv("KEYTURN_VAULT_KEY_FILE", scratch->key_file, 1);
	path = scratch_path(scratch, "vault.json");
	scratch_read(path, &header);

	for (size_t bit = 0; bit < 8 * (kt_secret_length(&header) - 1); bit++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret changed = { 0 };
		struct kt_error error = { 0 };

		assert_true(kt_secret_copy(&changed, &header, &error));
		changed.bytes[bit / 8] = (char)(changed.bytes[bit / 8] ^ (1 << bit % 8));
		scratch_write(path, kt_secret_reveal(&changed), kt_secret_length(&changed));
		assert_int_not_equal(open_vault(NULL), KT_ERROR_NONE);
	}
	for (size_t length = 0; length + 2 < kt_secret_length(&header); length++) {
		scratch_write(path, kt_secret_reveal(&header), length);
		assert_int_equal(open_vault(NULL), KT_ERROR_CORRUPT);
	}
	scratch_write(path, kt_secret_reveal(&header), kt_secret_length(&header));
	assert_int_equal(open_vault(NULL), KT_ERROR_NONE);
}

static void slots_that_break_a_rule_make_a_damaged_header(void **state)
{
	static const char *const slots[] = {
		"", "1", "{}", "[]", "{\"id\":\"1\"}", "{\"way\":\"x\"}", "{\"id\":1,\"way\":\"x\"}",
		"{\"id\":\"\",\"way\":\"x\"}", "{\"id\":\"a b\",\"way\":\"x\"}",
		"{\"id\":\"1\",\"way\":\"\\u001b[31m\"}", "{\"id\":\"1\",\"way\":\"key-file\"}",
		"{\"id\":\"1\",\"way\":\"x\"},{\"id\":\"1\",\"way\":\"y\"}",
		"{\"id\":\"1\",\"way\":\"passphrase\",\"n\":1099511627776,\"r\":8,\"p\":1}",
	};
	static const char *const items[] = {
		"\"../vault\"", "\"items-\"", "1", "\"items-0123456789abcdef0123456789abcdeg\"",
		"\"items-0123456789abcdef0123456789abcdef/\"",
	};
	const struct scratch *scratch = *state;
	char text[512];

	assert_int_equal(mkdir(scratch->vault, 0700), 0);
	for (size_t i = 0; i < KT_COUNT(slots) + KT_COUNT(items); i++) {
		bool is_slot = i < KT_COUNT(slots);
		int length = snprintf(text, sizeof(text),
		                      "{\"version\":2,\"id\":\"%032d\",%s%s%s\"slots\":[%s],"
		                      "\"check\":\"%064d\"}", 0, is_slot ? "" : "\"items\":",
		                      is_slot ? "" : items[i - KT_COUNT(slots)],
		                      is_slot ? "" : ",",
		                      is_slot ? slots[i] : "{\"id\":\"1\",\"way\":\"x\"}", 0);

		scratch_write(scratch_path(scratch, "vault.json"), text, (size_t)length);
		assert_int_equal(open_vault(NULL), KT_ERROR_CORRUPT);
	}
}

static void header_has_room_for_64_slots(void **state)
{
	const struct scratch *scratch = *state;
	char slot[64];

	create_second_version(scratch);
	for (int i = 2; i < KT_VAULT_SLOTS; i++) {
		snprintf(slot, sizeof(slot), "{\"id\":\"%d\",\"way\":\"quantum\"},", i);
		sign_with(scratch, "{\"id\":\"key-file\"", slot);
	}
	lock_vault();
	assert_int_equal(open_vault(NULL), KT_ERROR_NONE);
	assert_int_equal(add_key_file(scratch->key_file, "one more"), KT_ERROR_USAGE);
	assert_int_equal(open_vault(NULL), KT_ERROR_NONE);
	sign_with(scratch, "{\"id\":\"key-file\"", "{\"id\":\"65\",\"way\":\"quantum\"},");
	assert_int_equal(open_vault(NULL), KT_ERROR_CORRUPT);
}

static void names_are_short_and_clean(void **state)
{
	const struct scratch *scratch = *state;
	char name[KT_VAULT_NAME_MAXIMUM + 2];

	scratch_create_vault(scratch);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(add_key_file(other_key(scratch), name), KT_ERROR_USAGE);
	assert_int_equal(add_key_file(other_key(scratch), ""), KT_ERROR_USAGE);
	assert_int_equal(add_key_file(other_key(scratch), "a\nb"), KT_ERROR_USAGE);
	name[sizeof(name) - 2] = '\0';
	assert_int_equal(add_key_file(other_key(scratch), name), KT_ERROR_NONE);
	assert_true(header_has(scratch, name));
}

static void add_recovery(struct kt_secret *code)
{
	const struct kt_vault_options wanted = { .recovery_code = code };
	struct kt_error error = { 0 };

	assert_true(kt_vault_add_key(&wanted, NULL, &error));
}

static void recovery_code_opens_until_there_is_a_new_one(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret first = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret second = { 0 };

	scratch_create_vault(scratch);
	add_recovery(&first);
	add_recovery(&second);
	assert_int_equal(kt_secret_length(&first), 42);
	assert_int_equal(unlink(scratch->key_file), 0);
	lock_vault();

	typed = kt_secret_reveal(&first);
	assert_int_equal(open_vault(&asking), KT_ERROR_DISMISSED);
	assert_int_equal(open_vault(NULL), KT_ERROR_LOCKED);
	typed = kt_secret_reveal(&second);
	assert_int_equal(open_vault(&asking), KT_ERROR_NONE);
	assert_int_equal(open_vault(NULL), KT_ERROR_NONE);
}

static enum kt_recovery_code verdict_of(const char *text, struct kt_secret *material)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret code = { 0 };
	enum kt_recovery_code verdict;
	struct kt_error error = { 0 };

	assert_true(kt_secret_append_text(&code, text, &error));
	assert_true(kt_recovery_code_read(&code, material, &verdict, &error));
	assert_int_equal(verdict == KT_RECOVERY_CODE_WHOLE, !kt_secret_is_empty(material));
	return verdict;
}

static void each_slip_in_a_recovery_code_is_told_from_another_code(void **state)
{
	static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	KT_CLEANUP(kt_secret_clear) struct kt_secret code = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret read = { 0 };
	struct kt_error error = { 0 };
	char text[64];

	(void)state;
	assert_true(kt_recovery_code_make(&code, &material, &error));
	assert_int_equal(verdict_of(kt_secret_reveal(&code), &read), KT_RECOVERY_CODE_WHOLE);
	assert_true(kt_secret_is_equal(&material, &read));
	for (size_t i = 0; i < kt_secret_length(&code); i++) {
		for (size_t k = 0; k < KT_COUNT(letters) - 1; k++) {
			snprintf(text, sizeof(text), "%s", kt_secret_reveal(&code));
			if (text[i] == '-' || text[i] == letters[k])
				continue;
			text[i] = letters[k];
			assert_int_equal(verdict_of(text, &read), KT_RECOVERY_CODE_MISTYPED);
		}
		snprintf(text, sizeof(text), "%s", kt_secret_reveal(&code));
		if (i == 0 || text[i] == '-' || text[i - 1] == '-' || text[i] == text[i - 1])
			continue;
		text[i] = text[i - 1];
		text[i - 1] = kt_secret_reveal(&code)[i];
		assert_int_equal(verdict_of(text, &read), KT_RECOVERY_CODE_MISTYPED);
	}
	text[0] = '\0';
	assert_int_equal(verdict_of(text, &read), KT_RECOVERY_CODE_NONE);
	assert_int_equal(verdict_of("correct horse battery staple", &read), KT_RECOVERY_CODE_NONE);
}

static void recovery_code_is_read_as_people_write_it(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret read = { 0 };

	(void)state;
	/* 160 bits of nothing, whose check letters are 00. */
	assert_int_equal(verdict_of("oooo OOOO 0000-0000-0000-0000-0000-0000-00", &read),
	                 KT_RECOVERY_CODE_WHOLE);
	assert_string_equal(kt_secret_reveal(&read), "00000000000000000000000000000000");
	/* One bit: the rest by 1021 is 1. */
	assert_int_equal(verdict_of("0000000000000000000000000000000l0i", &read),
	                 KT_RECOVERY_CODE_WHOLE);
	assert_int_equal(verdict_of("0000000000000000000000000000000u01", &read),
	                 KT_RECOVERY_CODE_NONE);
}

#define VAULT_TEST(test) \
	cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VAULT_TEST(version_1_stays_until_it_cannot_hold_something),
		VAULT_TEST(each_of_two_key_files_opens_and_none_that_was_removed),
		VAULT_TEST(last_way_in_cannot_be_removed),
		VAULT_TEST(last_way_that_lasts_is_removed_by_force_alone),
		VAULT_TEST(what_a_newer_keyturn_wrote_is_skipped_and_kept_byte_for_byte),
		VAULT_TEST(header_is_read_again_only_where_it_is_another),
		VAULT_TEST(every_flipped_bit_of_version_2_is_noticed),
		VAULT_TEST(slots_that_break_a_rule_make_a_damaged_header),
		VAULT_TEST(header_has_room_for_64_slots),
		VAULT_TEST(names_are_short_and_clean),
		VAULT_TEST(recovery_code_opens_until_there_is_a_new_one),
		cmocka_unit_test(each_slip_in_a_recovery_code_is_told_from_another_code),
		cmocka_unit_test(recovery_code_is_read_as_people_write_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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

#include "helper/libexec.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/vault.h"
#include "keyring/vault_backup.h"
#include "keyring/vault_fido2.h"
#include "keyring/vault_key.h"
#include "keyring/vault_open.h"
#include "keyring/vault_rekey.h"
#include "tests/lib/alone.h"
#include "tests/lib/scratch_vault.h"

/* The PIN that the person types, how often they were asked for it, and to touch. */
static const char *pin;
static int pins;
static int touches;

static bool type_pin(struct kt_secret *typed, struct kt_error *error)
{
	pins++;
	kt_secret_clear(typed);
	return kt_secret_append_text(typed, pin ? pin : "", error);
}

static void count_touch(const char *line)
{
	assert_non_null(strstr(line, "touch the security key now: "));
	touches++;
}

static struct kt_keyring_options asking = {
	.may_prompt = true,
	.security_keys = { .ask_pin = type_pin, .tell = count_touch },
};

/* The same for "keyturn unlock". */
static struct kt_keyring_options unlocking;

/*
 * The security keys: tests/programs/authenticator.c tells what their files mean.
 */

static const char *key_path(const char *key, const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s%s%s", getenv("KEYTURN_TEST_AUTHENTICATORS"), key,
	         name ? "/" : "", name ? name : "");
	return path;
}

static void plug(const char *key)
{
	assert_int_equal(mkdir(key_path(key, NULL), 0700), 0);
}

static void tell_key(const char *key, const char *name, const char *text)
{
	scratch_write(key_path(key, name), text, strlen(text));
}

static void forget(const char *key, const char *name)
{
	unlink(key_path(key, name));
}

static int count_log(const char *key, const char *word)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret log = { 0 };
	int count = 0;

	if (access(key_path(key, "log"), F_OK) != 0)
		return 0;
	scratch_read(key_path(key, "log"), &log);
	for (const char *next = kt_secret_reveal(&log); (next = strstr(next, word)) != NULL; next++)
		count++;
	return count;
}

static int set_up(void **state)
{
	const struct scratch *scratch;
	char directory[100];

	if (scratch_set_up(state) != 0)
		return -1;
	scratch = *state;
	snprintf(directory, sizeof(directory), "%s/keys", scratch->directory);
	setenv("KEYTURN_TEST_AUTHENTICATORS", directory, 1);
	asking.security_keys.module = kt_libexec_path(KT_LIBEXEC_FIDO2);
	unlocking = asking;
	unlocking.ignore_dismissed = true;
	pin = NULL;
	pins = touches = 0;
	return mkdir(directory, 0700);
}

/*
 * Vaults.
 */

static void create(const char *device)
{
	const struct kt_vault_options wanted = { .fido2 = device,
	                                         .security_keys = &asking.security_keys };
	struct kt_error error = { 0 };

	if (!kt_vault_create(&wanted, &error))
		fail_msg("%s", error.message);
}

static enum kt_error_code try_create(const char *device, struct kt_error *error)
{
	const struct kt_vault_options wanted = { .fido2 = device,
	                                         .security_keys = &asking.security_keys };

	char header[120];

	kt_error_clear(error);
	assert_false(kt_vault_create(&wanted, error));
	snprintf(header, sizeof(header), "%s/vault.json", getenv("KEYTURN_VAULT"));
	assert_int_not_equal(access(header, F_OK), 0);
	return error->code;
}

static void add(const struct kt_vault_options *wanted)
{
	struct kt_error error = { 0 };

	if (!kt_vault_add_key(wanted, &asking, &error))
		fail_msg("%s", error.message);
}

/* Locks the vault and opens it again; returns the error's code. */
static enum kt_error_code reopen(const struct kt_keyring_options *options, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error failure = { 0 };
	bool opened;

	kt_error_clear(error);
	assert_true(kt_vault_read(&vault, &failure));
	kt_vault_lock(&vault);
	opened = kt_vault_open_key(&vault, options, &key, error);
	assert_int_equal(opened, error->code == KT_ERROR_NONE);
	assert_int_equal(kt_secret_is_empty(&key), error->code != KT_ERROR_NONE);
	return error->code;
}

static void assert_opens(void)
{
	struct kt_error error;

	if (reopen(&unlocking, &error) != KT_ERROR_NONE)
		fail_msg("%s", error.message);
}

static void assert_locked(const char *reason)
{
	struct kt_error error;

	assert_true(reopen(&unlocking, &error) == KT_ERROR_LOCKED || error.code == KT_ERROR_DISMISSED);
	if (!strstr(error.message, reason))
		fail_msg("\"%s\" has no \"%s\"", error.message, reason);
	assert_string_not_equal(error.remedy, "");
}

static void a_key_that_was_not_touched_blinks_again_for_unlock_alone(void **state)
{
	struct kt_error error;

	(void)state;
	plug("one");
	create("");
	tell_key("one", "behaviour", "untouched");
	touches = 0;
	assert_int_equal(reopen(&asking, &error), KT_ERROR_DISMISSED);
	assert_int_equal(touches, 1);
	tell_key("one", "behaviour", "");
	assert_int_equal(reopen(&asking, &error), KT_ERROR_DISMISSED);
	assert_non_null(strstr(error.message, "a moment ago"));
	assert_non_null(strstr(error.remedy, "keyturn unlock"));
	assert_int_equal(touches, 1);
	assert_int_equal(reopen(&unlocking, &error), KT_ERROR_NONE);
	assert_int_equal(touches, 2);
}

static void a_touch_opens_the_vault(void **state)
{
	struct kt_error error;

	(void)state;
	plug("one");
	create("");
	assert_int_equal(touches, 2);
	assert_opens();
	assert_opens();
	assert_int_equal(touches, 4);
	assert_int_equal(pins, 0);
	assert_int_equal(count_log("one", "make"), 1);
	assert_int_equal(count_log("one", "assert"), 3);

	/* Nobody is there: nobody knows that it blinks. */
	assert_int_equal(reopen(NULL, &error), KT_ERROR_LOCKED);
	assert_non_null(strstr(error.message, "wants to be touched"));
	assert_int_equal(count_log("one", "assert"), 3);
}

static void a_program_without_a_terminal_has_nothing_touched(void **state)
{
	struct kt_keyring_options blind = unlocking;
	struct kt_error error;

	(void)state;
	plug("one");
	create("");
	touches = 0;
	blind.security_keys.ask_pin = NULL;
	assert_int_equal(reopen(&blind, &error), KT_ERROR_LOCKED);
	assert_non_null(strstr(error.message, "at a terminal alone"));
	assert_non_null(strstr(error.remedy, "keyturn unlock"));
	assert_int_equal(touches, 0);
}

static void both_pin_protocols_give_the_secret(void **state)
{
	(void)state;
	plug("one");
	tell_key("one", "behaviour", "protocol2");
	tell_key("one", "pin", "2468");
	pin = "2468";
	create("");
	assert_opens();
	/* The secret is the key's, not the protocol's. */
	forget("one", "behaviour");
	assert_opens();
	assert_int_equal(pins, 3);
}

static void a_pin_is_asked_for_where_the_key_had_one_at_enrolment(void **state)
{
	(void)state;
	plug("one");
	create("");
	tell_key("one", "pin", "2468");
	assert_opens();
	assert_int_equal(pins, 0);
	pin = "2468";
	add(&(struct kt_vault_options){ .fido2 = "", .security_keys = &asking.security_keys });
	assert_int_equal(pins, 1);
}

static void a_wrong_pin_is_told_with_what_is_left(void **state)
{
	(void)state;
	plug("one");
	tell_key("one", "pin", "2468");
	pin = "2468";
	create("");
	pin = "1357";
	assert_locked("takes 7 more");
	assert_locked("takes 6 more");
	assert_int_equal(pins, 3);
	assert_locked("taken out and put in again");
	pin = "2468";
	assert_locked("taken out and put in again");
	forget("one", "wrong");
	assert_opens();
	tell_key("one", "tries", "1");
	pin = "1357";
	assert_locked("until it is reset");
	pin = "2468";
	assert_locked("until it is reset");
	pin = "";
	assert_locked("no PIN was given");
}

static void whatever_happens_to_the_key_is_told_as_what_it_was(void **state)
{
	(void)state;
	plug("one");
	create("");
	tell_key("one", "behaviour", "untouched");
	assert_locked("nobody touched");
	tell_key("one", "behaviour", "silent");
	assert_locked("nobody touched");
	tell_key("one", "behaviour", "refused");
	assert_locked("refused");
	tell_key("one", "behaviour", "removed");
	assert_locked("was taken out");
	assert_locked("no security key is plugged in");
	forget("one", "behaviour");
	forget("one", "gone");
	assert_opens();
	/* A reset gives it another master secret. */
	forget("one", "master");
	assert_locked("is not plugged in, or was reset");
}

static void another_key_opens_nothing_and_is_not_touched(void **state)
{
	(void)state;
	plug("one");
	create("");
	plug("another");
	touches = 0;
	assert_opens();
	assert_int_equal(count_log("another", "assert"), 0);
	tell_key("one", "behaviour", "away");
	assert_locked("is not plugged in, or was reset");
	assert_int_equal(touches, 1);
}

static void of_several_one_is_named(void **state)
{
	struct kt_error error;
	char path[200];

	(void)state;
	assert_int_equal(try_create("", &error), KT_ERROR_LOCKED);
	assert_non_null(strstr(error.message, "no security key is plugged in"));
	plug("one");
	plug("two");
	tell_key("two", "product", "Second\033[31m");
	assert_int_equal(try_create("", &error), KT_ERROR_USAGE);
	assert_non_null(strstr(error.message, "/one (Test key)"));
	assert_non_null(strstr(error.message, "/two (Second"));
	assert_null(strchr(error.message, '\033'));
	assert_int_equal(try_create("/dev/hidraw9", &error), KT_ERROR_USAGE);
	snprintf(path, sizeof(path), "%s", key_path("two", NULL));
	create(path);
	assert_int_equal(count_log("two", "make"), 1);
	assert_opens();
}

static void a_key_that_is_unfit_is_refused(void **state)
{
	struct kt_error error;

	(void)state;
	plug("one");
	tell_key("one", "behaviour", "plain");
	assert_int_equal(try_create("", &error), KT_ERROR_UNSAFE);
	tell_key("one", "behaviour", "u2f");
	assert_int_equal(try_create("", &error), KT_ERROR_UNSAFE);
	assert_non_null(strstr(error.message, "hmac-secret"));
	assert_int_equal(touches, 0);
	tell_key("one", "behaviour", "untouched");
	assert_int_equal(try_create("", &error), KT_ERROR_DISMISSED);
}

static void without_its_module_it_is_told_what_is_missing(void **state)
{
	struct kt_keyring_options bare = unlocking;
	struct kt_error error;

	(void)state;
	plug("one");
	create("");
	bare.security_keys.module = "/nonexistent/keyturn-fido2.so";
	assert_int_equal(reopen(&bare, &error), KT_ERROR_UNAVAILABLE);
	assert_non_null(strstr(error.message, "security keys"));
	assert_non_null(strstr(error.remedy, "libfido2"));
}

static bool type_nothing(void *context, enum kt_vault_way way, struct kt_secret *typed,
                         struct kt_error *error)
{
	(void)context;
	(void)way;
	(void)typed;
	return kt_fail(error, KT_ERROR_USAGE, "nobody types");
}

static const struct kt_vault_typist nobody = { .ask = type_nothing };

static void rekey_takes_one_touch_and_ends_what_was_there(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret before = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret after = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret old = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret fresh = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	struct kt_error error = { 0 };
	char header[100];

	plug("one");
	create("");
	snprintf(header, sizeof(header), "%s", scratch_path(*state, "vault.json"));
	scratch_read(header, &before);
	assert_true(kt_vault_read(&vault, &error));
	assert_true(kt_vault_fido2_fetch(&vault, &vault.slots[0], NULL, &asking.security_keys, &old,
	                                 NULL, &error));
	touches = 0;
	assert_true(kt_vault_rekey(&nobody, &asking, &error));
	assert_int_equal(touches, 1);
	assert_opens();

	/* The secret of the old salt opens the new header no more; that of the new one does. */
	assert_true(kt_vault_read(&vault, &error));
	assert_true(kt_vault_unwrap(&vault, &vault.slots[0], &old, &key, &error));
	assert_true(kt_secret_is_empty(&key));
	assert_true(kt_vault_fido2_fetch(&vault, &vault.slots[0], NULL, &asking.security_keys, &fresh,
	                                 NULL, &error));
	assert_false(kt_secret_is_equal(&old, &fresh));

	/* A key that is away is named, and nothing is changed. */
	scratch_read(header, &after);
	tell_key("one", "behaviour", "away");
	assert_false(kt_vault_rekey(&nobody, &asking, &error));
	assert_int_equal(error.code, KT_ERROR_LOCKED);
	assert_non_null(strstr(error.message, "(fido2) cannot be made anew"));
	assert_non_null(strstr(error.remedy, "remove-key"));
	scratch_read(header, &before);
	assert_true(kt_secret_is_equal(&before, &after));
}

static void one_of_two_keys_is_enough(void **state)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	struct kt_error error = { 0 };
	char path[200];

	(void)state;
	plug("one");
	plug("two");
	snprintf(path, sizeof(path), "%s", key_path("one", NULL));
	create(path);
	snprintf(path, sizeof(path), "%s", key_path("two", NULL));
	add(&(struct kt_vault_options){ .fido2 = path, .security_keys = &asking.security_keys,
	                                .name = "spare" });
	tell_key("one", "behaviour", "away");
	assert_opens();
	tell_key("one", "behaviour", "");
	tell_key("two", "behaviour", "away");
	assert_opens();
	assert_true(kt_vault_read(&vault, &error));
	assert_int_equal(vault.count, 2);
	assert_true(kt_vault_fido2_look(&vault.slots[0], &asking.security_keys, &error));
	assert_false(kt_vault_fido2_look(&vault.slots[1], &asking.security_keys, &error));
	assert_non_null(strstr(error.message, "spare"));
	assert_true(kt_vault_remove_key(vault.slots[1].id, false, &asking, &error));
	assert_opens();
}

static void a_copy_of_the_header_opens_with_the_key_alone(void **state)
{
	const struct scratch *scratch = *state;
	struct kt_error error = { 0 };
	char file[100];

	plug("one");
	create("");
	snprintf(file, sizeof(file), "%s/backup", scratch->directory);
	assert_true(kt_vault_backup(file, &asking, &error));
	snprintf(file, sizeof(file), "%s/elsewhere", scratch->directory);
	setenv("KEYTURN_VAULT", file, 1);
	snprintf(file, sizeof(file), "%s/backup", scratch->directory);
	assert_true(kt_vault_restore(file, &error));
	assert_opens();
	tell_key("one", "behaviour", "away");
	assert_locked("no security key is plugged in");
	setenv("KEYTURN_VAULT", scratch->vault, 1);
}

/* Whoever writes the header could have the secret asked for that opens somebody's disk. */
static void another_programs_credential_is_not_asked_for(void **state)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	plug("one");
	create("");
	touches = 0;
	assert_true(kt_vault_read(&vault, &error));
	assert_true(kt_text_set(&vault.slots[0].rp, "io.systemd.cryptsetup", &error));
	assert_false(kt_vault_fido2_fetch(&vault, &vault.slots[0], NULL, &asking.security_keys,
	                                  &material, NULL, &error));
	assert_int_equal(error.code, KT_ERROR_LOCKED);
	assert_int_equal(touches, 0);
}

#define A_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(a_touch_opens_the_vault),
		A_TEST(a_key_that_was_not_touched_blinks_again_for_unlock_alone),
		A_TEST(a_program_without_a_terminal_has_nothing_touched),
		A_TEST(both_pin_protocols_give_the_secret),
		A_TEST(a_pin_is_asked_for_where_the_key_had_one_at_enrolment),
		A_TEST(a_wrong_pin_is_told_with_what_is_left),
		A_TEST(whatever_happens_to_the_key_is_told_as_what_it_was),
		A_TEST(another_key_opens_nothing_and_is_not_touched),
		A_TEST(of_several_one_is_named),
		A_TEST(a_key_that_is_unfit_is_refused),
		A_TEST(without_its_module_it_is_told_what_is_missing),
		A_TEST(rekey_takes_one_touch_and_ends_what_was_there),
		A_TEST(one_of_two_keys_is_enough),
		A_TEST(a_copy_of_the_header_opens_with_the_key_alone),
		A_TEST(another_programs_credential_is_not_asked_for),
	};

	return cmocka_run_group_tests(tests, alone, NULL);
}

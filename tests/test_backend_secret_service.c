/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * The desktop's keyring, against a real gnome-keyring. backend_secret_service.sh puts that into
 * a state (open, locked, ...) and runs the tests whose names begin so.
 */

#define SECRET_API_SUBJECT_TO_CHANGE
#include <libsecret/secret.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "keyring/clock.h"
#include "tests/lib/desktop_backend.h"

/* An account's place, by which our items and other programs' alike are found. */
#define PLACE                                                  \
	{                                                      \
		{ "protocol", SECRET_SCHEMA_ATTRIBUTE_STRING }, \
		{ "host", SECRET_SCHEMA_ATTRIBUTE_STRING },     \
		{ "path", SECRET_SCHEMA_ATTRIBUTE_STRING },     \
		{ "username", SECRET_SCHEMA_ATTRIBUTE_STRING }, \
	}

static const SecretSchema ours = { .name = "org.keyturn.Credential", .attributes = PLACE };
static const SecretSchema foreign = { .name = "org.example.Other", .attributes = PLACE };

/* So many answers are decrypted with a wrong key, to a padding that fits. */
static int spoiled;

/* Names that ld(1), --wrap, gives. */
GHashTable *__real_secret_service_get_secrets_for_dbus_paths_finish(SecretService *service,
                                                                    GAsyncResult *result,
                                                                    GError **problem);
GHashTable *__wrap_secret_service_get_secrets_for_dbus_paths_finish(SecretService *service,
                                                                    GAsyncResult *result,
                                                                    GError **problem);

GHashTable *__wrap_secret_service_get_secrets_for_dbus_paths_finish(SecretService *service,
                                                                    GAsyncResult *result,
                                                                    GError **problem)
{
	GHashTable *values = __real_secret_service_get_secrets_for_dbus_paths_finish(
		service, result, problem);
	GHashTableIter iterator;
	gpointer path;

	if (!values || spoiled == 0)
		return values;
	spoiled--;
	g_hash_table_iter_init(&iterator, values);
	while (g_hash_table_iter_next(&iterator, &path, NULL))
		g_hash_table_iter_replace(&iterator, secret_value_new("\x8f\x01", 2, "text/plain"));
	return values;
}

static void erase(void *state, struct kt_identity identity)
{
	struct kt_error error = { 0 };

	if (!on_backend_erase(backend, state, &identity, &error))
		fail_msg("%s", error.message);
}

/* libsecret keeps a connection of its own, and frees it from the main loop. */
static void let_go(void)
{
	secret_service_disconnect();
	while (g_main_context_iteration(NULL, FALSE))
		;
}

/* Puts an item with the attributes of an identity there that the backend did not make. */
static void plant(const SecretSchema *schema, struct kt_identity identity, const char *content,
                  SecretItemCreateFlags flags)
{
	GHashTable *attributes = secret_attributes_build(
		schema, "protocol", identity.protocol, "host", identity.host, "path", identity.path,
		"username", identity.username, NULL);
	SecretService *service = secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION, NULL, NULL);
	SecretCollection *collection = secret_collection_for_alias_sync(
		service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, NULL, NULL);
	SecretValue *value = secret_value_new(content, -1, "text/plain");
	SecretItem *item = secret_item_create_sync(collection, schema, attributes, "planted", value,
	                                           flags, NULL, NULL);

	assert_non_null(item);
	g_object_unref(item);
	secret_value_unref(value);
	g_object_unref(collection);
	g_object_unref(service);
	g_hash_table_unref(attributes);
	let_go();
}

static void assert_planted(const SecretSchema *schema, char *host, const char *content)
{
	GHashTable *attributes = secret_attributes_build(schema, "host", host, NULL);
	SecretService *service = secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION, NULL, NULL);
	SecretValue *value = secret_service_lookup_sync(service, schema, attributes, NULL, NULL);

	assert_non_null(value);
	assert_string_equal(secret_value_get_text(value), content);
	secret_value_unref(value);
	g_object_unref(service);
	g_hash_table_unref(attributes);
	let_go();
}

static void plant_credential(struct kt_identity place, char *host, char *username)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	struct kt_error error = { 0 };

	make(&credential, host, username, KT_KIND_PAT, "pat_planted");
	assert_true(kt_credential_write(&credential, &form, &error));
	plant(&ours, place, kt_secret_reveal(&form), SECRET_ITEM_CREATE_NONE);
}

static char other[] = "git.example.org";
static char home[] = "home";

/* Open. */

static void open_keyring_says_so(void **state)
{
	struct kt_error error = { 0 };
	bool open = false;

	assert_true(backend->is_open(*state, &open, &error));
	assert_true(open);
}

static void open_store_is_found_whole(void **state)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };

	store(*state, api, work, KT_KIND_PAT, "pat_one");
	search(*state, name(api, work), &found);

	assert_int_equal(found.count, 1);
	assert_int_equal(found.items[0].kind, KT_KIND_PAT);
	assert_string_equal(found.items[0].identity.username, "work");
	assert_string_equal(kt_secret_reveal(&found.items[0].token), "pat_one");
}

static void open_store_of_another_kind_replaces(void **state)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };

	store(*state, api, work, KT_KIND_PAT, "pat_one");
	store(*state, api, work, KT_KIND_PASSWORD, "two");
	search(*state, name(api, work), &found);

	assert_int_equal(found.count, 1);
	assert_int_equal(found.items[0].kind, KT_KIND_PASSWORD);
	assert_string_equal(kt_secret_reveal(&found.items[0].token), "two");
}

static void open_store_leaves_the_item_with_a_path_alone(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_identity with_path = name(api, work);
	struct kt_error error = { 0 };
	char path[] = "v1/chat";

	make(&credential, api, work, KT_KIND_PAT, "pat_path");
	assert_true(kt_text_set(&credential.identity.path, path, &error));
	assert_true(on_backend_store(backend, *state, &credential, &error));
	store(*state, api, work, KT_KIND_PAT, "pat_one");

	with_path.path = path;
	assert_int_equal(count(*state, with_path), 1);
	assert_int_equal(count(*state, name(api, work)), 1);
	erase(*state, with_path);
	assert_int_equal(count(*state, with_path), 0);
	assert_int_equal(count(*state, name(api, work)), 1);
}

static void open_search_by_part_finds_all_that_match(void **state)
{
	store(*state, api, work, KT_KIND_PAT, "pat_one");
	store(*state, api, home, KT_KIND_SAT, "sat_two");
	store(*state, other, work, KT_KIND_PASSWORD, "three");

	assert_int_equal(count(*state, (struct kt_identity){ 0 }), 3);
	assert_int_equal(count(*state, (struct kt_identity){ .host = api }), 2);
	assert_int_equal(count(*state, (struct kt_identity){ .username = work }), 2);
	assert_int_equal(count(*state, name(other, home)), 0);
}

static void open_erase_takes_one_alone(void **state)
{
	store(*state, api, work, KT_KIND_PAT, "pat_one");
	store(*state, api, home, KT_KIND_PAT, "pat_two");
	erase(*state, name(api, work));
	erase(*state, name(api, work));

	assert_int_equal(count(*state, name(api, work)), 0);
	assert_int_equal(count(*state, name(api, home)), 1);
}

static void open_foreign_item_is_passed_over_and_stays(void **state)
{
	char host[] = "foreign.example.org";

	plant(&foreign, name(host, work), "something else", SECRET_ITEM_CREATE_REPLACE);
	assert_int_equal(count(*state, name(host, work)), 0);
	store(*state, host, work, KT_KIND_PASSWORD, "mine");
	assert_int_equal(count(*state, name(host, work)), 1);
	erase(*state, name(host, work));

	assert_planted(&foreign, host, "something else");
}

static void open_item_that_cannot_be_read_is_counted_and_can_be_erased(void **state)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };
	char host[] = "garbage.example.org";

	plant(&ours, name(host, work), "{\"version\":", SECRET_ITEM_CREATE_REPLACE);
	search(*state, name(host, work), &found);
	assert_int_equal(found.count, 0);
	assert_int_equal(found.corrupt, 1);

	erase(*state, name(host, work));
	assert_int_equal(count(*state, name(host, work)), 0);
}

static void open_item_of_a_wrong_key_is_read_in_another_session(void **state)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };

	store(*state, api, work, KT_KIND_PAT, "pat_one");
	spoiled = 1;
	search(*state, name(api, work), &found);
	assert_int_equal(spoiled, 0);
	assert_int_equal(found.corrupt, 0);
	assert_int_equal(found.count, 1);
	assert_string_equal(kt_secret_reveal(&found.items[0].token), "pat_one");
}

static void open_foreign_secret_is_what_two_sessions_say(void **state)
{
	static const struct kt_foreign_pattern pattern = { .attribute = "host",
		                                           .value = "other.example.org" };
	char host[] = "other.example.org";

	plant(&foreign, name(host, work), "something else", SECRET_ITEM_CREATE_REPLACE);
	for (int wrong = 0; wrong < 2; wrong++) {
		KT_CLEANUP(kt_foreign_items_clear) struct kt_foreign_items found = { 0 };
		struct kt_error error = { 0 };

		spoiled = wrong;
		assert_true(backend->search_foreign(*state, &pattern, &found, &error));
		assert_int_equal(spoiled, 0);
		assert_int_equal(found.count, 1);
		assert_string_equal(kt_secret_reveal(&found.items[0].secret), "something else");
	}
}

static void open_two_equal_items_are_both_reported(void **state)
{
	char host[] = "twice.example.org";

	plant_credential(name(host, work), host, work);
	plant_credential(name(host, work), host, work);
	assert_int_equal(count(*state, name(host, work)), 2);

	erase(*state, name(host, work));
	assert_int_equal(count(*state, name(host, work)), 0);
}

static void open_item_is_what_its_content_says(void **state)
{
	char host[] = "place.example.org";
	char inside[] = "inside.example.org";

	plant_credential(name(host, work), inside, work);

	assert_int_equal(count(*state, name(host, work)), 0);
	assert_int_equal(count(*state, name(inside, work)), 0);
}

static void open_name_that_is_not_utf8_is_refused(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };
	struct kt_error stored = { 0 };
	struct kt_error searched = { 0 };
	char username[] = "\xff\xfe";

	make(&credential, api, username, KT_KIND_PAT, "pat_one");
	assert_false(on_backend_store(backend, *state, &credential, &stored));
	assert_false(on_backend_search(backend, *state, &credential.identity, &found, &searched));

	assert_int_equal(stored.code, KT_ERROR_USAGE);
	assert_int_equal(searched.code, KT_ERROR_USAGE);
}

static void open_calls_share_an_entered_turn(void **state)
{
	static const struct kt_keyring_options options = { 0 };
	void *second = reach(&options);
	struct kt_error error = { 0 };
	bool waited = true;

	assert_true(backend->enter(*state, &waited, &error));
	assert_false(waited);
	assert_int_equal(count(*state, name(api, home)), 1);
	/* The item that the tests in the other states find. */
	store(*state, api, work, KT_KIND_PAT, "pat_one");
	backend->leave(*state);

	assert_true(backend->enter(second, &waited, &error));
	assert_false(waited);
	backend->leave(second);
	backend->close(second);
}

/* Locked. */

static void assert_locked(const struct kt_error *error)
{
	if (error->code != KT_ERROR_LOCKED)
		fail_msg("%d %s", (int)error->code, error->message);
	assert_string_equal(error->remedy, "run: keyturn unlock");
}

static void locked_keyring_is_not_an_empty_one(void **state)
{
	static char nobody[] = "nobody";
	const struct kt_identity patterns[] = {
		name(api, work), name(api, nobody), { .host = api }, { 0 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
		KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };
		struct kt_error error = { 0 };

		assert_false(on_backend_search(backend, *state, &patterns[i], &found, &error));
		assert_locked(&error);
		assert_int_equal(found.count, 0);
	}
}

static void locked_keyring_says_so(void **state)
{
	struct kt_error error = { 0 };
	bool open = true;

	assert_true(backend->is_open(*state, &open, &error));
	assert_false(open);
}

static void locked_keyring_is_not_written(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_error stored = { 0 };
	struct kt_error erased = { 0 };

	make(&credential, api, work, KT_KIND_PAT, "pat_three");
	assert_false(on_backend_store(backend, *state, &credential, &stored));
	assert_false(on_backend_erase(backend, *state, &credential.identity, &erased));

	assert_locked(&stored);
	assert_locked(&erased);
}

static void locked_unlock_without_a_display_says_where(void **state)
{
	static const struct kt_keyring_options options = {
		.may_prompt = true, .ignore_dismissed = true,
	};
	void *unlocking = reach(&options);
	struct kt_error error = { 0 };

	(void)state;
	assert_false(backend->unlock(unlocking, &error));
	assert_int_equal(error.code, KT_ERROR_LOCKED);
	assert_string_not_equal(error.remedy, "");
	backend->close(unlocking);
}

/* DISPLAY is set, and no prompter can be started there. */
static void prompt_that_cannot_be_seen_is_not_raised_again(void **state)
{
	static const struct kt_keyring_options options = { .may_prompt = true };
	void *asking = reach(&options);
	struct kt_identity pattern = name(api, work);
	struct kt_credentials found = { 0 };
	struct kt_error first = { 0 };
	struct kt_error second = { 0 };
	int64_t start = kt_clock_monotonic();

	(void)state;
	assert_false(on_backend_search(backend, asking, &pattern, &found, &first));
	assert_int_equal(first.code, KT_ERROR_DISMISSED);
	assert_false(on_backend_search(backend, asking, &pattern, &found, &second));
	assert_int_equal(second.code, KT_ERROR_DISMISSED);

	assert_true(is_in_time(kt_clock_monotonic() - start, 0, 6000));
	backend->close(asking);
}

/* One dismissal is there: were it asked for again, nobody would be. */
static void dismissed_request_is_not_raised_again(void **state)
{
	static const struct kt_keyring_options options = { .may_prompt = true };
	void *asking = reach(&options);
	struct kt_identity pattern = name(api, work);

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct kt_credentials found = { 0 };
		struct kt_error error = { 0 };
		int64_t start = kt_clock_monotonic();

		assert_false(on_backend_search(backend, asking, &pattern, &found, &error));
		assert_int_equal(error.code, KT_ERROR_DISMISSED);
		assert_string_equal(error.remedy, "run: keyturn unlock");
		assert_true(is_in_time(kt_clock_monotonic() - start, i == 0 ? 250 : 0, 2000));
	}
	backend->close(asking);
}

static void unlock_asks_in_spite_of_a_dismissal(void **state)
{
	static const struct kt_keyring_options options = {
		.may_prompt = true, .ignore_dismissed = true,
	};
	void *unlocking = reach(&options);
	struct kt_error error = { 0 };

	(void)state;
	if (!backend->unlock(unlocking, &error))
		fail_msg("%s", error.message);
	assert_int_equal(count(unlocking, name(api, work)), 1);
	backend->close(unlocking);
}

/* Lock, then whatever else. */

static void lock_closes_the_keyring(void **state)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };
	struct kt_identity pattern = name(api, work);
	struct kt_error error = { 0 };

	assert_int_equal(count(*state, pattern), 1);
	assert_true(backend->lock(*state, &error));
	assert_false(on_backend_search(backend, *state, &pattern, &found, &error));
	assert_locked(&error);
}

/* New. */

static void fresh_service_without_collection_is_told(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_error error = { 0 };

	assert_int_equal(count(*state, name(api, work)), 0);
	make(&credential, api, work, KT_KIND_PAT, "pat_one");
	assert_false(on_backend_store(backend, *state, &credential, &error));
	assert_int_equal(error.code, KT_ERROR_UNAVAILABLE);
	assert_string_not_equal(error.remedy, "");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		OPENED(open_keyring_says_so),
		OPENED(open_store_is_found_whole),
		OPENED(open_store_of_another_kind_replaces),
		OPENED(open_store_leaves_the_item_with_a_path_alone),
		OPENED(open_search_by_part_finds_all_that_match),
		OPENED(open_erase_takes_one_alone),
		OPENED(open_foreign_item_is_passed_over_and_stays),
		OPENED(open_item_that_cannot_be_read_is_counted_and_can_be_erased),
		OPENED(open_item_of_a_wrong_key_is_read_in_another_session),
		OPENED(open_foreign_secret_is_what_two_sessions_say),
		OPENED(open_two_equal_items_are_both_reported),
		OPENED(open_item_is_what_its_content_says),
		OPENED(open_name_that_is_not_utf8_is_refused),
		OPENED(open_calls_share_an_entered_turn),
		OPENED(locked_keyring_is_not_an_empty_one),
		OPENED(locked_keyring_says_so),
		OPENED(locked_keyring_is_not_written),
		cmocka_unit_test(locked_unlock_without_a_display_says_where),
		cmocka_unit_test(prompt_that_cannot_be_seen_is_not_raised_again),
		cmocka_unit_test(dismissed_request_is_not_raised_again),
		cmocka_unit_test(unlock_asks_in_spite_of_a_dismissal),
		OPENED(lock_closes_the_keyring),
		OPENED(fresh_service_without_collection_is_told),
	};

	if (argc == 2)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("secret service", tests, NULL, NULL);
}

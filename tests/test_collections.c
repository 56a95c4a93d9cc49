/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Several collections of a real gnome-keyring, in every combination of open and locked, with the
 * default alias at each of them or nowhere: nothing is absent that a locked one holds, nothing is
 * stored a second time, and two items that are there can be got rid of. Run by
 * backend_secret_service.sh.
 */

#include <gio/gio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/secret_service.h"
#include "keyring/text.h"
#include "tests/lib/on_backend.h"

#define SERVICE "org.freedesktop.secrets"
#define ROOT "/org/freedesktop/secrets"
#define INTERNAL "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
#define MOST 5

static const struct kt_backend *const backend = &kt_secret_service_module.backend;

/* The test's own way to the service, beside the one that is tested. */
struct service {
	GDBusConnection *bus;
	char *session;
	char *collections[MOST];
};

static GVariant *call(const struct service *service, const char *path, const char *interface,
                      const char *method, GVariant *parameters)
{
	GError *problem = NULL;
	GVariant *reply = g_dbus_connection_call_sync(service->bus, SERVICE, path, interface, method,
	                                              parameters, NULL, G_DBUS_CALL_FLAGS_NONE, 5000,
	                                              NULL, &problem);

	if (!reply)
		fail_msg("%s: %s", method, problem->message);
	return reply;
}

static void tell(const struct service *service, const char *path, const char *interface,
                 const char *method, GVariant *parameters)
{
	g_variant_unref(call(service, path, interface, method, parameters));
}

static GVariant *master(const struct service *service)
{
	return g_variant_new("(o@ay@ays)", service->session,
	                     g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, "", 0, 1),
	                     g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, "master", 6, 1),
	                     "text/plain");
}

static int set_up(void **state)
{
	struct service *service = g_new0(struct service, 1);
	GVariant *reply;
	GVariant *output;

	service->bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
	assert_non_null(service->bus);
	reply = call(service, ROOT, "org.freedesktop.Secret.Service", "OpenSession",
	             g_variant_new("(sv)", "plain", g_variant_new_string("")));
	g_variant_get(reply, "(vo)", &output, &service->session);
	g_variant_unref(output);
	g_variant_unref(reply);
	for (size_t i = 0; i < MOST; i++) {
		GVariantBuilder properties;
		char label[16];

		snprintf(label, sizeof(label), "ring%zu", i);
		g_variant_builder_init(&properties, G_VARIANT_TYPE("a{sv}"));
		g_variant_builder_add(&properties, "{sv}", "org.freedesktop.Secret.Collection.Label",
		                      g_variant_new_string(label));
		reply = call(service, ROOT, INTERNAL, "CreateWithMasterPassword",
		             g_variant_new("(a{sv}@(oayays))", &properties, master(service)));
		g_variant_get(reply, "(o)", &service->collections[i]);
		g_variant_unref(reply);
	}
	*state = service;
	return 0;
}

static void set_alias(const struct service *service, const char *collection)
{
	tell(service, ROOT, "org.freedesktop.Secret.Service", "SetAlias",
	     g_variant_new("(so)", "default", collection ? collection : "/"));
}

static void open_one(const struct service *service, const char *collection)
{
	tell(service, ROOT, INTERNAL, "UnlockWithMasterPassword",
	     g_variant_new("(o@(oayays))", collection, master(service)));
}

static void lock_one(const struct service *service, const char *collection)
{
	const char *const paths[] = { collection, NULL };

	tell(service, ROOT, "org.freedesktop.Secret.Service", "Lock", g_variant_new("(^ao)", paths));
}

static void open_all(const struct service *service)
{
	for (size_t i = 0; i < MOST; i++)
		open_one(service, service->collections[i]);
}

static int tear_down(void **state)
{
	struct service *service = *state;

	set_alias(service, ROOT "/collection/login");
	for (size_t i = 0; i < MOST; i++) {
		tell(service, service->collections[i], "org.freedesktop.Secret.Collection", "Delete",
		     NULL);
		g_free(service->collections[i]);
	}
	g_free(service->session);
	g_object_unref(service->bus);
	g_free(service);
	return 0;
}

static void make(struct kt_credential *credential, const char *username, const char *token)
{
	struct kt_error error = { 0 };

	kt_credential_clear(credential);
	credential->kind = KT_KIND_PAT;
	assert_true(kt_text_set(&credential->identity.protocol, "https", &error));
	assert_true(kt_text_set(&credential->identity.host, "rings.example.org", &error));
	assert_true(kt_text_set(&credential->identity.path, "", &error));
	assert_true(kt_text_set(&credential->identity.username, username, &error));
	assert_true(kt_secret_append_text(&credential->token, token, &error));
}

static void *reach(void)
{
	static const struct kt_keyring_options options = { 0 };
	struct kt_error error = { 0 };
	void *state = NULL;

	assert_true(backend->open(&state, &options, &error));
	return state;
}

/* The outcome for an account: NONE and whether it is there, or the error. */
static enum kt_error_code say(const char *username, bool *found, char *token, size_t size)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential wanted = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_keyring keyring = on_backend(backend, reach());
	struct kt_error error = { 0 };

	make(&wanted, username, "");
	kt_keyring_load(&keyring, &wanted.identity, &credential, found, &error);
	snprintf(token, size, "%s", kt_secret_reveal(&credential.token));
	kt_keyring_close(&keyring);
	return error.code;
}

static enum kt_error_code store(const char *username, const char *token)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_keyring keyring = on_backend(backend, reach());
	struct kt_error error = { 0 };

	make(&credential, username, token);
	kt_keyring_store(&keyring, &credential, &error);
	kt_keyring_close(&keyring);
	return error.code;
}

/* The items of an account, wherever they lie, and the path of the last one. */
static size_t count_items(const struct service *service, const char *username, char *place,
                          size_t size)
{
	GVariantBuilder attributes;
	GVariant *reply;
	GVariantIter *lists[2];
	const char *path;
	size_t count = 0;

	g_variant_builder_init(&attributes, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&attributes, "{ss}", "host", "rings.example.org");
	g_variant_builder_add(&attributes, "{ss}", "username", username);
	reply = call(service, ROOT, "org.freedesktop.Secret.Service", "SearchItems",
	             g_variant_new("(a{ss})", &attributes));
	g_variant_get(reply, "(aoao)", &lists[0], &lists[1]);
	for (int i = 0; i < 2; i++) {
		while (g_variant_iter_next(lists[i], "&o", &path)) {
			snprintf(place, size, "%s", path);
			count++;
		}
		g_variant_iter_free(lists[i]);
	}
	g_variant_unref(reply);
	return count;
}

static void forget_record(void)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *path = NULL;
	struct kt_error error = { 0 };

	assert_true(kt_environment_config_directory(&directory, &error));
	assert_true(kt_text_format(&path, &error, "%s/collections", directory));
	unlink(path);
}

static void combine(const struct service *service, size_t rings, unsigned int locked, size_t alias)
{
	set_alias(service, alias < rings ? service->collections[alias] : NULL);
	for (size_t i = 0; i < MOST; i++) {
		if (i >= rings || (locked >> i & 1))
			lock_one(service, service->collections[i]);
		else
			open_one(service, service->collections[i]);
	}
}

static void expect_combination(const struct service *service, size_t rings, unsigned int locked,
                               size_t alias, int *round)
{
	bool is_open = !(locked & 1);
	char old[32];
	char fresh[32];
	char said[64] = "";
	char place[128] = "";
	bool found = false;
	enum kt_error_code code;

	snprintf(old, sizeof(old), "pat_%d", *round);
	snprintf(fresh, sizeof(fresh), "pat_%d", *round + 1);
	combine(service, rings, locked, alias);

	code = say("main", &found, said, sizeof(said));
	if (is_open && (code != KT_ERROR_NONE || !found || strcmp(said, old) != 0))
		fail_msg("rings %zu locked %x alias %zu: code %d, found %d, %s", rings, locked, alias,
		         (int)code, found, said);
	if (!is_open && code != KT_ERROR_LOCKED)
		fail_msg("rings %zu locked %x alias %zu: code %d, found %d", rings, locked, alias,
		         (int)code, found);

	code = say("nobody", &found, said, sizeof(said));
	assert_false(found);
	if (!is_open)
		assert_int_equal(code, KT_ERROR_LOCKED);

	code = store("main", fresh);
	assert_int_equal(code, is_open ? KT_ERROR_NONE : KT_ERROR_LOCKED);
	*round += is_open;
	assert_int_equal(count_items(service, "main", place, sizeof(place)), 1);
	assert_true(g_str_has_prefix(place, service->collections[0]));
}

static void sweep(const struct service *service, size_t most, bool is_recorded)
{
	int round = 0;

	open_all(service);
	set_alias(service, service->collections[0]);
	assert_int_equal(store("main", "pat_0"), KT_ERROR_NONE);
	for (size_t rings = 1; rings <= most; rings++)
		for (unsigned int locked = 0; locked < 1u << rings; locked++)
			for (size_t alias = 0; alias <= rings; alias++) {
				if (!is_recorded)
					forget_record();
				expect_combination(service, rings, locked, alias, &round);
			}
	open_all(service);
}

static void no_combination_hides_an_account_or_makes_a_second_one(void **state)
{
	sweep(*state, MOST, true);
}

static void nor_does_one_of_which_nothing_is_recorded(void **state)
{
	sweep(*state, 3, false);
}

/* As an earlier keyturn left it: the default keyring was switched between two logins. */
static void plant_second(const struct service *service, const char *username)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_keyring keyring = on_backend(backend, reach());
	struct kt_error error = { 0 };

	make(&credential, username, "pat_second");
	set_alias(service, service->collections[1]);
	assert_true(backend->store(keyring.state, &credential, NULL, &error));
	kt_keyring_close(&keyring);
}

static void two_items_are_told_and_a_login_leaves_one(void **state)
{
	const struct service *service = *state;
	char said[64];
	char place[128];
	bool found;

	open_all(service);
	set_alias(service, service->collections[0]);
	assert_int_equal(store("twice", "pat_first"), KT_ERROR_NONE);
	plant_second(service, "twice");
	assert_int_equal(count_items(service, "twice", place, sizeof(place)), 2);

	assert_int_equal(say("twice", &found, said, sizeof(said)), KT_ERROR_CORRUPT);
	assert_int_equal(store("twice", "pat_third"), KT_ERROR_NONE);

	assert_int_equal(count_items(service, "twice", place, sizeof(place)), 1);
	assert_int_equal(say("twice", &found, said, sizeof(said)), KT_ERROR_NONE);
	assert_string_equal(said, "pat_third");
}

static void two_items_are_both_forgotten(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	const struct service *service = *state;
	struct kt_error error = { 0 };
	void *opened = reach();
	char place[128];

	open_all(service);
	set_alias(service, service->collections[0]);
	assert_int_equal(store("gone", "pat_first"), KT_ERROR_NONE);
	plant_second(service, "gone");

	make(&credential, "gone", "");
	assert_true(on_backend_erase(backend, opened, &credential.identity, &error));
	backend->close(opened);
	assert_int_equal(count_items(service, "gone", place, sizeof(place)), 0);
}

/* Another program, or a person in the keyring's window, changed an attribute. */
static void an_item_that_lost_an_attribute_is_forgotten_all_the_same(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	const struct service *service = *state;
	struct kt_error error = { 0 };
	void *opened = reach();
	GVariantBuilder attributes;
	char place[128];

	open_all(service);
	set_alias(service, service->collections[0]);
	assert_int_equal(store("lost", "pat_lost"), KT_ERROR_NONE);
	assert_int_equal(count_items(service, "lost", place, sizeof(place)), 1);
	g_variant_builder_init(&attributes, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&attributes, "{ss}", "xdg:schema", "org.keyturn.Credential");
	g_variant_builder_add(&attributes, "{ss}", "host", "rings.example.org");
	g_variant_builder_add(&attributes, "{ss}", "username", "lost");
	tell(service, place, "org.freedesktop.DBus.Properties", "Set",
	     g_variant_new("(ssv)", "org.freedesktop.Secret.Item", "Attributes",
	                   g_variant_builder_end(&attributes)));

	make(&credential, "lost", "");
	assert_true(on_backend_erase(backend, opened, &credential.identity, &error));
	backend->close(opened);
	assert_int_equal(count_items(service, "lost", place, sizeof(place)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_combination_hides_an_account_or_makes_a_second_one),
		cmocka_unit_test(nor_does_one_of_which_nothing_is_recorded),
		cmocka_unit_test(two_items_are_told_and_a_login_leaves_one),
		cmocka_unit_test(two_items_are_both_forgotten),
		cmocka_unit_test(an_item_that_lost_an_attribute_is_forgotten_all_the_same),
	};

	return cmocka_run_group_tests_name("collections", tests, set_up, tear_down);
}

/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Makes and opens a collection without a prompt, at a provider that has gnome-keyring's internal
 * interface:
 *
 *	collection create LABEL PASSWORD	prints its path
 *	collection unlock PATH PASSWORD
 */

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#define SERVICE "org.freedesktop.secrets"
#define ROOT "/org/freedesktop/secrets"
#define INTERNAL "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"

static GVariant *call(GDBusConnection *bus, const char *interface, const char *method,
                      GVariant *parameters)
{
	GError *problem = NULL;
	GVariant *reply = g_dbus_connection_call_sync(bus, SERVICE, ROOT, interface, method,
	                                              parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1,
	                                              NULL, &problem);

	if (!reply)
		fprintf(stderr, "%s: %s\n", method, problem->message);
	return reply;
}

/* The password, in a session that encrypts nothing. */
static GVariant *make_secret(GDBusConnection *bus, const char *password)
{
	GVariant *reply = call(bus, "org.freedesktop.Secret.Service", "OpenSession",
	                       g_variant_new("(sv)", "plain", g_variant_new_string("")));
	GVariant *output;
	const char *session;

	if (!reply)
		return NULL;
	g_variant_get(reply, "(v&o)", &output, &session);
	return g_variant_new("(o@ay@ays)", session,
	                     g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, "", 0, 1),
	                     g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, password,
	                                               strlen(password), 1), "text/plain");
}

static int create(GDBusConnection *bus, const char *label, GVariant *secret)
{
	GVariantBuilder properties;
	const char *path;
	GVariant *reply;

	g_variant_builder_init(&properties, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&properties, "{sv}", "org.freedesktop.Secret.Collection.Label",
	                      g_variant_new_string(label));
	reply = call(bus, INTERNAL, "CreateWithMasterPassword",
	             g_variant_new("(a{sv}@(oayays))", &properties, secret));
	if (!reply)
		return 1;
	g_variant_get(reply, "(&o)", &path);
	return printf("%s\n", path) < 0;
}

int main(int argc, char **argv)
{
	GDBusConnection *bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
	GVariant *secret = bus && argc == 4 ? make_secret(bus, argv[3]) : NULL;

	if (!secret)
		return 2;
	if (strcmp(argv[1], "create") == 0)
		return create(bus, argv[2], secret);
	return call(bus, INTERNAL, "UnlockWithMasterPassword",
	            g_variant_new("(o@(oayays))", argv[2], secret)) == NULL;
}

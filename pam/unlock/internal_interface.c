/* SPDX-License-Identifier: MIT */

/*
 * gnome-keyring's InternalUnsupportedGuiltRiddenInterface: opens its login collection with a
 * password over the bus, where there is no control socket. Only after checks that the owner of the
 * name runs as this user and has that interface; never with a prompt.
 */

#include "config.h"

#include <string.h>
#include <unistd.h>

#include <gio/gio.h>

#include "keyring/cleanup.h"
#include "pam/unlock/bus.h"
#include "pam/unlock/bus_module.h"
#include "pam/unlock/transfer.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

#define SECRETS_NAME "org.freedesktop.secrets"
#define SECRETS_PATH "/org/freedesktop/secrets"
#define SERVICE_INTERFACE "org.freedesktop.Secret.Service"
#define COLLECTION_INTERFACE "org.freedesktop.Secret.Collection"
#define LOGIN_COLLECTION SECRETS_PATH "/collection/login"
#define INTERNAL_INTERFACE "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"

#define ERROR_DENIED "org.gnome.keyring.Error.Denied"
#define ERROR_NO_OBJECT "org.freedesktop.Secret.Error.NoSuchObject"

/* A conversation with one daemon, by its unique name, so that no other can step in. */
struct talk {
	const struct kt_login_session *session;
	struct kt_bus bus;
	struct kt_transfer transfer;
	char *owner;
	char *path; /* of the session that secrets are encrypted for */
};

static void talk_clear(struct talk *talk)
{
	kt_transfer_clear(&talk->transfer);
	g_free(talk->owner);
	g_free(talk->path);
	kt_bus_clear(&talk->bus);
}

static void variant_clear(GVariant **variant)
{
	if (*variant)
		g_variant_unref(*variant);
}

/* Consumes the error. */
static enum kt_unlock_status status_of(GError *error)
{
	enum kt_unlock_status status = KT_UNLOCK_FAILED;
	char *name = g_dbus_error_get_remote_error(error);

	if (g_strcmp0(name, ERROR_DENIED) == 0)
		status = KT_UNLOCK_DENIED;
	else if (g_strcmp0(name, ERROR_NO_OBJECT) == 0)
		status = KT_UNLOCK_NO_COLLECTION;
	else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
	         g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY))
		status = KT_UNLOCK_SILENT;
	else if (g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
	         g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
		status = KT_UNLOCK_ABSENT;
	g_free(name);
	g_error_free(error);
	return status;
}

/* Takes the arguments over. *answer may be NULL for an answer that says nothing. */
static enum kt_unlock_status call(const struct talk *talk, const char *name, const char *path,
                                  const char *interface, const char *method, GVariant *arguments,
                                  const char *answer_type, GVariant **answer)
{
	KT_CLEANUP(variant_clear) GVariant *owned = g_variant_ref_sink(arguments);
	int left = kt_login_session_time_left(talk->session);
	GError *error = NULL;
	GVariant *result;

	if (left == 0)
		return KT_UNLOCK_SILENT;
	result = g_dbus_connection_call_sync(talk->bus.connection, name, path, interface, method,
	                                     owned, G_VARIANT_TYPE(answer_type),
	                                     G_DBUS_CALL_FLAGS_NO_AUTO_START, left, NULL, &error);
	if (!result)
		return status_of(error);
	if (answer)
		*answer = result;
	else
		g_variant_unref(result);
	return KT_UNLOCK_OPENED;
}

static enum kt_unlock_status call_bus(const struct talk *talk, const char *method,
                                      GVariant *arguments,
                                      const char *answer_type, GVariant **answer)
{
	return call(talk, BUS_NAME, BUS_PATH, BUS_NAME, method, arguments, answer_type, answer);
}

static enum kt_unlock_status call_owner(const struct talk *talk, const char *path,
                                        const char *interface, const char *method,
                                        GVariant *arguments, const char *answer_type,
                                        GVariant **answer)
{
	return call(talk, talk->owner, path, interface, method, arguments, answer_type, answer);
}

static enum kt_unlock_status check_owner_is_user(const struct talk *talk)
{
	KT_CLEANUP(variant_clear) GVariant *answer = NULL;
	enum kt_unlock_status status;
	guint32 uid;

	status = call_bus(talk, "GetConnectionUnixUser", g_variant_new("(s)", talk->owner), "(u)",
	                  &answer);
	if (status != KT_UNLOCK_OPENED)
		return status;
	g_variant_get(answer, "(u)", &uid);
	return uid == getuid() ? KT_UNLOCK_OPENED : KT_UNLOCK_UNSAFE;
}

/* Other owners of the name (KWallet, KeePassXC) have not, and get no password. */
static enum kt_unlock_status check_owner_has_interface(const struct talk *talk)
{
	KT_CLEANUP(variant_clear) GVariant *answer = NULL;
	enum kt_unlock_status status;
	GDBusNodeInfo *node;
	const char *description;
	bool has_interface;

	status = call_owner(talk, SECRETS_PATH, "org.freedesktop.DBus.Introspectable",
	                    "Introspect", g_variant_new("()"), "(s)", &answer);
	if (status != KT_UNLOCK_OPENED)
		return status;
	g_variant_get(answer, "(&s)", &description);
	node = g_dbus_node_info_new_for_xml(description, NULL);
	if (!node)
		return KT_UNLOCK_FAILED;
	has_interface = g_dbus_node_info_lookup_interface(node, INTERNAL_INTERFACE);
	g_dbus_node_info_unref(node);
	return has_interface ? KT_UNLOCK_OPENED : KT_UNLOCK_ABSENT;
}

/* A daemon that runs: none is started during a login. */
static enum kt_unlock_status find_owner(struct talk *talk)
{
	KT_CLEANUP(variant_clear) GVariant *answer = NULL;
	enum kt_unlock_status status;

	status = call_bus(talk, "GetNameOwner", g_variant_new("(s)", SECRETS_NAME), "(s)",
	                  &answer);
	if (status != KT_UNLOCK_OPENED)
		return status;
	g_variant_get(answer, "(s)", &talk->owner);
	return check_owner_is_user(talk);
}

static enum kt_unlock_status start_talk(struct talk *talk, const struct kt_login_session *session)
{
	enum kt_unlock_status status;

	talk->session = session;
	status = kt_bus_connect(&talk->bus, session);
	return status == KT_UNLOCK_OPENED ? find_owner(talk) : status;
}

static GVariant *bytes_variant(const void *bytes, size_t length)
{
	return g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, length, 1);
}

/* Takes input over. */
static enum kt_unlock_status open_session(struct talk *talk, const char *algorithm, GVariant *input,
                                          GVariant **output)
{
	KT_CLEANUP(variant_clear) GVariant *answer = NULL;
	enum kt_unlock_status status;

	status = call_owner(talk, SECRETS_PATH, SERVICE_INTERFACE, "OpenSession",
	                    g_variant_new("(sv)", algorithm, input), "(vo)", &answer);
	if (status == KT_UNLOCK_OPENED)
		g_variant_get(answer, "(vo)", output, &talk->path);
	return status;
}

/*
 * Where policy forbids the old group there is no way: a password does not cross the bus as it
 * is.
 */
static enum kt_unlock_status agree_on_transfer(struct talk *talk)
{
	KT_CLEANUP(variant_clear) GVariant *output = NULL;
	unsigned char own[KT_TRANSFER_PUBLIC_SIZE];
	enum kt_unlock_status status;
	const void *other;
	gsize length;

	if (!kt_transfer_offer(&talk->transfer, own))
		return KT_UNLOCK_FAILED;
	status = open_session(talk, KT_TRANSFER_ALGORITHM, bytes_variant(own, sizeof(own)),
	                      &output);
	if (status != KT_UNLOCK_OPENED)
		return status;
	if (!g_variant_is_of_type(output, G_VARIANT_TYPE_BYTESTRING))
		return KT_UNLOCK_FAILED;
	other = g_variant_get_fixed_array(output, &length, 1);
	return kt_transfer_agree(&talk->transfer, other, length) ? KT_UNLOCK_OPENED :
	                                                           KT_UNLOCK_FAILED;
}

/* The password as (oayays); NULL if it cannot be encrypted. */
static GVariant *wrap(const struct talk *talk, const struct kt_secret *password)
{
	unsigned char vector[KT_TRANSFER_BLOCK_SIZE];
	unsigned char sealed[KT_UNLOCK_PASSWORD_MAX + KT_TRANSFER_BLOCK_SIZE];
	size_t length;

	if (kt_secret_length(password) > KT_UNLOCK_PASSWORD_MAX)
		return NULL;
	if (!kt_transfer_seal(&talk->transfer, password, vector, sealed, &length))
		return NULL;
	return g_variant_new("(o@ay@ays)", talk->path, bytes_variant(vector, sizeof(vector)),
	                     bytes_variant(sealed, length), "text/plain");
}

/* second is NULL for a method with one password. */
static enum kt_unlock_status ask(const struct kt_login_session *session, const char *method,
                                 const struct kt_secret *first, const struct kt_secret *second)
{
	KT_CLEANUP(talk_clear) struct talk talk = { 0 };
	GVariant *first_wrapped, *second_wrapped = NULL;
	enum kt_unlock_status status = start_talk(&talk, session);

	if (status == KT_UNLOCK_OPENED)
		status = check_owner_has_interface(&talk);
	if (status == KT_UNLOCK_OPENED)
		status = agree_on_transfer(&talk);
	if (status != KT_UNLOCK_OPENED)
		return status;
	first_wrapped = wrap(&talk, first);
	if (second)
		second_wrapped = wrap(&talk, second);
	/* Only randomness running dry leaves one of them NULL; the program ends soon after. */
	if (!first_wrapped || (second && !second_wrapped))
		return KT_UNLOCK_FAILED;
	return call_owner(&talk, SECRETS_PATH, INTERNAL_INTERFACE, method,
	                  second ? g_variant_new("(o@(oayays)@(oayays))", LOGIN_COLLECTION,
	                                         first_wrapped, second_wrapped) :
	                           g_variant_new("(o@(oayays))", LOGIN_COLLECTION,
	                                         first_wrapped),
	                  "()", NULL);
}

static enum kt_unlock_status unlock(const struct kt_login_session *session,
                                    const struct kt_secret *password)
{
	return ask(session, "UnlockWithMasterPassword", password, NULL);
}

static enum kt_unlock_status change(const struct kt_login_session *session,
                                    const struct kt_secret *old_password,
                                    const struct kt_secret *new_password)
{
	return ask(session, "ChangeWithMasterPassword", old_password, new_password);
}

static bool is_open(const struct kt_login_session *session)
{
	KT_CLEANUP(talk_clear) struct talk talk = { 0 };
	KT_CLEANUP(variant_clear) GVariant *answer = NULL;
	KT_CLEANUP(variant_clear) GVariant *locked = NULL;

	if (start_talk(&talk, session) != KT_UNLOCK_OPENED ||
	    call_owner(&talk, LOGIN_COLLECTION, "org.freedesktop.DBus.Properties", "Get",
	               g_variant_new("(ss)", COLLECTION_INTERFACE, "Locked"), "(v)",
	               &answer) != KT_UNLOCK_OPENED)
		return false;
	g_variant_get(answer, "(v)", &locked);
	return g_variant_is_of_type(locked, G_VARIANT_TYPE_BOOLEAN) &&
	       !g_variant_get_boolean(locked);
}

const struct kt_unlock_bus_module kt_unlock_bus_module = {
	.version = PACKAGE_VERSION,
	.backend = { unlock, change },
	.is_open = is_open,
	.start_unit = kt_bus_start_unit,
};
